package standin;

import io.micronaut.context.annotation.Value;
import io.micronaut.core.annotation.Nullable;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.sse.Event;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;

/** The shape of Kestra's pages: the redirect to the UI, an API behind a login, a live execution. */
@Controller
public class Pages {
    private static final String API = "/api/v1/main/";

    @Value("${micronaut.server.context-path:}")
    String contextPath;

    @Nullable
    @Value("${kestra.url}")
    String url;

    private final Login login;

    public Pages(Login login) {
        this.login = login;
    }

    @Get
    HttpResponse<?> root() {
        return HttpResponse.temporaryRedirect(URI.create(contextPath + "/ui/"));
    }

    @Get(value = "/ui/", produces = MediaType.TEXT_HTML)
    String ui() {
        return "<title>Kestra</title>";
    }

    @Get(value = "/ping", produces = MediaType.TEXT_PLAIN)
    String ping() {
        return "pong";
    }

    @Get("/api/v1/configs")
    Map<String, String> configs() {
        var configs = new HashMap<String, String>();
        configs.put("version", login.release);
        configs.put("url", url);
        return configs;
    }

    @Get("/api/v1/configs/login")
    HttpResponse<?> loginConfigs() {
        return login.era == Login.Era.E2 ? HttpResponse.ok(Map.of()) : HttpResponse.notFound();
    }

    @Get("/api/v1/basicAuthValidationErrors")
    List<String> errors() {
        return List.of();
    }

    @Post(API + "basicAuth")
    HttpResponse<?> setUp(@Body Map<String, String> administrator) {
        login.administrator(administrator.get("username"), administrator.get("password"));
        return HttpResponse.noContent();
    }

    @Get(API + "{of}/search")
    Map<String, List<String>> search(String of) {
        return Map.of("results", List.of());
    }

    @Post(API + "flows")
    @Consumes(MediaType.ALL)
    HttpResponse<?> create() {
        return HttpResponse.ok();
    }

    @Post(API + "executions/webhook/{namespace}/{flow}/{key}")
    @Consumes(MediaType.ALL)
    HttpResponse<?> webhook(String namespace, String flow, String key) {
        return HttpResponse.ok();
    }

    @Get(API + "executions/webhook/{namespace}/{flow}/{key}")
    HttpResponse<?> webhookByGet(String namespace, String flow, String key) {
        return HttpResponse.ok();
    }

    @Post(API + "executions/{namespace}/{flow}")
    @Consumes(MediaType.ALL)
    Map<String, String> execute(String namespace, String flow) {
        return Map.of("id", "2x4y");
    }

    /**
     * Events of a size, and a silence after them, both in the query; without one, what an execution
     * shows whose second task sleeps for three seconds.
     */
    @Get(value = API + "executions/{id}/follow", produces = MediaType.TEXT_EVENT_STREAM)
    Flux<Event<String>> follow(String id, @Nullable @QueryValue Integer events, @Nullable @QueryValue Integer bytes,
            @Nullable @QueryValue Integer silence) {
        if (events == null) {
            var sleeps = Flux.just(Event.of("{\"taskId\":\"silence\"}").id("progress"));
            return sleeps.concatWith(end(3000));
        }
        var executions = Flux.interval(Duration.ZERO, Duration.ofMillis(200)).onBackpressureBuffer().take(events)
            .map(number -> Event.of(number + " " + "x".repeat(bytes)).id("progress"));
        return executions.concatWith(end(silence));
    }

    private static Flux<Event<String>> end(int silence) {
        return Flux.just(Event.of("end").id("end")).delaySubscription(Duration.ofMillis(silence));
    }
}
