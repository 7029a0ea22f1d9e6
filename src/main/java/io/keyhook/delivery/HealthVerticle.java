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

/** Deactivates webhooks that only fail, at its start and then every hour, on one node at a time. */
final class HealthVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(HealthVerticle.class);
  private static final Duration INTERVAL = Duration.ofHours(1);

  private final Bus bus;
  private final Database database;
  private Future<Void> running = Future.succeededFuture();
  private long timer;

  HealthVerticle(Bus bus, Database database) {
    this.bus = bus;
    this.database = database;
  }

  @Override
  public Future<?> start() {
    running = run();
    timer = vertx.setPeriodic(INTERVAL.toMillis(), t -> running = run());
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    vertx.cancelTimer(timer);
    return running;
  }

  private Future<Void> run() {
    return database.transaction(HealthStore::deactivateFailing).transform(done -> {
      if (done.failed()) {
        log.warn("Could not look for failing webhooks; retrying in an hour: {}",
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
            log.warn("Could not cancel pending deliveries; they are canceled when they become due: {}", e.getMessage());
            return null;
          });
    }
    return canceled;
  }
}
