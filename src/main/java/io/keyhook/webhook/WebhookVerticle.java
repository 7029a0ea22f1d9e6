package io.keyhook.webhook;

import io.keyhook.account.PlanStore;
import io.keyhook.account.Plans;
import io.keyhook.attempt.Signer;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.bus.Deliveries.SendTest;
import io.keyhook.bus.Deliveries.WebhookChanged;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.TestResult;
import io.keyhook.bus.Webhooks.Webhook;
import io.keyhook.bus.Webhooks.WithSecret;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.event.EventType;
import io.keyhook.event.Subscription;
import io.keyhook.fair.Admissions;
import io.keyhook.idempotency.Idempotency;
import io.keyhook.license.EventSamples;
import io.keyhook.target.TargetPolicy;
import io.keyhook.webhook.WebhookStore.StoredFormat;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps webhooks and their secrets. Creating and updating a webhook may wait for a name server that the tenant chose, so these
 * calls take turns here: for a shared connection before and after, and for neither in between.
 */
public final class WebhookVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(WebhookVerticle.class);

  private final Bus bus;
  private final Database database;
  private final Pool pool;
  private final Cipher cipher;
  private final Idempotency idempotency;
  private final Plans plans;
  private final TargetPolicy policy;
  private final Admissions admissions;
  private final SecureRandom random = new SecureRandom();
  private final Headers headers;
  private final int longestRetention;
  private Registration registration;

  public WebhookVerticle(
      Bus bus, Database database, Cipher cipher, Idempotency idempotency, Plans plans, TargetPolicy policy,
      Admissions admissions) {
    this.bus = bus;
    this.database = database;
    this.pool = database.pool();
    this.cipher = cipher;
    this.idempotency = idempotency;
    this.plans = plans;
    this.policy = policy;
    this.admissions = admissions;
    this.headers = new Headers(cipher, policy);
    this.longestRetention = Collections.max(plans.allRetentions()) + 2; // a log goes by whole days
  }

  @Override
  public Future<?> start() {
    registration = new Registration(vertx, bus, policy, admissions.names());
    bus.answer(Addresses.CREATE_WEBHOOK, this::create);
    bus.answer(Addresses.LIST_WEBHOOKS, query -> WebhookStore.list(pool, query));
    bus.answer(Addresses.GET_WEBHOOK, query -> WebhookStore.get(pool, query.caller(), Id.WEBHOOK.parse(query.id())));
    bus.answer(Addresses.UPDATE_WEBHOOK, this::update);
    bus.answer(Addresses.DELETE_WEBHOOK, this::delete);
    bus.answer(Addresses.SET_WEBHOOK_PAUSED, this::setPaused);
    bus.answer(Addresses.ROTATE_SECRET, this::rotate);
    bus.answer(Addresses.LIST_EVENT_TYPES, query -> Future.succeededFuture(EventSamples.all(Instant.now())));
    bus.answer(Addresses.PREVIEW_WEBHOOK, request -> Future.succeededFuture(Formats.preview(request)));
    bus.answer(Addresses.TEST_WEBHOOK, this::test);
    return Future.succeededFuture();
  }

  private Future<WithSecret> create(Webhooks.Create request) {
    UUID accountId = request.caller().accountId();
    Subscription events = Subscription.of(request.events());
    String secret = request.secret() == null ? Signer.newSecret(random) : request.secret();
    Webhooks.Owner owner = Ownership.of(request);
    Ownership.check(request.caller(), owner.customer(), events);
    headers.check(request);
    StoredFormat format = Formats.of(request.options());
    return manage(accountId, () -> checkHasWebhooks(accountId))
        .compose(allowed -> registration.check(request.caller(), request.url()))
        .compose(allowed -> registration.checkTokenUrl(request.caller(), request.authentication()))
        .compose(allowed -> manage(accountId, () -> database.transaction(tx -> PlanStore.lock(tx, accountId)
            .compose(plan -> checkLink(tx, request.caller()).compose(held -> checkRoom(tx, request.caller())).map(plan))
            .compose(plan -> WebhookStore.count(tx, accountId).compose(used -> {
              plans.checkHasWebhooks(plan);
              Plans.checkRoom(plan, plans.of(plan).maxWebhooks(), used.count(), "webhooks");
              return WebhookStore.insert(tx, used.newId(), request, events,
                  cipher.seal(secret, accountId, used.newId()), headers.of(request, used.newId()), format, owner)
                  .compose(webhook -> Formats.keep(tx, accountId, used.newId(), format, longestRetention)
                      .compose(kept -> WebhookStore.beginPace(
                          tx, accountId, used.newId(), request.options().rateLimit(), request.options().ordering()))
                      .map(webhook));
            })).compose(webhook -> audited(tx, request.caller(), Action.WEBHOOK_CREATED, webhook, List.of()))
            .compose(webhook -> idempotency.keep(tx, request.caller(), new WithSecret(webhook, secret))))));
  }

  /** Fails if the caller's portal has ended while a name was resolved, for which a customer may let us wait. */
  private static Future<Void> checkLink(SqlClient tx, Caller caller) {
    return caller.portal() == null ? Future.succeededFuture()
        : WebhookStore.holdLink(tx, caller.accountId(), caller.actor().id(Id.PORTAL_LINK)).map(held -> {
          if (!held) {
            throw new Failure.Unauthorized("The credential is invalid or has expired").exception();
          }
          return null;
        });
  }

  /** Fails if the caller is a customer who has all the webhooks that the portal allows. The account's usage is locked. */
  private static Future<Void> checkRoom(SqlClient tx, Caller caller) {
    return caller.portal() == null ? Future.succeededFuture()
        : WebhookStore.count(tx, caller.accountId(), caller.customer()).map(used -> {
          Ownership.checkRoom(caller.portal(), used);
          return null;
        });
  }

  /** Runs statements when it is the account's turn for a shared connection. */
  private <T> Future<T> manage(UUID accountId, Supplier<Future<T>> statements) {
    return admissions.management().run(accountId, statements);
  }

  private Future<Webhook> update(Webhooks.Update request) {
    UUID accountId = request.caller().accountId();
    UUID webhookId = Id.WEBHOOK.parse(request.id());
    Subscription events = request.events().present() ? Subscription.of(request.events().value()) : null;
    return manage(accountId, () -> WebhookStore.get(pool, request.caller(), webhookId)
            .compose(there -> {
              Ownership.check(request, there, events);
              return checkPlan(request).map(there);
            }))
        .compose(there -> checkUrl(request, there))
        .compose(allowed -> manage(accountId, () -> change(request, webhookId, events)));
  }

  private Future<Webhook> change(Webhooks.Update request, UUID webhookId, Subscription events) {
    UUID accountId = request.caller().accountId();
    boolean deactivates = request.isActive().present() && !request.isActive().value();
    return database.transaction(tx -> checkLink(tx, request.caller())
            .compose(held -> headers.changed(tx, webhookId, request))
            .compose(changed -> Formats.changed(tx, webhookId, request, longestRetention)
                .compose(format -> WebhookStore.beginPace(tx, accountId, webhookId, request.options().rateLimit().value(),
                    request.options().ordering().value()).map(format))
                .compose(format -> WebhookStore.changedFilters(tx, webhookId, request)
                    .compose(filters -> WebhookStore.update(tx, webhookId, request, events, changed, format, filters))))
            .compose(changed -> changed.isEmpty() ? Future.succeededFuture(changed)
                : audited(tx, request.caller(), Action.WEBHOOK_UPDATED, changed.get(), request.changed())
                    .map(Optional::of)))
        .compose(changed -> {
          changed.ifPresent(webhook -> bus.publish(Addresses.WEBHOOK_CHANGED, new WebhookChanged(webhookId)));
          return changed.map(Future::succeededFuture).orElseGet(() -> WebhookStore.get(pool, request.caller(), webhookId));
        })
        // also of one that is not active already: the request that deactivated it may have failed after that
        .compose(webhook -> deactivates ? cancelPending(accountId, webhookId).map(webhook)
            : Future.succeededFuture(webhook));
  }

  /** Fails if the change activates the webhook and the plan allows none. */
  private Future<Void> checkPlan(Webhooks.Update request) {
    boolean activates = request.isActive().present() && request.isActive().value();
    return activates ? checkHasWebhooks(request.caller().accountId()) : Future.succeededFuture();
  }

  /** Fails if the change sets another URL, or a token endpoint, that may not be used. */
  private Future<Void> checkUrl(Webhooks.Update request, Webhook there) {
    boolean moves = request.url().present() && !request.url().value().equals(there.url());
    return (moves ? registration.check(request.caller(), request.url().value()) : Future.<Void>succeededFuture())
        .compose(allowed -> registration.checkTokenUrl(request.caller(), request.authentication().value()));
  }

  private Future<Void> delete(Webhooks.Delete request) {
    UUID accountId = request.caller().accountId();
    UUID webhookId = Id.WEBHOOK.parse(request.id());
    return database.transaction(tx -> WebhookStore.delete(tx, request.caller(), webhookId).compose(deleted -> {
      if (!deleted) {
        throw Id.WEBHOOK.notFound();
      }
      return AuditStore.write(tx, request.caller(), Action.WEBHOOK_DELETED, request.id(), List.of());
    })).compose(deleted -> cancelPending(accountId, webhookId));
  }

  private Future<Webhook> setPaused(Webhooks.SetPaused request) {
    UUID accountId = request.caller().accountId();
    UUID webhookId = Id.WEBHOOK.parse(request.id());
    Action action = request.paused() ? Action.WEBHOOK_PAUSED : Action.WEBHOOK_RESUMED;
    return WebhookStore.get(pool, request.caller(), webhookId)
        .compose(there -> database.transaction(tx -> WebhookStore.setPaused(tx, accountId, webhookId, request.paused())
            .compose(changed -> changed.isEmpty() ? Future.succeededFuture()
                : audited(tx, request.caller(), action, changed.get(), List.of()))))
        .compose(written -> WebhookStore.get(pool, request.caller(), webhookId))
        .compose(webhook -> {
          if (!webhook.isActive()) {
            throw new Failure.Conflict("WEBHOOK_INACTIVE",
                "The webhook is not active; only an active webhook can be paused and resumed").exception();
          }
          bus.publish(Addresses.WEBHOOK_CHANGED, new WebhookChanged(webhookId));
          return webhook.pausedAt() == null ? Future.succeededFuture(webhook) : park(accountId, webhookId).map(webhook);
        });
  }

  /** Completes after the first batch. What the rest misses is parked when it becomes due. */
  private Future<Void> park(UUID accountId, UUID webhookId) {
    return WebhookStore.park(pool, accountId, webhookId).map(parked -> {
      if (parked == WebhookStore.PARK_BATCH) {
        park(accountId, webhookId).onFailure(e ->
            log.warn("Could not park all deliveries of a paused webhook; they are parked when they become due: {}",
                e.getMessage()));
      }
      return null;
    });
  }

  private Future<WithSecret> rotate(Webhooks.RotateSecret request) {
    UUID accountId = request.caller().accountId();
    UUID webhookId = Id.WEBHOOK.parse(request.id());
    String secret = Signer.newSecret(random);
    return database.transaction(tx -> WebhookStore.lockOverlaps(tx, request.caller(), webhookId)
            .compose(overlaps -> {
              checkOverlaps(request, overlaps);
              return WebhookStore.rotate(tx, accountId, webhookId, cipher.seal(secret, accountId, webhookId),
                  request.overlapHours());
            })
            .compose(webhook -> audited(tx, request.caller(), Action.WEBHOOK_SECRET_ROTATED, webhook, List.of()))
            .compose(webhook -> idempotency.keep(tx, request.caller(), new WithSecret(webhook, secret))))
        .onSuccess(rotated -> bus.publish(Addresses.WEBHOOK_CHANGED, new WebhookChanged(webhookId)));
  }

  /** Each secret keeps the overlap that it was promised, so there must be an end to how many do. */
  private static void checkOverlaps(Webhooks.RotateSecret request, List<Instant> overlaps) {
    if (request.overlapHours() > 0 && overlaps.size() >= Webhooks.MAX_PREVIOUS_SECRETS) {
      throw new Failure.Conflict("TOO_MANY_SECRETS", overlaps.size() + " previous secrets of this webhook still sign its"
          + " deliveries. Rotate again after " + JsonText.time(Collections.min(overlaps)) + ", when the next of them ends, or"
          + " set overlapHours to 0 to end all of them at once").exception();
    }
  }

  private static Future<Webhook> audited(
      SqlClient tx, Caller caller, Action action, Webhook webhook, List<String> changed) {
    return AuditStore.write(tx, caller, action, webhook.id(), changed).map(webhook);
  }

  private Future<TestResult> test(Webhooks.Test request) {
    UUID accountId = request.caller().accountId();
    UUID webhookId = Id.WEBHOOK.parse(request.webhookId());
    EventType type = request.event() == null ? EventType.WEBHOOK_TEST : EventType.named(request.event())
        .orElseThrow(() -> Check.invalid("event", "is not a type of event"));
    return WebhookStore.get(pool, request.caller(), webhookId)
        .compose(there -> checkHasWebhooks(accountId)
            .compose(allowed -> AuditStore.write(
                pool, request.caller(), Action.WEBHOOK_TESTED, request.webhookId(), List.of()))
            .compose(written -> bus.request(Addresses.SEND_TEST,
                new SendTest(accountId, webhookId, type.code(), testData(type, there)))));
  }

  private static String testData(EventType type, Webhook webhook) {
    if (type != EventType.WEBHOOK_TEST) {
      return EventSamples.data(type, Instant.now(), Subscription.of(webhook.events()).isSequenced());
    }
    return Formats.testData(webhook.id());
  }

  private Future<Void> checkHasWebhooks(UUID accountId) {
    return PlanStore.get(pool, accountId).map(plan -> {
      plans.checkHasWebhooks(plan);
      return null;
    });
  }

  private Future<Void> cancelPending(UUID accountId, UUID webhookId) {
    return bus.request(Addresses.CANCEL_PENDING, new CancelPending(accountId, webhookId));
  }
}
