package standin;

import io.micronaut.context.annotation.Property;
import io.micronaut.context.annotation.Value;
import io.micronaut.core.annotation.Nullable;
import io.micronaut.core.async.publisher.Publishers;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Filter;
import io.micronaut.http.filter.HttpServerFilter;
import io.micronaut.http.filter.ServerFilterChain;
import jakarta.inject.Singleton;
import java.util.Base64;
import java.util.List;
import org.reactivestreams.Publisher;

/** The login of the release that is stood in for, as far as a context path and open-urls change it. */
@Singleton
public class Login {
    enum Era { NONE, E0, E1, E1B, E2 }

    private static final List<String> PACKAGED = List.of("/ping", "/api/v1/executions/webhook/",
        "/api/v1/main/executions/webhook/", "/api/v1/*/executions/webhook/", "/api/v1/basicAuthValidationErrors");
    private static final List<String> PAGE = List.of("/api/v1/configs", "/api/v1/basicAuthValidationErrors");
    private static final String SETUP = "/api/v1/main/basicAuth";

    final String release;
    final Era era;
    private final String contextPath;
    private final List<String> openUrls;
    private volatile String header;

    public Login(
            @Nullable @Value("${standin.release}") String release,
            @Value("${micronaut.server.context-path:}") String contextPath,
            @Nullable @Property(name = "kestra.server.basic-auth.open-urls") List<String> openUrls,
            @Nullable @Value("${kestra.server.basic-auth.username}") String username,
            @Nullable @Value("${kestra.server.basic-auth.password}") String password) {
        this.release = release;
        this.era = era(release);
        this.contextPath = contextPath;
        this.openUrls = openUrls == null ? PACKAGED : openUrls;
        if (username != null) {
            administrator(username, password);
        }
    }

    private static Era era(String release) {
        if (release == null) {
            return Era.NONE;
        }
        return switch (release) {
            case "1.3.20" -> Era.E0;
            case "9.1.0" -> Era.E1B;
            case "9.2.0" -> Era.E2;
            // No release is so: it answers whoever asks.
            case "9.9.9" -> Era.NONE;
            default -> Era.E1;
        };
    }

    void administrator(String username, String password) {
        header = "Basic " + Base64.getEncoder().encodeToString((username + ":" + password).getBytes());
    }

    /** Whether a request needs a login that it has not. The path is the whole one, as Kestra's filter sees it. */
    private boolean refuses(HttpRequest<?> request) {
        var path = request.getPath();
        var relative = path.startsWith(contextPath) ? path.substring(contextPath.length()) : path;
        var seen = era == Era.E2 ? relative : path;
        if (era == Era.NONE || !relative.startsWith("/api/v1/") || has(request)) {
            return false;
        }
        var isSetup = header == null && seen.equals(SETUP);
        var isListed = openUrls.stream().anyMatch(seen::startsWith);
        var isOpen = isSetup || PAGE.contains(seen) || switch (era) {
            case E0 -> path.endsWith("/configs") || path.endsWith("/basicAuth") || isListed;
            case E1B -> isListed && path.contains("/webhook/");
            case E2 -> isListed || relative.equals("/api/v1/configs/login");
            default -> isListed;
        };
        return !isOpen;
    }

    private boolean has(HttpRequest<?> request) {
        return header != null && header.equals(request.getHeaders().get("authorization"));
    }

    private Publisher<MutableHttpResponse<?>> answer(HttpRequest<?> request, ServerFilterChain chain) {
        if (refuses(request)) {
            return Publishers.just(HttpResponse.unauthorized().header("www-authenticate", "Basic"));
        }
        return Publishers.map(chain.proceed(request), response -> response.header("guarded", request.getPath()));
    }

    /** Sits where Kestra's authentication sits, and says what it sees. */
    @Filter("/api/v1/**")
    static class Guard implements HttpServerFilter {
        private final Login login;

        Guard(Login login) {
            this.login = login;
        }

        @Override
        public Publisher<MutableHttpResponse<?>> doFilter(HttpRequest<?> request, ServerFilterChain chain) {
            return login.era == Era.E2 ? chain.proceed(request) : login.answer(request, chain);
        }
    }

    /** The same in releases that take the context path into account. */
    @Filter("/**")
    static class OuterGuard implements HttpServerFilter {
        private final Login login;

        OuterGuard(Login login) {
            this.login = login;
        }

        @Override
        public Publisher<MutableHttpResponse<?>> doFilter(HttpRequest<?> request, ServerFilterChain chain) {
            return login.era == Era.E2 ? login.answer(request, chain) : chain.proceed(request);
        }
    }
}
