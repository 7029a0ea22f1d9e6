package io.keyhook.http;

import io.keyhook.RouterPart;
import io.keyhook.db.Database;
import io.keyhook.db.Diagnosis;
import io.keyhook.db.SchemaVersion;
import io.keyhook.db.Shares;
import io.keyhook.db.WriteProbe;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators and tools ask: is it alive, is it ready, what does it count, what can be called. */
public final class Probes {
  private static final Logger log = LoggerFactory.getLogger(Probes.class);
  private static final String LIVE = "/health/live";
  private static final String READY = "/health/ready";
  private static final String SCRAPE = "/metrics";
  private static final CharSequence METRICS =
      HttpHeaders.createOptimized("text/plain; version=0.0.4; charset=utf-8");
  private static final Duration ASKING = Duration.ofSeconds(2);
  /** For so long, {@link #isReady} does not ask the database again. */
  private static final Duration FRESH = Duration.ofSeconds(1);
  /** From one rendering of the metrics to the next: who asks sooner waits, so that asking costs no more than this often. */
  private static final Duration RENDERING = Duration.ofMillis(100);

  /** What the database says of itself; {@code text} is in the response. */
  private enum State {
    READY("ready"), NOT_MIGRATED("not migrated"), NOT_WRITABLE("not writable"), UNREACHABLE("unreachable");

    private final String text;

    State(String text) {
      this.text = text;
    }
  }

  /** What the node itself is at; {@code text} is in the response. */
  private enum Phase {
    STARTING("starting"), RUNNING("not ready"), STOPPING("stopping");

    /** While it is not ready. */
    private final String text;

    Phase(String text) {
      this.text = text;
    }
  }

  private final Database database;
  private final Pool connection;
  /** Under way; null: none. Those that ask meanwhile share its answer. */
  private Future<State> asking;
  /** What the database said of itself last. */
  private volatile State last = State.UNREACHABLE;
  private volatile long answered = System.nanoTime() - FRESH.toNanos();
  private final Optional<Supplier<String>> metrics;
  /** To come or under way, as {@link #asking} is. */
  private Future<Buffer> rendering;
  private long rendered = System.nanoTime() - RENDERING.toNanos();
  private volatile Phase phase = Phase.STARTING;
  private final Buffer openApi = resource("openapi.json");
  private final NodeClock clock = new NodeClock();

  /**
   * @param metrics in Prometheus' text format; empty: there is no {@code /metrics}
   */
  public Probes(Database database, Optional<Supplier<String>> metrics) {
    this.database = database;
    this.connection = database.connections(Shares.PROBES, "probes"); // not to wait behind management calls
    this.metrics = metrics;
  }

  /** From now on it is ready where its database is. */
  public void started() {
    phase = Phase.RUNNING;
  }

  /**
   * Whether {@code /health/ready} returned 200 when the database was last asked. Asks it again for the next call:
   * {@code /metrics} waits for the answer, and a host's registry has the answer of its scrape before.
   */
  public boolean isReady() {
    if (System.nanoTime() - answered >= FRESH.toNanos()) {
      state();
    }
    return phase == Phase.RUNNING && last == State.READY;
  }

  /**
   * By how much this node's clock is ahead of the database's when it was last asked: the least that explains the answer.
   *
   * @return seconds, negative if it is behind; NaN: not known
   */
  public double clockAhead() {
    return clock.secondsAhead();
  }

  /** From now on it is not ready. */
  public void stopping() {
    phase = Phase.STOPPING;
  }

  /** Whether a path is for operators and their tools alone. */
  static boolean isAt(String path) {
    return path.equals(LIVE) || path.equals(READY) || path.equals(SCRAPE);
  }

  void mount(Calls calls, Set<RouterPart> parts) {
    if (parts.contains(RouterPart.PROBES)) {
      calls.open(HttpMethod.GET, LIVE, context -> Answers.json(context, 200, Map.of("status", "live")));
      calls.open(HttpMethod.GET, READY, this::ready);
    }
    if (parts.contains(RouterPart.METRICS)) {
      metrics.ifPresent(text -> calls.open(HttpMethod.GET, SCRAPE, context -> metrics(context, text)));
    }
    if (parts.contains(RouterPart.API)) {
      calls.open(HttpMethod.GET, "/openapi.json", context -> {
        context.response().putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        Answers.send(context.response(), 200, Answers.JSON, openApi);
      });
    }
  }

  /**
   * What the node says of itself.
   *
   * @param status ready, not ready, starting or stopping
   * @param database ready, not migrated, not writable or unreachable
   */
  record Health(String status, String database) {
    boolean isReady() {
      return status.equals(State.READY.text);
    }
  }

  /** Completes on the caller's context, and never fails. */
  Future<Health> health(Vertx vertx) {
    Context own = vertx.getOrCreateContext();
    Promise<Health> found = Promise.promise();
    state().onSuccess(state -> own.runOnContext(v -> {
      Phase now = phase;
      found.complete(new Health(now == Phase.RUNNING && state == State.READY ? state.text : now.text, state.text));
    }));
    return found.future();
  }

  private void ready(RoutingContext context) {
    health(context.vertx()).onSuccess(health -> {
      if (!health.isReady()) {
        context.response().putHeader(HttpHeaders.RETRY_AFTER, Long.toString(Answers.RETRY_AFTER.toSeconds()));
      }
      Answers.json(context, health.isReady() ? 200 : 503, health);
    });
  }

  private void metrics(RoutingContext context, Supplier<String> text) {
    Context own = context.vertx().getOrCreateContext();
    rendered(context.vertx(), text).onComplete(done -> own.runOnContext(v -> {
      if (done.succeeded()) {
        Answers.send(context.response(), 200, METRICS, done.result());
      } else {
        context.fail(done.cause());
      }
    }));
  }

  /** The metrics as they are when it is their turn, rendered off the event loop. */
  private synchronized Future<Buffer> rendered(Vertx vertx, Supplier<String> text) {
    if (rendering == null || rendering.isComplete()) {
      long wait = TimeUnit.NANOSECONDS.toMillis(rendered + RENDERING.toNanos() - System.nanoTime());
      Future<Void> turn = wait > 0 ? vertx.timer(wait) : Future.succeededFuture();
      rendering = turn.compose(v -> state()).compose(v -> vertx.executeBlocking(() -> Buffer.buffer(text.get()), false))
          .onComplete(done -> renderedNow());
    }
    return rendering;
  }

  private synchronized void renderedNow() {
    rendered = System.nanoTime();
  }

  private synchronized Future<State> state() {
    if (asking == null || asking.isComplete()) {
      asking = SchemaVersion.isNewest(connection).compose(done -> done
          ? Diagnosis.clockDifference(connection).onSuccess(difference -> clock.isAhead(difference.negated()))
              .compose(known -> WriteProbe.run(connection)).map(State.READY).otherwise(this::notWritable)
          : Future.succeededFuture(State.NOT_MIGRATED)).timeout(ASKING.toMillis(), TimeUnit.MILLISECONDS)
          .otherwise(State.UNREACHABLE).onSuccess(state -> {
            last = state;
            answered = System.nanoTime();
          });
    }
    return asking;
  }

  private State notWritable(Throwable e) {
    log.debug("The database accepts no writes: {}", e.getMessage()); // it is asked every few seconds
    return State.NOT_WRITABLE;
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
