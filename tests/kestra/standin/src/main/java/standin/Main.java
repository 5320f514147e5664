package standin;

import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.Environment;
import io.micronaut.context.env.yaml.YamlPropertySourceLoader;
import io.micronaut.runtime.server.EmbeddedServer;
import java.io.FileInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;

/**
 * Reads a configuration as Kestra does and starts what Kestra would start with it: Micronaut's
 * server, its HTTP client named "api", and Kestra's own check of its configuration, which is taken
 * from the jar that the property "kestra.core" names.
 *
 * <p>Understands Kestra's command line: {@code server local --port PORT -c FILE}. As a jar, it has
 * the login of the release that its file name tells, such as {@code kestra-1.3.25.jar}.
 */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        try {
            start(List.of(args));
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    private static void start(List<String> args) throws Exception {
        var properties = new HashMap<String, Object>();
        properties.put("micronaut.http.services.api.url", "https://api.kestra.io");
        var release = release();
        if (release == null) {
            properties.put("micronaut.server.host", "127.0.0.1");
        } else {
            properties.put("standin.release", release);
        }
        properties.putAll(new YamlPropertySourceLoader().read("cli", new FileInputStream(after("-c", args))));
        properties.put("micronaut.server.port", after("--port", args));
        var context = ApplicationContext.builder().environments(Environment.CLI).properties(properties).start();
        validate(context.getEnvironment());
        context.getBean(EmbeddedServer.class).start();
        if (release != null) {
            listen(context.getEnvironment(), "endpoints.all.port", 8081);
            listen(context.getEnvironment(), "kestra.controller.port", 50051);
        }
    }

    private static String release() {
        var file = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().getPath()).getFileName().toString();
        return file.endsWith(".jar") ? file.substring(file.indexOf('-') + 1, file.length() - ".jar".length()) : null;
    }

    /** A port that Kestra opens beside its own. */
    private static void listen(Environment environment, String property, int usual) throws Exception {
        var host = environment.getProperty("micronaut.server.host", String.class).orElse("0.0.0.0");
        int port = environment.getProperty(property, Integer.class).orElse(usual);
        new ServerSocket(port, 0, InetAddress.getByName(host));
    }

    private static String after(String name, List<String> args) {
        return args.get(args.indexOf(name) + 1);
    }

    private static void validate(Environment environment) throws Exception {
        var core = new URL[] {Path.of(System.getProperty("kestra.core")).toUri().toURL()};
        var loader = new URLClassLoader(core, Main.class.getClassLoader());
        var validator = loader.loadClass("io.kestra.core.validations.AppConfigValidator");
        var validate = validator.getDeclaredMethod("validate");
        validate.setAccessible(true);
        validate.invoke(validator.getConstructor(Environment.class).newInstance(environment));
    }
}
