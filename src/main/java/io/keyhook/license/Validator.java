package io.keyhook.license;

import io.keyhook.bus.Failure;
import io.keyhook.bus.Licenses.Deactivate;
import io.keyhook.bus.Licenses.Deactivation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.SignedValidation;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Licenses.ValidateSigned;
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
import io.keyhook.trace.Tracing;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.IntStream;

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
  private static final int ACCOUNTS = 1 << 10;
  private static final int STRANGERS = 64;

  private final Shards shards;
  private final Batcher<Question, Found> lookUps;
  private final Batcher<Validate, UUID> owners;
  private final Batcher<Device, Activator.Outcome> activations;
  private final Batcher<Device, Boolean> beats;
  private final Batcher<Raised, Void> events;
  private final UUID[] accounts = new UUID[SLOTS];
  /** The accounts found last, by their hashes. */
  private final UUID[] latest = new UUID[ACCOUNTS];
  /** The keys whose licenses had terms the last time. */
  private final BitSet hadTerms = new BitSet(SLOTS);
  private final EventFeed feed;
  private final LastSeen lastSeen;
  private final Deactivator deactivator;
  private final Statements statements;
  private final Counts counts;

  /**
   * A key to look up.
   *
   * @param accountId whose it was the last time, or is; null: unknown
   * @param trace the context of the validation's span; null: there is none
   */
  private record Question(Validate request, UUID accountId, String trace) {}

  /** Notes the license that a validation has found. */
  private static final class Witness {
    /** Of validations whose license nobody asks for. */
    private static final Witness NONE = new Witness();

    private Found found;

    private void note(Found license) {
      if (this != NONE) {
        found = license;
      }
    }
  }

  Validator(
      Vertx vertx, Pool client, Shards shards, Activator activator, Deactivator deactivator, Statements statements,
      Outbox outbox, EventFeed feed, LastSeen lastSeen, Counts counts, MeterRegistry meters, Tracing tracing) {
    DistributionSummary lookedUp = BatchSizes.of("look-ups", meters);
    DistributionSummary activated = BatchSizes.of("activations", meters);
    DistributionSummary raised = BatchSizes.of("events", meters);
    this.feed = feed;
    this.lastSeen = lastSeen;
    this.counts = counts;
    this.deactivator = deactivator;
    this.statements = statements;
    this.shards = shards;
    this.lookUps = new Batcher<>(vertx, LOOK_UP_LANES, MAX_BATCH, MAX_WAITING,
        question -> question.accountId == null ? stranger(question.request) : question.accountId, shards,
        traced(tracing, "batch look-ups", Question::trace, batch -> {
          lookedUp.record(batch.size());
          return lookUp(client, batch);
        }));
    this.owners = new Batcher<>(vertx, LOOK_UP_LANES, MAX_BATCH, MAX_WAITING, Validator::stranger, Batcher.Grouping.NONE,
        batch -> ValidationStore.owners(client, batch));
    this.activations = new Batcher<>(vertx, ACTIVATION_LANES, MAX_BATCH, MAX_WAITING, Device::accountId, shards,
        traced(tracing, "batch activations", Device::trace, batch -> {
          activated.record(batch.size());
          return activator.activate(batch);
        }));
    this.beats = new Batcher<>(vertx, ACTIVATION_LANES, MAX_BATCH, MAX_WAITING, Device::accountId, shards,
        batch -> beat(client, batch));
    this.events = new Batcher<>(vertx, EVENT_LANES, MAX_BATCH, MAX_WAITING, Raised::accountId, shards,
        traced(tracing, "batch events", Raised::trace, batch -> {
          raised.record(batch.size());
          return outbox.commit(client, batch).map(Collections.nCopies(batch.size(), null));
        }));
  }

  private static <I, O> Function<List<I>, Future<List<O>>> traced(
      Tracing tracing, String name, Function<I, String> trace, Function<List<I>, Future<List<O>>> statement) {
    return tracing.isOn()
        ? batch -> tracing.batch(name, batch.stream().map(trace).toList(), () -> statement.apply(batch)) : statement;
  }

  /**
   * Validates a license.
   *
   * @param trace the context of the validation's span; null: there is none
   */
  Future<Validation> validate(Validate request, String trace) {
    return validate(request, trace, Witness.NONE, 1);
  }

  /**
   * Validates a license and signs the result. The activation of a new device is committed before, so that a device which gets no
   * signature is known when it repeats the call.
   *
   * @param trace the context of the validation's span; null: there is none
   */
  Future<SignedValidation> validateSigned(ValidateSigned request, String trace) {
    Witness witness = new Witness();
    return validate(request.validate(), trace, witness, 1).compose(validation -> witness.found == null
        ? Future.succeededFuture(new SignedValidation(validation, null))
        : statements.sign(request, witness.found, validation));
  }

  /** Frees the activation of a device. */
  Future<Deactivation> deactivate(Deactivate request) {
    return find(Validate.of(request.licenseKey(), request.fingerprint()), null).compose(found -> {
      if (found == null) {
        return Future.succeededFuture(Deactivation.Refused.LICENSE_NOT_FOUND);
      }
      if (found.suspended()) {
        return Future.succeededFuture(Deactivation.Refused.ACCOUNT_SUSPENDED);
      }
      return deactivator.free(found.accountId(), found.licenseId(),
              tx -> ActivationStore.deleteDevice(tx, found.accountId(), found.licenseId(), request.fingerprint()), null,
              tx -> Future.succeededFuture())
          .map(license -> new Deactivation.Done(license.isPresent(),
              license.map(License::currentActivations).orElse(found.activations()), found.maxActivations()));
    });
  }

  /** How many validations wait for the database. */
  int waiting() {
    return lookUps.waiting() + owners.waiting() + activations.waiting() + beats.waiting() + events.waiting();
  }

  private Future<Validation> validate(Validate request, String trace, Witness witness, int lookUp) {
    return find(request, trace).compose(found -> {
      if (found == null) { // nobody's: it is in nobody's statistics
        witness.note(null);
        return Future.succeededFuture(Refused.LICENSE_NOT_FOUND);
      }
      note(slot(request), found);
      witness.note(found);
      Refused refused = Refusals.of(found.suspended(), found.isForOther(request.productId()), found.disabled(), found.expired(),
          found.known(), found.activations(), found.maxActivations());
      if (refused != null) {
        return refused(found, refused);
      }
      if (!found.known()) {
        return activate(request, found, trace, witness, lookUp);
      }
      return found.terms() == null || !found.terms().beat() ? known(request, found, trace)
          : beat(request, found, trace, witness, lookUp);
    });
  }

  /** Writes at once that a device was seen that would otherwise be freed by and by. */
  private Future<Validation> beat(Validate request, Found found, String trace, Witness witness, int lookUp) {
    return beats.add(new Device(found.accountId(), found.licenseId(), request, trace)).compose(activated -> activated
        ? known(request, found, trace) : again(request, trace, witness, lookUp));
  }

  private Future<Validation> again(Validate request, String trace, Witness witness, int lookUp) {
    return lookUp < MAX_LOOK_UPS ? validate(request, trace, witness, lookUp + 1)
        : Future.failedFuture(new Failure.Unavailable("The license keeps changing; retry").exception());
  }

  private Future<List<Boolean>> beat(Pool client, List<Device> batch) {
    Boolean[] activated = new Boolean[batch.size()];
    List<Integer> inOrder = IntStream.range(0, batch.size()).boxed()
        .sorted(Comparator.comparing(batch::get, Activator.LOCK_ORDER)).toList();
    return shards.each(client, inOrder, i -> batch.get(i).accountId(),
        (shard, some) -> ValidationStore.beat(shard, some.stream().map(batch::get).toList()).map(seen -> {
          some.forEach(i -> activated[i] = seen.contains(
              ValidationStore.deviceKey(batch.get(i).licenseId(), batch.get(i).request().fingerprint())));
          return null;
        })).map(done -> Arrays.asList(activated));
  }

  /**
   * Null where no license has the key. On a distributed database it is looked up in the shard of the account that it was found
   * in the last time, and, if it is not there, in that of the account that has it.
   */
  private Future<Found> find(Validate request, String trace) {
    UUID likely = accounts[slot(request)];
    if (!shards.areMany()) {
      return lookUps.add(new Question(request, likely, trace));
    }
    Future<Found> found =
        likely == null ? Future.succeededFuture() : lookUps.add(new Question(request, likely, trace));
    return found.compose(known -> known != null ? Future.succeededFuture(known)
        : owners.add(request).compose(owner -> owner == null || owner.equals(likely) ? Future.succeededFuture()
            : lookUps.add(new Question(request, owner, trace))));
  }

  private Future<List<Found>> lookUp(Pool client, List<Question> batch) {
    Found[] all = new Found[batch.size()];
    List<Integer> indexes = IntStream.range(0, batch.size()).boxed().toList();
    boolean terms = batch.stream().anyMatch(question -> hadTerms.get(slot(question.request)));
    return shards.each(client, indexes, i -> batch.get(i).accountId,
        (shard, some) -> ValidationStore.lookUp(shard, some.stream().map(i -> batch.get(i).request).toList(), terms).map(found -> {
          IntStream.range(0, some.size()).forEach(i -> all[some.get(i)] = found.get(i));
          return null;
        })).map(done -> Arrays.asList(all));
  }

  private Future<Validation> refused(Found found, Refused refused) {
    counts.refused(found.accountId());
    return Future.succeededFuture(refused);
  }

  private Future<Validation> known(Validate request, Found found, String trace) {
    lastSeen.note(found.accountId(), found.licenseId(), request.fingerprint());
    Validation valid =
        new Validation.Valid(found.name(), found.expiresAt(), found.activations(), found.maxActivations(), found.graceUntil(),
            found.entitlements());
    if (!found.wanted() && !feed.isHeard()) {
      counts.valid(found.accountId());
      return Future.succeededFuture(valid);
    }
    String data = EventData.validated(found.licenseId(), found.key(), found.name(), completed(request, found),
        found.activations(), found.maxActivations());
    return events.add(new Raised(found.accountId(), EventType.LICENSE_VALIDATED, data, found.sequence(), trace)).map(written -> {
      counts.valid(found.accountId());
      return valid;
    });
  }

  private Future<Validation> activate(Validate request, Found found, String trace, Witness witness, int lookUp) {
    return activations.add(new Device(found.accountId(), found.licenseId(), request, trace)).compose(outcome -> {
      if (outcome instanceof Activator.Outcome.Granted granted) {
        ValidationStore.Counted license = granted.license();
        counts.valid(found.accountId());
        counts.activated(found.accountId());
        return Future.succeededFuture(new Validation.Valid(
            license.name(), license.expiresAt(), granted.activations(), license.maxActivations(), found.graceUntil(),
            found.entitlements()));
      }
      if (outcome == Activator.Outcome.Denied.FULL) {
        return refused(found, Refused.MAX_ACTIVATIONS_REACHED);
      }
      return again(request, trace, witness, lookUp);
    });
  }

  /**
   * The turn of a key that was not found yet. Those share a few turns: neither is one that floods all of them, nor has who
   * makes keys up one for each.
   */
  private static Object stranger(Validate request) {
    return slot(request) % STRANGERS;
  }

  private static int slot(Validate request) {
    return request.licenseKey().hashCode() & SLOTS - 1;
  }

  /**
   * Notes what the next look-up of the key will probably find. One object stands for an account, so that what compares accounts
   * finds it in the processor's cache.
   */
  private void note(int slot, Found found) {
    int number = found.accountId().hashCode() & ACCOUNTS - 1;
    if (!found.accountId().equals(latest[number])) {
      latest[number] = found.accountId();
    }
    if (accounts[slot] != latest[number]) {
      accounts[slot] = latest[number];
    }
    if (hadTerms.get(slot) != (found.terms() != null)) {
      hadTerms.flip(slot);
    }
  }

  /** Fills in missing details of the device from its activation. */
  private static Validate completed(Validate request, Found found) {
    if (request.deviceName() != null && request.deviceType() != null && request.ipAddress() != null) {
      return request;
    }
    return new Validate(request.licenseKey(), request.fingerprint(),
        request.deviceName() == null ? found.deviceName() : request.deviceName(),
        request.deviceType() == null ? found.deviceType() : request.deviceType(),
        request.ipAddress() == null ? found.ipAddress() : request.ipAddress(), request.productId());
  }
}
