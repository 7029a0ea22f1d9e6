package io.keyhook.log;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.Collections;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes webhooks that were deleted, once nothing in the log refers to them: at its start and then every hour, in
 * batches. Belongs to one event loop.
 */
final class DeletedWebhooks {
  private static final Logger log = LoggerFactory.getLogger(DeletedWebhooks.class);
  private static final Duration INTERVAL = Duration.ofHours(1);

  private final Vertx vertx;
  private final Pool pool;
  private final int days;
  private Future<Void> running = Future.succeededFuture();
  private long timer;
  private boolean stopped;

  /**
   * @param retentions of the log, of all plans, in days
   */
  DeletedWebhooks(Vertx vertx, Pool pool, Set<Integer> retentions) {
    this.vertx = vertx;
    this.pool = pool;
    this.days = retentions.isEmpty() ? 0 : Collections.max(retentions);
  }

  void start() {
    running = remove();
    timer = vertx.setPeriodic(INTERVAL.toMillis(), t -> running = running.compose(done -> remove()));
  }

  /** Completes when a batch that is under way has ended. */
  Future<Void> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return running;
  }

  private Future<Void> remove() {
    return DeletedWebhookStore.remove(pool, days).transform(done -> {
      if (done.failed()) {
        log.warn("Could not remove deleted webhooks; retrying in an hour: {}", done.cause().getMessage());
      }
      return done.succeeded() && done.result() == DeletedWebhookStore.BATCH && !stopped ? remove()
          : Future.succeededFuture();
    });
  }
}
