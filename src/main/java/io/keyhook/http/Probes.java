package io.keyhook.http;

import io.keyhook.db.Database;
import io.keyhook.db.Migrations;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What operators and tools ask: is it alive, is it ready, what does it count, what can be called. */
public final class Probes {
  private static final Duration ASKING = Duration.ofSeconds(2);

  private final Database database;
  private final PrometheusMeterRegistry meters;
  private volatile boolean started;
  private final Buffer openApi = resource("openapi.json");

  public Probes(Database database, PrometheusMeterRegistry meters) {
    this.database = database;
    this.meters = meters;
  }

  /** From now on it is ready where its database is. */
  public void started() {
    started = true;
  }

  void mount(Router router) {
    router.get("/health/live").handler(context -> Answers.json(context, 200, Map.of("status", "live")));
    router.get("/health/ready").handler(this::ready);
    router.get("/metrics").handler(context -> SecurityHeaders.on(context.response())
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8").end(meters.scrape()));
    router.get("/openapi.json").handler(context -> SecurityHeaders.on(context.response())
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .end(openApi));
  }

  private void ready(RoutingContext context) {
    Migrations.areDone(database.pool()).timeout(ASKING.toMillis(), TimeUnit.MILLISECONDS).onComplete(done -> {
      boolean ready = started && done.succeeded() && done.result();
      if (!ready) {
        context.response().putHeader(HttpHeaders.RETRY_AFTER, Long.toString(Answers.RETRY_AFTER.toSeconds()));
      }
      String database = done.failed() ? "unreachable" : done.result() ? "ready" : "not migrated";
      Answers.json(context, ready ? 200 : 503, Map.of("status", ready ? "ready" : started ? "not ready" : "starting", "database", database));
    });
  }

  private static Buffer resource(String name) {
    try (InputStream in = Probes.class.getResourceAsStream(name)) {
      return Buffer.buffer(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
