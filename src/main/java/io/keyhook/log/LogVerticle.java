package io.keyhook.log;

import io.keyhook.account.PlanStore;
import io.keyhook.account.Plans;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Deliveries.Delivery;
import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Page;
import io.keyhook.bus.Webhooks;
import io.keyhook.db.Database;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Payload;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Reads the log, redelivers, recovers and cancels, exports accounts and erases customers. */
public final class LogVerticle extends VerticleBase {
  /** How far the clock of the database, from which IDs have their time, may be ahead. */
  private static final Duration CLOCK_DIFFERENCE = Duration.ofHours(1);

  private final Bus bus;
  private final Database database;
  private final Pool pool;
  private final Dispatcher dispatcher;
  private final Outbox outbox;
  private final Plans plans;
  private DeletedWebhooks deletedWebhooks;
  private Redelivery redelivery;

  public LogVerticle(Bus bus, Database database, Dispatcher dispatcher, Outbox outbox, Plans plans) {
    this.bus = bus;
    this.database = database;
    this.pool = database.pool();
    this.dispatcher = dispatcher;
    this.outbox = outbox;
    this.plans = plans;
  }

  @Override
  public Future<?> start() {
    Recovering recovering = new Recovering(bus, database, plans);
    deletedWebhooks = new DeletedWebhooks(vertx, pool, plans.allRetentions());
    deletedWebhooks.start();
    redelivery = new Redelivery(bus, database, dispatcher, plans, this::get);
    bus.answer(Addresses.LIST_DELIVERIES, this::list);
    bus.answer(Addresses.LIST_ALL_DELIVERIES, this::listAll);
    bus.answer(Addresses.LIST_CAUSES, this::causes);
    bus.answer(Addresses.GET_DELIVERY, query -> get(query.caller(), query.id()));
    bus.answer(Addresses.REDELIVER, request -> redelivery.one(request.caller(), request.id()));
    bus.answer(Addresses.REDELIVER_ALL, request -> redelivery.all(request.caller(), request.ids()));
    bus.answer(Addresses.RECOVER, recovering::start);
    bus.answer(Addresses.PREVIEW_RECOVERY, recovering::preview);
    bus.answer(Addresses.LIST_RECOVERIES, recovering::list);
    bus.answer(Addresses.GET_RECOVERY, query ->
        RecoveryStore.get(pool, query.caller().accountId(), Id.RECOVERY.parse(query.id())));
    bus.answer(Addresses.STOP_RECOVERY, recovering::stop);
    bus.answer(Addresses.EXPORT_ACCOUNT, query -> AccountExport.read(database, query));
    bus.answer(Addresses.ERASE_CUSTOMER, request ->
        bus.request(Addresses.FIND_ACCOUNT, new Accounts.Find(Id.ACCOUNT.of(request.caller().accountId())))
            .compose(there -> CustomerErasure.run(database, outbox, request)));
    bus.answer(Addresses.CANCEL_PENDING, new Cancellation(bus, database, plans)::cancel);
    bus.answer(Addresses.GET_HEALTH, query -> {
      UUID accountId = query.caller().accountId();
      UUID webhookId = Id.WEBHOOK.parse(query.id());
      return bus.request(Addresses.GET_WEBHOOK, new Webhooks.Get(query.caller(), query.id()))
          .compose(there -> LogStore.health(pool, accountId, webhookId));
    });
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return deletedWebhooks.stop();
  }

  private Future<Page<Deliveries.Summary>> list(Deliveries.ListOf query) {
    UUID accountId = query.caller().accountId();
    UUID webhookId = Id.WEBHOOK.parse(query.webhookId());
    Optional<EventType> type = type(query.event());
    return RedeliveryStore.checkWebhookExists(pool, query.caller(), webhookId)
        .compose(exists -> shownFrom(accountId, query.from()))
        .compose(from -> LogStore.list(pool, query, webhookId, type, from))
        .compose(page -> query.caller().portal() == null ? DeliveryLicenseStore.named(pool, accountId, page)
            : DeliveryLicenseStore.namedByEvents(pool, accountId, page));
  }

  private Future<Page<Deliveries.Summary>> listAll(Deliveries.ListAll query) {
    UUID accountId = query.caller().accountId();
    UUID webhookId = query.webhookId() == null ? null : Id.WEBHOOK.parse(query.webhookId());
    Optional<EventType> type = type(query.event());
    return (webhookId == null ? Future.<Void>succeededFuture()
        : RedeliveryStore.checkWebhookExists(pool, query.caller(), webhookId))
        .compose(exists -> licenseIds(query))
        .compose(ids -> ids.isPresent() && ids.get().isEmpty() ? Future.succeededFuture(new Page<>(List.of(), null))
            : shownFrom(accountId, query.from())
                .compose(from -> ids.isEmpty() ? AccountLogStore.list(pool, query, webhookId, type, from)
                    : LicenseLogStore.list(pool, query, webhookId, type, ids.get(), from))
                .compose(page -> DeliveryLicenseStore.named(pool, accountId, page)));
  }

  private Future<Deliveries.Causes> causes(Deliveries.ListCauses query) {
    UUID accountId = query.caller().accountId();
    UUID webhookId = query.webhookId() == null ? null : Id.WEBHOOK.parse(query.webhookId());
    Instant to = query.to() == null ? Instant.now().plus(CLOCK_DIFFERENCE) : query.to();
    return (webhookId == null ? Future.<Void>succeededFuture()
        : RedeliveryStore.checkWebhookExists(pool, query.caller(), webhookId))
        .compose(exists -> shownFrom(accountId, query.from()))
        .compose(from -> CauseStore.list(pool, accountId, webhookId, from, to));
  }

  /** The licenses whose deliveries are requested; empty: any. */
  private Future<Optional<List<String>>> licenseIds(Deliveries.ListAll query) {
    if (!query.isSearch()) {
      return Future.succeededFuture(Optional.ofNullable(query.licenseId()).map(List::of));
    }
    Page.Sorted newest = new Page.Sorted(Page.MAX_LIMIT, null);
    return bus.request(Addresses.LIST_LICENSES, new Licenses.List(query.caller(), query.search(), null, null, newest))
        .map(found -> Optional.of(found.data().stream().map(Licenses.License::id)
            .filter(id -> query.licenseId() == null || query.licenseId().equals(id)).toList()));
  }

  private static Optional<EventType> type(String event) {
    return Optional.ofNullable(event).map(name -> EventType.named(name)
        .orElseThrow(() -> Check.invalid("event", "is not a type of event")));
  }

  private Future<Instant> shownFrom(UUID accountId, Instant from) {
    return shownFrom(accountId).map(shown -> from == null || from.isBefore(shown) ? shown : from);
  }

  /** What is older than the plan says is not shown, also while its table is still there. */
  private Future<Instant> shownFrom(UUID accountId) {
    return PlanStore.get(pool, accountId)
        .map(plan -> Instant.now().minus(Duration.ofDays(plans.of(plan).logRetentionDays())));
  }

  private Future<Delivery> get(Caller caller, String id) {
    boolean test = id.startsWith(Id.TEST_DELIVERY.prefix());
    UUID deliveryId = Payload.idOf(test).parse(id);
    return shownFrom(caller.accountId()).compose(from -> LogStore.get(pool, caller, deliveryId, test, from));
  }
}
