package standin;

import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.http.client.HttpClient;
import io.micronaut.http.client.annotation.Client;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Singleton;

/** Asks api.kestra.io at start, as Kestra does for its tutorial flows, and goes on without it. */
@Singleton
public class Loader implements ApplicationEventListener<ServerStartupEvent> {
    private final HttpClient api;

    public Loader(@Client("api") HttpClient api) {
        this.api = api;
    }

    @Override
    public void onApplicationEvent(ServerStartupEvent event) {
        new Thread(this::load).start();
    }

    private void load() {
        try {
            System.out.println("loaded: " + api.toBlocking().retrieve("/v1/ping"));
        } catch (Exception error) {
            System.out.println("not loaded: " + error);
        }
    }
}
