package io.keyhook.license;

import io.keyhook.account.Plans;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.LicenseFile;
import io.keyhook.bus.Licenses.Validation.Refused;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Page;
import io.keyhook.db.Database;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.keyhook.fair.Admissions;
import io.keyhook.idempotency.Idempotency;
import io.keyhook.license.PolicyStore.Held;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps licenses and activations, and writes down when devices were last seen. */
public final class LicenseVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(LicenseVerticle.class);

  /** Of a stop, in which deliveries wait for their end. */
  private static final Duration LAST_FLUSH = Duration.ofSeconds(2);

  private final Bus bus;
  private final Database database;
  private final Pool pool;
  private final Idempotency idempotency;
  private final Outbox outbox;
  private final Deactivator deactivator;
  private final Revision revision;
  private final Plans plans;
  private final Admissions admissions;
  private LicenseMaker maker;
  private final LastSeen lastSeen;
  private LicenseSearch search;

  public LicenseVerticle(
      Bus bus, Database database, Idempotency idempotency, Outbox outbox, Plans plans, LastSeen lastSeen,
      Admissions admissions) {
    this.bus = bus;
    this.database = database;
    this.pool = database.pool();
    this.outbox = outbox;
    this.deactivator = new Deactivator(database, outbox);
    this.revision = new Revision(outbox);
    this.idempotency = idempotency;
    this.plans = plans;
    this.lastSeen = lastSeen;
    this.admissions = admissions;
  }

  @Override
  public Future<?> start() {
    search = new LicenseSearch(database, admissions.searches());
    maker = new LicenseMaker(vertx, database, idempotency, outbox, plans, admissions.pacer());
    bus.answer(Addresses.CREATE_LICENSE, maker::create);
    bus.answer(Addresses.CREATE_LICENSES, maker::createMany);
    bus.answer(Addresses.IMPORT_LICENSES, maker::importAll);
    bus.answer(Addresses.LIST_LICENSES, search::list);
    bus.answer(Addresses.GET_LICENSE, query ->
        LicenseStore.get(pool, query.caller().accountId(), Id.LICENSE.parse(query.id())));
    bus.answer(Addresses.GET_LICENSES, query ->
        LicenseStore.getAll(pool, query.caller().accountId(), query.ids().stream().map(Id.LICENSE::parse).toList())
            .map(found -> found.stream().sorted(Comparator.comparingInt(license -> query.ids().indexOf(license.id()))).toList())
            .map(found -> new Page<>(found, null)));
    bus.answer(Addresses.CHECK_DEVICE, query -> LicenseStore.check(pool, query.caller().accountId(),
        Id.LICENSE.parse(query.id()), query.fingerprint()));
    bus.answer(Addresses.CREATE_LICENSE_FILE, this::createFile);
    bus.answer(Addresses.UPDATE_LICENSE, this::update);
    bus.answer(Addresses.DELETE_LICENSE, this::delete);
    bus.answer(Addresses.SET_LICENSE_DISABLED, this::setDisabled);
    bus.answer(Addresses.LIST_ACTIVATIONS, this::listActivations);
    bus.answer(Addresses.DELETE_ACTIVATION, this::deleteActivation);
    vertx.setPeriodic(LastSeen.INTERVAL.toMillis(), timer -> writeLastSeen(lastSeen.flush()));
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return writeLastSeen(lastSeen.flushAll().timeout(LAST_FLUSH.toMillis(), TimeUnit.MILLISECONDS))
        .eventually(search::close);
  }

  private static Future<Void> writeLastSeen(Future<Void> written) {
    return written.otherwise(e -> {
      log.warn("Could not write when devices were last seen; some of it is lost: {}", e.getMessage());
      return null;
    });
  }

  private static Future<Optional<License>> audited(
      SqlClient tx, Caller caller, Action action, Optional<License> license, List<String> changed) {
    return license.isEmpty() ? Future.succeededFuture(license)
        : AuditStore.write(tx, caller, action, license.get().id(), changed).map(license);
  }

  /** Validates in place of the device, which is activated as if it had done so itself. The file is handed out when that is recorded. */
  private Future<LicenseFile> createFile(Licenses.CreateFile request) {
    return LicenseStore.get(pool, request.caller().accountId(), Id.LICENSE.parse(request.id()))
        .compose(license -> bus.request(Addresses.VALIDATE_SIGNED, request.validation(license.key())))
        .compose(signed -> {
          if (signed.validation() instanceof Refused refused) {
            throw refused == Refused.LICENSE_NOT_FOUND ? Id.LICENSE.notFound()
                : new Failure.Conflict(refused.name(), refused.error()).exception();
          }
          return AuditStore.write(pool, request.caller(), Action.LICENSE_FILE_CREATED, request.id(), List.of())
              .map(new LicenseFile(signed.statement()));
        });
  }

  private Future<License> update(Licenses.Update request) {
    UUID accountId = request.caller().accountId();
    UUID licenseId = Id.LICENSE.parse(request.id());
    return database.transaction(tx -> resolve(tx, accountId, licenseId, request).compose(resolved ->
            resolved.update(tx, licenseId)
                .compose(license -> audited(tx, request.caller(), Action.LICENSE_UPDATED, license, request.changed()))
                .compose(changed -> raised(tx, changed, license -> new Raised(accountId, EventType.LICENSE_UPDATED,
                    EventData.updated(resolved.before.orElseThrow(), license, request.caller().name()))))
                .map(changed -> new Updated(changed.after(resolved.reached), resolved))))
        .compose(updated -> dispatched(updated.changed)
            .compose(changed -> changed.isPresent() ? Future.succeededFuture(changed)
                : LicenseStore.unchanged(pool, licenseId, updated.by.change))
            .map(license -> license.orElseThrow(() -> updated.by.taken.expiry() ? policyIsOver(request) : LicenseMaker.inThePast())));
  }

  private static FailureException policyIsOver(Licenses.Update request) {
    return request.terms().policyId().present()
        ? Check.invalid("policyId", "would let the license expire in the past; set expiresAt too, or assign a policy with a longer duration")
        : Check.invalid("inherited", "would let the license expire in the past; leave out expiresAt, or extend the duration of the policy");
  }

  private record Updated(Changed<License> changed, Change by) {}

  /**
   * A change of a locked license.
   *
   * @param before empty: there is none
   * @param reached events of what the license had missed of its policy
   */
  private record Change(
      Optional<License> before, Licenses.Update change, Inheritance.Taken taken, Outbox.Written reached) {
    Future<Optional<License>> update(SqlClient tx, UUID licenseId) {
      return before.isEmpty() ? Future.succeededFuture(Optional.empty()) : LicenseStore.update(tx, licenseId, change, taken);
    }
  }

  /**
   * Locks the license, after the product and the policies that the change needs: a change of a policy locks them in this order. A license
   * that the revision of its policy has not reached is brought into line with it first.
   */
  private Future<Change> resolve(SqlClient tx, UUID accountId, UUID licenseId, Licenses.Update change) {
    return policies(tx, accountId, licenseId, change)
        .compose(policies -> References.hold(tx, accountId, policies, product(change)))
        .compose(held -> LicenseStore.lock(tx, accountId, licenseId).compose(locked -> {
          if (locked.isEmpty()) {
            return Future.succeededFuture(new Change(locked, change, Inheritance.Taken.NOTHING, Outbox.Written.NOTHING));
          }
          License license = locked.get();
          Check.that().is("productId", product(change).equals(held.products()), References.NO_PRODUCT)
              .is("policyId", change.terms().policyId().value() == null || held.policies().containsKey(change.terms().policyId().value()),
                  References.NO_POLICY).done();
          if (!Inheritance.needsPolicy(change)) {
            return Future.succeededFuture(resolved(license, change, null, null, Outbox.Written.NOTHING));
          }
          if (license.policyId() != null && !held.policies().containsKey(license.policyId())) {
            throw new Failure.Unavailable("The policy of the license has just changed; retry").exception();
          }
          return revision.reach(tx, accountId, license).compose(reached ->
              LicenseStore.firstActivatedAt(tx, accountId, licenseId).map(firstActivatedAt -> resolved(reached.license(), change,
                  held.policy(Inheritance.policyAfter(license, change)), firstActivatedAt.orElse(null), reached.written())));
        }));
  }

  private static Change resolved(
      License before, Licenses.Update change, Held policy, Instant firstActivatedAt, Outbox.Written reached) {
    Inheritance.Resolved resolved = Inheritance.update(before, change, policy, firstActivatedAt);
    return new Change(Optional.of(before), resolved.change(), resolved.taken(), reached);
  }

  /** The policies whose terms the change needs: that of the license, and the one that it names. */
  private static Future<Set<UUID>> policies(SqlClient tx, UUID accountId, UUID licenseId, Licenses.Update change) {
    return !Inheritance.needsPolicy(change) ? Future.succeededFuture(Set.of())
        : LicenseStore.policyOf(tx, accountId, licenseId).map(now -> Stream.concat(now.stream(),
            Stream.ofNullable(change.terms().policyId().value()).map(Id.POLICY::parse)).collect(Collectors.toSet()));
  }

  private static Set<UUID> product(Licenses.Update change) {
    return change.terms().productId().value() == null ? Set.of() : Set.of(Id.PRODUCT.parse(change.terms().productId().value()));
  }

  private Future<Void> delete(Licenses.Delete request) {
    UUID accountId = request.caller().accountId();
    UUID licenseId = Id.LICENSE.parse(request.id());
    return database.transaction(tx -> LicenseStore.delete(tx, accountId, licenseId).compose(deleted -> {
      found(deleted.isPresent(), Id.LICENSE);
      return AuditStore.write(tx, request.caller(), Action.LICENSE_DELETED, request.id(), List.of())
          .compose(written -> raised(tx, deleted, gone -> new Raised(accountId, EventType.LICENSE_DELETED,
              EventData.deleted(gone.license(), gone.at(), request.caller().name())).ofGone(EventData.compared(gone.license()))));
    })).compose(this::dispatched).mapEmpty();
  }

  private Future<License> setDisabled(Licenses.SetDisabled request) {
    UUID accountId = request.caller().accountId();
    UUID licenseId = Id.LICENSE.parse(request.id());
    return database.transaction(tx ->
        LicenseStore.setDisabled(tx, accountId, licenseId, request.disabled(), request.caller().name())
            .compose(changed -> audited(tx, request.caller(),
                request.disabled() ? Action.LICENSE_DISABLED : Action.LICENSE_ENABLED, changed, List.of()))
            .compose(changed -> raised(tx, changed, license -> request.disabled()
                ? new Raised(accountId, EventType.LICENSE_DISABLED, EventData.disabled(license), license.sequence())
                : new Raised(accountId, EventType.LICENSE_ENABLED, EventData.enabled(license, request.caller().name())))))
        .compose(this::dispatched)
        .compose(changed -> changed.map(Future::succeededFuture)
            .orElseGet(() -> LicenseStore.get(pool, accountId, licenseId)));
  }

  private record Changed<T>(Optional<T> what, Outbox.Written written) {
    /** The same, after events that the same transaction has written. */
    Changed<T> after(Outbox.Written earlier) {
      return new Changed<>(what, Outbox.Written.of(List.of(earlier, written)));
    }
  }

  /** Writes the event that a change raises, within its transaction. */
  private <T> Future<Changed<T>> raised(SqlClient tx, Optional<T> changed, Function<T, Raised> event) {
    return outbox.write(tx, changed.map(event).map(List::of).orElse(List.of()))
        .map(written -> new Changed<>(changed, written));
  }

  /** Sends the event of a change that is committed. */
  private <T> Future<Optional<T>> dispatched(Changed<T> change) {
    outbox.dispatch(change.written);
    return Future.succeededFuture(change.what);
  }

  private Future<Page<Licenses.Activation>> listActivations(Licenses.ListActivations query) {
    UUID accountId = query.caller().accountId();
    UUID licenseId = Id.LICENSE.parse(query.licenseId());
    return LicenseStore.get(pool, accountId, licenseId)
        .compose(there -> ActivationStore.listActivations(pool, accountId, licenseId, query.page()));
  }

  private Future<Void> deleteActivation(Licenses.DeleteActivation request) {
    UUID accountId = request.caller().accountId();
    UUID licenseId = Id.LICENSE.parse(request.licenseId());
    UUID activationId = Id.ACTIVATION.parse(request.id());
    return deactivator.free(accountId, licenseId,
            tx -> ActivationStore.deleteActivation(tx, accountId, licenseId, activationId), request.caller().name(),
            tx -> AuditStore.write(tx, request.caller(), Action.ACTIVATION_DELETED, request.licenseId(), List.of()))
        .map(license -> {
          found(license.isPresent(), Id.ACTIVATION);
          return null;
        });
  }

  private static void found(boolean found, Id what) {
    if (!found) {
      throw what.notFound();
    }
  }
}
