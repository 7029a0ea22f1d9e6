package io.keyhook.delivery;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.event.EndpointId;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deactivates webhooks whose endpoints do nothing but fail. Looks as it starts, and every hour; one node at a time. */
public final class HealthVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(HealthVerticle.class);
  private static final Duration INTERVAL = Duration.ofHours(1);

  private final Bus bus;
  private final Database database;
  private Future<Void> running = Future.succeededFuture();
  private long timer;

  public HealthVerticle(Bus bus, Database database) {
    this.bus = bus;
    this.database = database;
  }

  @Override
  public Future<?> start() {
    running = look();
    timer = vertx.setPeriodic(INTERVAL.toMillis(), t -> running = look());
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    vertx.cancelTimer(timer);
    return running;
  }

  private Future<Void> look() {
    return database.transaction(HealthStore::deactivateFailing).transform(done -> {
      if (done.failed()) {
        log.warn("Endpoints that only fail could not be looked for; trying again in an hour: {}",
            done.cause().getMessage());
        return Future.succeededFuture();
      }
      return cancelPending(done.result());
    });
  }

  private Future<Void> cancelPending(List<EndpointId> deactivated) {
    Future<Void> canceled = Future.succeededFuture();
    for (EndpointId endpoint : deactivated) {
      log.info("Deactivated {}: {}", Id.WEBHOOK.of(endpoint.webhookId()), Deactivation.FAILING.reason());
      canceled = canceled
          .compose(before ->
              bus.request(Addresses.CANCEL_PENDING, new CancelPending(endpoint.accountId(), endpoint.webhookId())))
          .otherwise(e -> {
            log.warn("Pending deliveries are left for their next attempt to be canceled: {}", e.getMessage());
            return null;
          });
    }
    return canceled;
  }
}
