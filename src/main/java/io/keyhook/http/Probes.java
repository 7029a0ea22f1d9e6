package io.keyhook.http;

import io.keyhook.RouterPart;
import io.keyhook.db.Database;
import io.keyhook.db.Migrations;
import io.keyhook.db.Shares;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import io.vertx.sqlclient.Pool;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What operators and tools ask: is it alive, is it ready, what does it count, what can be called. */
public final class Probes {
  private static final CharSequence METRICS =
      HttpHeaders.createOptimized("text/plain; version=0.0.4; charset=utf-8");
  private static final Duration ASKING = Duration.ofSeconds(2);

  private final Database database;
  private final Pool connection;
  /** Under way; null: none. Those that ask meanwhile share its answer. */
  private Future<Boolean> asking;
  private final Optional<Supplier<String>> metrics;
  private volatile boolean started;
  private final Buffer openApi = resource("openapi.json");

  /**
   * @param metrics in Prometheus' text format; empty: there is no {@code /metrics}
   */
  public Probes(Database database, Optional<Supplier<String>> metrics) {
    this.database = database;
    this.connection = database.connections(Shares.PROBES); // not to wait behind management calls
    this.metrics = metrics;
  }

  /** From now on it is ready where its database is. */
  public void started() {
    started = true;
  }

  void mount(Calls calls, Set<RouterPart> parts) {
    if (parts.contains(RouterPart.PROBES)) {
      calls.open(HttpMethod.GET, "/health/live", context -> Answers.json(context, 200, Map.of("status", "live")));
      calls.open(HttpMethod.GET, "/health/ready", this::ready);
    }
    if (parts.contains(RouterPart.METRICS)) {
      metrics.ifPresent(text -> calls.open(HttpMethod.GET, "/metrics", context ->
          Answers.send(context.response(), 200, METRICS, Buffer.buffer(text.get()))));
    }
    if (parts.contains(RouterPart.API)) {
      calls.open(HttpMethod.GET, "/openapi.json", context -> {
        context.response().putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        Answers.send(context.response(), 200, Answers.JSON, openApi);
      });
    }
  }

  private void ready(RoutingContext context) {
    Context own = context.vertx().getOrCreateContext();
    areMigrationsDone().onComplete(done -> own.runOnContext(v -> {
      boolean ready = started && done.succeeded() && done.result();
      if (!ready) {
        context.response().putHeader(HttpHeaders.RETRY_AFTER, Long.toString(Answers.RETRY_AFTER.toSeconds()));
      }
      String database = done.failed() ? "unreachable" : done.result() ? "ready" : "not migrated";
      Answers.json(context, ready ? 200 : 503, Map.of("status", ready ? "ready" : started ? "not ready" : "starting", "database", database));
    }));
  }

  private synchronized Future<Boolean> areMigrationsDone() {
    if (asking == null || asking.isComplete()) {
      asking = Migrations.areDone(connection).timeout(ASKING.toMillis(), TimeUnit.MILLISECONDS);
    }
    return asking;
  }

  /** Closes the connection to the database. */
  public Future<Void> close() {
    return database.release(connection);
  }

  private static Buffer resource(String name) {
    try (InputStream in = Probes.class.getResourceAsStream(name)) {
      return Buffer.buffer(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
