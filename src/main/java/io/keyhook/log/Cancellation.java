package io.keyhook.log;

import io.keyhook.account.Plans;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cancels what waits for inactive webhooks, batch by batch. Each node asks for it whenever it finds such a delivery due, so one that runs
 * already runs once more instead of beside itself: its batches would wait for each other's rows. Belongs to one event loop.
 */
final class Cancellation {
  private static final Logger log = LoggerFactory.getLogger(Cancellation.class);

  private final Bus bus;
  private final Database database;
  private final Plans plans;
  /** Those that run, with who waits for the next run; null: nobody. */
  private final Map<CancelPending, Promise<Void>> running = new HashMap<>();

  Cancellation(Bus bus, Database database, Plans plans) {
    this.bus = bus;
    this.database = database;
    this.plans = plans;
  }

  /** Completes after the first batch: the rest is no longer sent, and a long queue takes longer than a caller waits. */
  Future<Void> cancel(CancelPending request) {
    bus.publish(Addresses.CANCELED, request);
    return running.containsKey(request)
        ? running.compute(request, (same, next) -> next == null ? Promise.promise() : next).future() : start(request);
  }

  private Future<Void> start(CancelPending request) {
    running.put(request, null);
    Future<Integer> first = batch(request);
    first.compose(canceled -> rest(request, canceled)).onComplete(done -> {
      if (done.failed() && first.succeeded()) {
        log.warn("Could not cancel pending deliveries; they are canceled when they become due: {}", done.cause().getMessage());
      }
      Promise<Void> next = running.remove(request);
      if (next != null) {
        start(request).onComplete(next);
      }
    });
    return first.mapEmpty();
  }

  private Future<Void> rest(CancelPending request, int canceled) {
    return canceled < RedeliveryStore.CANCEL_BATCH ? Future.succeededFuture()
        : batch(request).compose(more -> rest(request, more));
  }

  private Future<Integer> batch(CancelPending request) {
    return database.transaction(tx -> RedeliveryStore.cancel(tx, request.accountId(), request.webhookId(), plans.withWebhooks()));
  }
}
