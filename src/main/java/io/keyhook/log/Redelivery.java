package io.keyhook.log;

import io.keyhook.account.Plans;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Deliveries.Delivery;
import io.keyhook.bus.Deliveries.Redelivering;
import io.keyhook.bus.Deliveries.Refused;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EndpointId;
import io.keyhook.log.LiveStore.Place;
import io.vertx.core.Future;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** Gives deliveries a fresh schedule, one or many. Belongs to one event loop. */
final class Redelivery {
  /** Of one request, so that it leaves connections to others. */
  private static final int LANES = 3;

  private final Bus bus;
  private final Database database;
  private final Dispatcher dispatcher;
  private final Plans plans;
  private final BiFunction<Caller, String, Future<Delivery>> log;

  /**
   * @param log finds a delivery that a caller sees
   */
  Redelivery(
      Bus bus, Database database, Dispatcher dispatcher, Plans plans, BiFunction<Caller, String, Future<Delivery>> log) {
    this.bus = bus;
    this.database = database;
    this.dispatcher = dispatcher;
    this.plans = plans;
    this.log = log;
  }

  /** Sends one again, and gives it as it is now. */
  Future<Delivery> one(Caller caller, String id) {
    return requeue(caller, id).compose(queued -> {
      dispatcher.dispatch(List.of(), List.of(queued.endpoint));
      return log.apply(caller, id);
    });
  }

  /** Redelivers all that can be redelivered, and returns the others. Fails as a whole if the database is unavailable. */
  Future<Redelivering> all(Caller caller, List<String> ids) {
    Set<String> distinct = new LinkedHashSet<>(ids);
    Iterator<String> next = distinct.iterator();
    List<Queued> queued = new ArrayList<>();
    Map<String, Refused> refused = new HashMap<>();
    return Future.join(Stream.generate(() -> requeueAll(caller, next, queued, refused)).limit(LANES).toList())
        .onComplete(done -> dispatcher.dispatch(List.of(), queued.stream().map(Queued::endpoint).distinct().toList()))
        .map(done -> new Redelivering(distinct.size() - refused.size(),
            distinct.stream().map(refused::get).filter(Objects::nonNull).toList(), (int) queued.stream().filter(Queued::paused).count()));
  }

  private Future<Void> requeueAll(
      Caller caller, Iterator<String> ids, List<Queued> queued, Map<String, Refused> refused) {
    if (!ids.hasNext()) {
      return Future.succeededFuture();
    }
    String id = ids.next();
    return requeue(caller, id).transform(done -> {
      if (done.succeeded()) {
        queued.add(done.result());
      } else if (done.cause() instanceof FailureException e) {
        refused.put(id, new Refused(id, e.failure().code(), e.failure().message()));
      } else {
        return Future.failedFuture(done.cause());
      }
      return requeueAll(caller, ids, queued, refused);
    });
  }

  /**
   * A delivery that has a fresh schedule.
   *
   * @param paused whether it waits for its webhook to resume
   */
  private record Queued(EndpointId endpoint, boolean paused) {}

  private Future<Queued> requeue(Caller caller, String id) {
    UUID accountId = caller.accountId();
    return log.apply(caller, id).compose(delivery -> {
      if (delivery.id().startsWith(Id.TEST_DELIVERY.prefix())) {
        throw new Failure.Conflict("TEST_DELIVERY", "A test cannot be redelivered; send another test").exception();
      }
      EndpointId endpoint = new EndpointId(accountId, Id.WEBHOOK.parse(delivery.webhookId()));
      return RedeliveryStore.activity(database.pool(), endpoint).compose(activity -> {
        plans.checkHasWebhooks(activity.plan());
        if (activity.deleted()) {
          throw new Failure.Conflict("WEBHOOK_INACTIVE",
              "The webhook of this delivery was deleted, so the delivery cannot be redelivered").exception();
        }
        if (!activity.active()) {
          throw new Failure.Conflict("WEBHOOK_INACTIVE",
              "The webhook of this delivery is not active; reactivate it, then redeliver").exception();
        }
        UUID deliveryId = Id.DELIVERY.parse(delivery.id());
        return database.transaction(tx -> RedeliveryStore.redeliver(tx, endpoint, deliveryId)
                .compose(keepUntil -> AuditStore.write(tx, caller, Action.DELIVERY_REDELIVERED, delivery.id(), List.of())
                    .map(written -> keepUntil)))
            .onSuccess(keepUntil -> publish(endpoint, deliveryId, keepUntil)).map(new Queued(endpoint, activity.paused()));
      });
    });
  }

  private void publish(EndpointId endpoint, UUID deliveryId, LocalDate keepUntil) {
    if (keepUntil != null) {
      bus.publish(LiveVerticle.REQUEUED,
          new LiveVerticle.Requeued(endpoint.accountId(), new Place(endpoint.webhookId(), deliveryId, keepUntil)));
    }
  }
}
