package io.keyhook;

import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Measures how late the timers of its event loop fire, which is how long the loop was busy. One per event loop. */
final class LoopLagVerticle extends VerticleBase {
  static final Duration[] BUCKETS = {Duration.ofMillis(2), Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(25),
      Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250), Duration.ofSeconds(1), Duration.ofSeconds(5)};
  /** Too rare to keep an idle process from sleeping. */
  private static final Duration INTERVAL = Duration.ofMillis(500);

  private final Timer lag;
  private long dueNanos;

  LoopLagVerticle(Timer lag) {
    this.lag = lag;
  }

  @Override
  public Future<?> start() {
    await();
    return Future.succeededFuture();
  }

  private void await() {
    dueNanos = System.nanoTime() + INTERVAL.toNanos();
    vertx.setTimer(INTERVAL.toMillis(), timer -> {
      lag.record(Math.max(0, System.nanoTime() - dueNanos), TimeUnit.NANOSECONDS);
      await();
    });
  }
}
