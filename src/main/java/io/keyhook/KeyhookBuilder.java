package io.keyhook;

import io.keyhook.bus.Version;
import io.keyhook.config.Configuration;
import io.keyhook.config.ConfigurationException;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.trace.OpenTelemetryTracing;
import io.keyhook.trace.Tracing;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Pool;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Builds a {@link Keyhook} for an application that embeds it. Not thread-safe. */
public final class KeyhookBuilder {
  private JsonObject overrides = new JsonObject();
  private Optional<Pool> pool = Optional.empty();
  private Optional<MeterRegistry> meters = Optional.empty();
  private Tracing tracing = Tracing.OFF;
  private String name = Keyhook.DEFAULT_NAME;

  KeyhookBuilder() {}

  /**
   * Sets the configuration: nested objects with the keys of {@code conf/keyhook.json}. Keys that are left out keep their
   * defaults. Files and the environment are not read.
   *
   * @param overrides not null; calling again replaces it
   */
  public KeyhookBuilder configuration(JsonObject overrides) {
    this.overrides = Objects.requireNonNull(overrides, "overrides");
    return this;
  }

  /**
   * Uses a pool of the host's, which stays open. Keyhook does not replace its connections after a failover: give it a maximum
   * lifetime. Create it with {@link Keyhook#connectOptions}, and call {@link Keyhook#migrate} before deploying. Undeploy
   * Keyhook before you close the pool, or the Vert.x that it was built with: closing Vert.x closes the pool while Keyhook
   * still writes results, and a delivery whose result is not written is sent again.
   * {@code database.uri} need not be set.
   *
   * @param pool not null
   */
  public KeyhookBuilder pool(Pool pool) {
    this.pool = Optional.of(pool);
    return this;
  }

  /**
   * Registers Keyhook's metrics with a registry of the host's, and removes them when Keyhook is undeployed. Each has the tag
   * {@code keyhook} with the {@link #name}, so that several instances can share a registry. Metrics of the
   * JVM are left to the host. Without this call, {@code /metrics} of the router serves a Prometheus registry of Keyhook's
   * own, if Micrometer's Prometheus registry is on the class path.
   *
   * @param registry not null; stays open
   */
  public KeyhookBuilder meterRegistry(MeterRegistry registry) {
    this.meters = Optional.of(registry);
    return this;
  }

  /**
   * Records spans of validations, of the batches of statements that carry them out, and of attempts with the host's
   * OpenTelemetry, and sends the attempt's {@code traceparent} with each delivery. A span's parent is the one that is current
   * where {@link KeyhookClient} is called, or the one that Vert.x has created for an HTTP request to the router: give your
   * Vert.x the same OpenTelemetry with {@code vertx-opentelemetry}. Without this call, Keyhook records nothing and sends no
   * {@code traceparent}, whatever your Vert.x traces.
   *
   * @param openTelemetry not null; stays open. Needs {@code io.opentelemetry:opentelemetry-api}
   */
  public KeyhookBuilder openTelemetry(OpenTelemetry openTelemetry) {
    this.tracing = new OpenTelemetryTracing(Objects.requireNonNull(openTelemetry, "openTelemetry"), Version.VERSION);
    return this;
  }

  /**
   * Names this instance. Several instances in one Vert.x need different names.
   *
   * @param name not null; {@value Keyhook#DEFAULT_NAME} by default
   */
  public KeyhookBuilder name(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /**
   * Builds the verticle.
   *
   * @throws ConfigurationException with every error in the configuration
   */
  public Keyhook build() {
    KeyhookOptions options = Configuration.of(overrides, pool.isPresent());
    if (options.tracing().enabled()) {
      throw new ConfigurationException(List.of("tracing.enabled: is true, must be false in a host application:"
          + " pass its OpenTelemetry to KeyhookBuilder.openTelemetry"));
    }
    return new Keyhook(options, pool, name, meters, tracing);
  }
}
