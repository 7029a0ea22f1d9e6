package io.keyhook.license;

import io.keyhook.bus.Failure;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Licenses.Validation;
import io.keyhook.bus.Licenses.Validation.Refused;
import io.keyhook.db.BatchSizes;
import io.keyhook.db.Batcher;
import io.keyhook.db.Shards;
import io.keyhook.event.EventFeed;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.keyhook.license.ValidationStore.Device;
import io.keyhook.license.ValidationStore.Found;
import io.keyhook.stats.Counts;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.util.Collections;
import java.util.UUID;

/**
 * Carries out validations. Each looks its license up in PostgreSQL, in a batch with those that arrived in the meantime. One that
 * raises an event or activates a device completes when that is committed. Belongs to one event loop.
 */
final class Validator {
  private static final int MAX_BATCH = 256;
  /** A fraction of a second's work. */
  private static final int MAX_WAITING = 6144;
  /** One look-up at a time gathers the largest batches; of commits, a second waits for the disk beside the first. */
  private static final int LOOK_UP_LANES = 1;
  private static final int EVENT_LANES = 2;
  private static final int ACTIVATION_LANES = 1;
  private static final int MAX_LOOK_UPS = 4;
  private static final int SLOTS = 1 << 16;
  private static final int STRANGERS = 64;

  private final Batcher<Validate, Found> lookUps;
  private final Batcher<Device, Activator.Outcome> activations;
  private final Batcher<Raised, Void> events;
  private final UUID[] accounts = new UUID[SLOTS];
  private final EventFeed feed;
  private final LastSeen lastSeen;
  private final Counts counts;

  Validator(
      Vertx vertx, SqlClient client, Shards shards, Activator activator, Outbox outbox, EventFeed feed, LastSeen lastSeen,
      Counts counts, MeterRegistry meters) {
    DistributionSummary lookedUp = BatchSizes.of("look-ups", meters);
    DistributionSummary activated = BatchSizes.of("activations", meters);
    DistributionSummary raised = BatchSizes.of("events", meters);
    this.feed = feed;
    this.lastSeen = lastSeen;
    this.counts = counts;
    this.lookUps = new Batcher<>(vertx, LOOK_UP_LANES, MAX_BATCH, MAX_WAITING, this::likelyTenant, shards::group,
        batch -> {
          lookedUp.record(batch.size());
          return ValidationStore.lookUp(client, shards, batch, likelyAccount(batch.get(0)));
        });
    this.activations = new Batcher<>(vertx, ACTIVATION_LANES, MAX_BATCH, MAX_WAITING, Device::accountId, shards::group,
        batch -> {
          activated.record(batch.size());
          return activator.activate(batch);
        });
    this.events = new Batcher<>(vertx, EVENT_LANES, MAX_BATCH, MAX_WAITING, Raised::accountId, shards::group,
        batch -> {
          raised.record(batch.size());
          return outbox.write(client, batch).map(written -> {
            outbox.dispatch(written);
            return Collections.nCopies(batch.size(), null);
          });
        });
  }

  Future<Validation> validate(Validate request) {
    return validate(request, 1);
  }

  /** How many validations wait for the database. */
  int waiting() {
    return lookUps.waiting() + activations.waiting() + events.waiting();
  }

  private Future<Validation> validate(Validate request, int lookUp) {
    return lookUps.add(request).compose(found -> {
      if (found == null) { // nobody's: it is in nobody's statistics
        return Future.succeededFuture(Refused.LICENSE_NOT_FOUND);
      }
      accounts[slot(request)] = found.accountId();
      Refused refused = Refusals.of(found.disabled(), found.expired(), found.known(), found.activations(),
          found.maxActivations());
      if (refused != null) {
        return refused(found, refused);
      }
      return found.known() ? known(request, found) : activate(request, found, lookUp);
    });
  }

  private Future<Validation> refused(Found found, Refused refused) {
    counts.refused(found.accountId());
    return Future.succeededFuture(refused);
  }

  private Future<Validation> known(Validate request, Found found) {
    lastSeen.note(found.accountId(), found.licenseId(), request.fingerprint());
    Validation valid =
        new Validation.Valid(found.name(), found.expiresAt(), found.activations(), found.maxActivations());
    if (!found.wanted() && !feed.isHeard()) {
      counts.valid(found.accountId());
      return Future.succeededFuture(valid);
    }
    String data = EventData.validated(found.licenseId(), found.key(), found.name(), completed(request, found),
        found.activations(), found.maxActivations());
    return events.add(new Raised(found.accountId(), EventType.LICENSE_VALIDATED, data)).map(written -> {
      counts.valid(found.accountId());
      return valid;
    });
  }

  private Future<Validation> activate(Validate request, Found found, int lookUp) {
    return activations.add(new Device(found.accountId(), found.licenseId(), request)).compose(outcome -> {
      if (outcome instanceof Activator.Outcome.Granted granted) {
        ValidationStore.Counted license = granted.license();
        counts.valid(found.accountId());
        counts.activated(found.accountId());
        return Future.succeededFuture(new Validation.Valid(
            license.name(), license.expiresAt(), granted.activations(), license.maxActivations()));
      }
      if (outcome == Activator.Outcome.Denied.FULL) {
        return refused(found, Refused.MAX_ACTIVATIONS_REACHED);
      }
      return lookUp < MAX_LOOK_UPS ? validate(request, lookUp + 1)
          : Future.failedFuture(new Failure.Unavailable("The license keeps changing; retry").exception());
    });
  }

  /**
   * Whose key it was the last time. Those that were not found yet share a few turns: neither is one that floods all of
   * them, nor has who makes keys up one for each. It decides about turns, and where the key is looked up first.
   */
  private Object likelyTenant(Validate request) {
    UUID account = likelyAccount(request);
    return account == null ? slot(request) % STRANGERS : (Object) account;
  }

  /** Null: unknown. */
  private UUID likelyAccount(Validate request) {
    return accounts[slot(request)];
  }

  private static int slot(Validate request) {
    return request.licenseKey().hashCode() & SLOTS - 1;
  }

  /** Fills in missing details of the device from its activation. */
  private static Validate completed(Validate request, Found found) {
    if (request.deviceName() != null && request.deviceType() != null && request.ipAddress() != null) {
      return request;
    }
    return new Validate(request.licenseKey(), request.fingerprint(),
        request.deviceName() == null ? found.deviceName() : request.deviceName(),
        request.deviceType() == null ? found.deviceType() : request.deviceType(),
        request.ipAddress() == null ? found.ipAddress() : request.ipAddress());
  }
}
