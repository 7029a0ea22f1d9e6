package io.keyhook.delivery;

import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.delivery.QueueDepthStore.Depth;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the deliveries in the queue for the metrics: one per node. */
final class QueueDepthVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(QueueDepthVerticle.class);
  /** From one count to the next. */
  private static final Duration SHORTEST = Duration.ofSeconds(15);
  private static final Duration LONGEST = Duration.ofMinutes(5);
  /** Reading so many rows takes 50 ms to 1 s, depending on their order on the disk. */
  private static final int MOST = 100_000;
  /** Counts take at most 1% of the time of a connection. */
  private static final int REST = 100;

  private final Database database;
  private final MeterRegistry meters;
  private final List<Gauge> gauges = new ArrayList<>();
  private volatile Depth depth = new Depth(0, 0, 0, 0);
  private Chore chore;

  QueueDepthVerticle(Database database, MeterRegistry meters) {
    this.database = database;
    this.meters = meters;
  }

  @Override
  public Future<?> start() {
    gauge("leased", Depth::leased);
    gauge("retrying", Depth::retrying);
    gauge("waiting", Depth::waiting);
    gauge("paused", Depth::paused);
    chore = Chore.paced(vertx, log, "count the queue", SHORTEST, this::count);
    chore.start(Duration.ZERO);
    return Future.succeededFuture();
  }

  private void gauge(String state, ToDoubleFunction<Depth> count) {
    gauges.add(Gauge.builder("keyhook.queue.deliveries", this, verticle -> count.applyAsDouble(verticle.depth))
        .description("Deliveries in the queue of all nodes, counted up to " + MOST).tag("state", state).register(meters));
  }

  private Future<Duration> count() {
    long begun = System.nanoTime();
    return QueueDepthStore.count(database.pool(), MOST).map(counted -> {
      depth = counted;
      Duration rest = Duration.ofNanos(REST * (System.nanoTime() - begun));
      return rest.compareTo(SHORTEST) < 0 ? SHORTEST : rest.compareTo(LONGEST) > 0 ? LONGEST : rest;
    });
  }

  @Override
  public Future<?> stop() {
    gauges.forEach(meters::remove);
    return chore.stop();
  }
}
