package io.keyhook;

import io.keyhook.bus.Version;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.ConnectionUri;
import io.keyhook.db.LogArchive;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Collectors;

/** The command {@code check-config}, and the summary that a node writes to the log when it has started. */
final class CheckConfig {
  private CheckConfig() {}

  /**
   * Prints that the configuration is valid: it was read without an error, and what it names is there.
   *
   * @throws io.keyhook.config.ConfigurationException a variable {@code OTEL_*} cannot be used
   */
  static boolean run(KeyhookOptions options) {
    if (options.delivery().logArchive().isPresent()) {
      try {
        LogArchive.check(options.delivery().logArchive().get());
      } catch (IOException e) {
        System.err.println(e.getMessage());
        return false;
      }
    }
    if (options.tracing().enabled()) {
      TraceExport.start(options.tracing()).close();
    }
    System.out.println("The configuration is valid. " + summary(options));
    return true;
  }

  /** Returns the settings by which nodes differ most often, without secrets. */
  static String summary(KeyhookOptions options) {
    return "Keyhook " + Version.VERSION + ", Java " + Runtime.version().feature()
        + "; database: " + database(options.database())
        + "; http: " + (options.http().enabled() ? options.http().host() + ":" + options.http().port() : "off")
        + ", drainDelay " + options.http().drainDelay() + ", trustedProxies " + options.http().trustedProxies().size()
        + "; management: " + options.management().port().map(port -> "port " + port).orElse("on the http port")
        + "; /api/admin: " + (options.operator().key().isPresent() ? "on" : "off")
        + "; sign-up: " + (options.signup().enabled() ? "on" : "off")
        + "; validations per second and address: " + options.validation().rateLimit()
        + "; retries: " + options.delivery().retryDelays().stream().map(Duration::toString).collect(Collectors.joining(", "))
        + "; insecure targets: " + (options.delivery().allowInsecureTargets() ? "allowed" : "refused")
        + "; proxy: " + options.delivery().proxy().map(proxy -> proxy.host() + ":" + proxy.port()).orElse("none")
        + "; plans: " + String.join(", ", options.plans().keySet());
  }

  private static String database(KeyhookOptions.Database database) {
    String where = database.embedded() || database.uri().isEmpty() ? "embedded in " + database.directory()
        : ConnectionUri.parse(database.uri().get()).where();
    return where + ", " + database.maxConnections() + " connections";
  }
}
