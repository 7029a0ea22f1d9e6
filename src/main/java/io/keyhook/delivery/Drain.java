package io.keyhook.delivery;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what is under way in a verticle, and waits at a stop until it has ended. Belongs to one event loop. */
final class Drain {
  private static final Logger log = LoggerFactory.getLogger(Drain.class);

  enum Work { ATTEMPT, CLAIM, WRITE }

  private final Vertx vertx;
  private final int[] underWay = new int[Work.values().length];
  private final Promise<Void> drained = Promise.promise();
  private boolean draining;

  Drain(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * @param future whose handlers are set: work that they start is tracked before this has ended
   */
  void track(Work work, Future<?> future) {
    underWay[work.ordinal()]++;
    future.onComplete(done -> {
      underWay[work.ordinal()]--;
      check();
    });
  }

  /** Waits for all that is under way, at most until the deadline. Never fails. */
  Future<Void> await(Duration deadline) {
    draining = true;
    log.info("Draining: {} attempts, {} claims, {} writes", count(Work.ATTEMPT), count(Work.CLAIM), count(Work.WRITE));
    long timer = vertx.setTimer(deadline.toMillis(), late -> {
      log.warn("Stopping with {} attempts, {} claims and {} writes unfinished",
          count(Work.ATTEMPT), count(Work.CLAIM), count(Work.WRITE));
      drained.tryComplete();
    });
    check();
    return drained.future().onComplete(done -> vertx.cancelTimer(timer));
  }

  private int count(Work work) {
    return underWay[work.ordinal()];
  }

  private void check() {
    if (draining && count(Work.ATTEMPT) == 0 && count(Work.CLAIM) == 0 && count(Work.WRITE) == 0) {
      drained.tryComplete();
    }
  }
}
