package io.keyhook.delivery;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Id;
import io.keyhook.db.Chore;
import io.keyhook.db.ShardClient;
import io.keyhook.delivery.DeliveryVerticles.Services;
import io.keyhook.delivery.OrderStore.Waiting;
import io.keyhook.event.EndpointId;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the deliveries that wait for their turn. The result of a delivery lets the next one go, so this finds none, unless the one
 * before has left the queue in another way: a node of a version that knows no order had it, the webhook was deactivated and activated, or
 * its day was over. It also lets the deliveries go whose webhook has no order any more.
 */
final class OrderVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(OrderVerticle.class);
  private static final Duration INTERVAL = Duration.ofSeconds(30);

  private final Services services;
  private Chore looks;

  OrderVerticle(Services services) {
    this.services = services;
  }

  @Override
  public Future<?> start() {
    looks = Chore.every(vertx, log, "look for deliveries that wait for their turn", INTERVAL, this::look);
    looks.start(INTERVAL);
    services.bus().listen(Addresses.WEBHOOK_CHANGED, changed -> looks.hurry());
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return looks.stop();
  }

  private Future<Void> look() {
    return OrderStore.find(services.database().chores()).compose(found -> {
      Future<Void> done = Future.succeededFuture();
      for (Waiting waiting : found) {
        done = done.compose(before -> letGo(waiting));
      }
      return done;
    });
  }

  private Future<Void> letGo(Waiting waiting) {
    EndpointId endpoint = waiting.endpoint();
    AtomicInteger gone = new AtomicInteger();
    return looks.isStopped() ? Future.succeededFuture() : services.database().shards().eachInTransaction(services.database().chores(),
        List.of(endpoint), EndpointId::accountId, (tx, only) -> OrderStore.lock(tx, only, one -> one)
            .compose(locked -> waiting.ordered() ? OrderStore.wakeAll(tx, endpoint) : release(tx, endpoint)), gone::set)
        .compose(committed -> {
          if (gone.get() == 0) {
            return Future.succeededFuture();
          }
          log.info(waiting.ordered() ? "{} deliveries to {} waited for others that have left the queue; they are due now"
              : "{} deliveries to {} waited for an order that was ended; they are due now", gone, Id.WEBHOOK.of(endpoint.webhookId()));
          services.dispatcher().dispatch(List.of(), List.of(endpoint));
          return waiting.ordered() ? Future.succeededFuture() : letGo(waiting);
        });
  }

  private static Future<Integer> release(ShardClient tx, EndpointId endpoint) {
    return OrderStore.release(tx, endpoint).compose(released -> released == OrderStore.RELEASE_BATCH
        ? Future.succeededFuture(released) : OrderStore.end(tx, endpoint).map(released));
  }
}
