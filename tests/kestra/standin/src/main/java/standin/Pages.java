package standin;

import io.micronaut.context.annotation.Value;
import io.micronaut.core.async.publisher.Publishers;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Filter;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.filter.HttpServerFilter;
import io.micronaut.http.filter.ServerFilterChain;
import io.micronaut.http.sse.Event;
import java.net.URI;
import java.time.Duration;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** The shape of Kestra's pages: the redirect to the UI, an API behind a filter, a live execution. */
@Controller
public class Pages {
    @Value("${micronaut.server.context-path:}")
    String contextPath;

    @Get
    HttpResponse<?> root() {
        return HttpResponse.temporaryRedirect(URI.create(contextPath + "/ui/"));
    }

    @Get(value = "/ui/", produces = MediaType.TEXT_HTML)
    String ui() {
        return "<title>Kestra</title>";
    }

    @Get("/api/v1/configs")
    String configs() {
        return "{}";
    }

    /** Events of a size, and a silence after them, both in the query. */
    @Get(value = "/api/v1/main/executions/{id}/follow", produces = MediaType.TEXT_EVENT_STREAM)
    Flux<Event<String>> follow(String id, @QueryValue int events, @QueryValue int bytes, @QueryValue int silence) {
        var executions = Flux.interval(Duration.ZERO, Duration.ofMillis(200)).onBackpressureBuffer().take(events)
            .map(number -> Event.of(number + " " + "x".repeat(bytes)).id("progress"));
        var end = Flux.just(Event.of("end").id("end")).delaySubscription(Duration.ofMillis(silence));
        return executions.concatWith(end);
    }

    /** Sits where Kestra's authentication sits, and says what it sees. */
    @Filter("/api/v1/**")
    static class Guard implements HttpServerFilter {
        @Override
        public Publisher<MutableHttpResponse<?>> doFilter(HttpRequest<?> request, ServerFilterChain chain) {
            return Publishers.map(chain.proceed(request), response -> response.header("guarded", request.getPath()));
        }
    }
}
