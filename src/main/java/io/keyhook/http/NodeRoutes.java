package io.keyhook.http;

import static io.keyhook.http.Calls.read;

import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Version;
import io.keyhook.config.ConfigurationException;
import io.keyhook.config.NodeControl;
import io.keyhook.config.Reloaded;
import io.keyhook.db.SchemaVersion;
import io.keyhook.http.Probes.Health;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.event.Level;

/** The routes by which an administrator looks at a node and controls its process. */
final class NodeRoutes {
  private final Supplier<NodeControl> control;
  private final Probes probes;
  private final MeterRegistry meters;

  /**
   * The state of a node. A value that the node does not measure, or does not know yet, is null.
   *
   * @param schema the version of the schema that the node needs
   * @param logLevel null: the node does not configure the log, or its level is another one
   * @param queue deliveries in the queue of all nodes, by state
   * @param oldestDueSeconds how long the oldest due delivery has been waiting
   * @param partitionsAheadSeconds for how long the log has partitions
   * @param partitionsOverdue partitions that could not be archived or dropped
   * @param clockAheadSeconds by how much its clock is ahead of the database's
   * @param egress whether deliveries can leave the node, by way
   * @param behindSeconds how long the oldest delivery has been due that does not wait for its own endpoint
   */
  record NodeState(
      String version, String javaVersion, String schema, String status, String database, String logLevel, Map<String, Double> queue,
      Double oldestDueSeconds, Double partitionsAheadSeconds, Double partitionsOverdue, Double clockAheadSeconds,
      Map<String, Boolean> egress, Double behindSeconds) {}

  /** The level of the log from now on. */
  record LogLevel(String level) {}

  NodeRoutes(Supplier<NodeControl> control, Probes probes, MeterRegistry meters) {
    this.control = control;
    this.probes = probes;
    this.meters = meters;
  }

  void mount(Calls calls) {
    calls.operator(HttpMethod.GET, "/api/admin/node", 200, context -> probes.health(context.vertx()).map(this::state));
    calls.operator(HttpMethod.POST, "/api/admin/reload", 200, context -> read(context, in -> reload(context.vertx())));
    calls.operator(HttpMethod.PUT, "/api/admin/log-level", 200, this::setLevel);
  }

  private NodeState state(Health health) {
    Map<String, Boolean> egress = new TreeMap<>();
    values("keyhook.egress.available", "what").forEach((what, value) -> egress.put(what, value == 1));
    return new NodeState(Version.VERSION, System.getProperty("java.version"), SchemaVersion.NEWEST, health.status(),
        health.database(), control.get().logLevel().map(Level::name).orElse(null), values("keyhook.queue.deliveries", "state"),
        value("keyhook.queue.oldest.due"), value("keyhook.partitions.ahead"), value("keyhook.partitions.overdue"),
        value("keyhook.clock.ahead"), egress, value("keyhook.queue.behind"));
  }

  private Double value(String metric) {
    Gauge gauge = meters.find(metric).gauge();
    return gauge == null || Double.isNaN(gauge.value()) ? null : gauge.value();
  }

  private Map<String, Double> values(String metric, String tag) {
    return meters.find(metric).gauges().stream().filter(gauge -> !Double.isNaN(gauge.value()))
        .collect(Collectors.toMap(gauge -> gauge.getId().getTag(tag), Gauge::value, (one, other) -> other, TreeMap::new));
  }

  private Future<Reloaded> reload(Vertx vertx) {
    return vertx.executeBlocking(() -> {
      try {
        return control.get().reload();
      } catch (ConfigurationException e) {
        throw new Failure.Conflict("CONFIGURATION_INVALID", "Nothing has changed, because the configuration has errors: "
            + e.getMessage().lines().map(String::strip).collect(Collectors.joining(" "))).exception();
      }
    });
  }

  private Future<LogLevel> setLevel(RoutingContext context) {
    Level level = read(context, in -> in.choice("level", Level.values(), Level::name));
    if (level == null) {
      throw Check.invalid("level", "is required; one of " + names());
    }
    if (!control.get().logLevel(level, Authentication.actor(context))) {
      throw new Failure.Conflict("LOG_NOT_KEYHOOKS", "This node does not configure its log: change the level in the"
          + " configuration of your application or in your logback file").exception();
    }
    return Future.succeededFuture(new LogLevel(level.name()));
  }

  private static String names() {
    return Arrays.stream(Level.values()).map(Level::name).collect(Collectors.joining(", "));
  }
}
