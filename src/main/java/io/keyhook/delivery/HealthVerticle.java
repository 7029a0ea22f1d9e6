package io.keyhook.delivery;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.bus.Id;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.delivery.HealthStore.Page;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outbox.Written;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the health of all webhooks, on one node at a time: reports those that started to fail or recovered every few seconds, and
 * deactivates those that only fail at its start and then every hour.
 */
final class HealthVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(HealthVerticle.class);
  private static final Duration INTERVAL = Duration.ofHours(1);
  /** From the end of a look to the next one: some 30 ms of the database for 10,000 webhooks. */
  private static final Duration LOOK = Duration.ofSeconds(10);
  /** From the beginning of a look to that of the next one on any node. Less than that, so that one node alone skips none. */
  private static final Duration BETWEEN = LOOK.minusSeconds(1);
  private static final EndpointId FIRST = new EndpointId(new UUID(0, 0), new UUID(0, 0));

  private final Bus bus;
  private final Database database;
  private final WebhookReports reports;
  private Chore deactivation;
  private Chore looks;
  private boolean begun;

  HealthVerticle(Bus bus, Database database, WebhookReports reports) {
    this.bus = bus;
    this.database = database;
    this.reports = reports;
  }

  @Override
  public Future<?> start() {
    deactivation = Chore.every(vertx, log, "look for failing webhooks", INTERVAL, () -> pages(FIRST));
    deactivation.start(Duration.ZERO);
    looks = Chore.every(vertx, log, "look for webhooks that fail or recovered", LOOK, this::look);
    looks.start(LOOK);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return Future.join(deactivation.stop(), looks.stop());
  }

  private Future<Void> look() {
    return beginLooks().compose(begun -> Database.transaction(database.chores(), tx -> reports.turned(tx, BETWEEN)))
        .onSuccess(reports::dispatch).mapEmpty();
  }

  private Future<Void> beginLooks() {
    return begun ? Future.succeededFuture()
        : WebhookStateStore.beginJob(database.chores()).onSuccess(done -> begun = true);
  }

  private record Deactivated(Page page, Written written) {}

  /** One transaction after the other, so that none takes long. */
  private Future<Void> pages(EndpointId after) {
    return deactivation.isStopped() ? Future.succeededFuture() : Database.transaction(database.chores(), tx ->
        HealthStore.deactivateFailing(tx, after).compose(page -> reports.deactivated(tx, page.deactivated(), Deactivation.FAILING)
            .map(written -> new Deactivated(page, written)))).compose(done -> {
              reports.dispatch(done.written);
              return cancelPending(done.page.deactivated()).compose(canceled ->
                  done.page.next().map(this::pages).orElseGet(Future::succeededFuture));
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
