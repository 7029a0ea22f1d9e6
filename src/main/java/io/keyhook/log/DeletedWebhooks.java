package io.keyhook.log;

import io.keyhook.db.Chore;
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

  private final Pool pool;
  private final int days;
  private final Chore chore;

  /**
   * @param retentions of the log, of all plans, in days
   */
  DeletedWebhooks(Vertx vertx, Pool pool, Set<Integer> retentions) {
    this.pool = pool;
    this.days = retentions.isEmpty() ? 0 : Collections.max(retentions);
    this.chore = Chore.every(vertx, log, "remove deleted webhooks", INTERVAL, this::remove);
  }

  void start() {
    chore.start(Duration.ZERO);
  }

  /** Completes when a batch that is under way has ended. */
  Future<Void> stop() {
    return chore.stop();
  }

  private Future<Void> remove() {
    return DeletedWebhookStore.remove(pool, days).compose(removed ->
        removed == DeletedWebhookStore.BATCH && !chore.isStopped() ? remove() : Future.succeededFuture());
  }
}
