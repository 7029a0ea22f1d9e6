package io.keyhook.license;

import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses.License;
import io.keyhook.db.ShardClient;
import io.keyhook.db.Shards;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.keyhook.license.ValidationStore.Change;
import io.keyhook.license.ValidationStore.Counted;
import io.keyhook.license.ValidationStore.Device;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * Gives slots to devices, a batch in one transaction, with the events that this raises. Never one too many: the
 * license's row is locked from its count to the commit.
 */
final class Activator {
  static final Comparator<Device> LOCK_ORDER = Comparator.comparing(Device::accountId)
      .thenComparing(Device::licenseId).thenComparing(device -> device.request().fingerprint());

  private final Pool connections;
  private final Shards shards;
  private final Outbox outbox;

  Activator(Pool connections, Shards shards, Outbox outbox) {
    this.connections = connections;
    this.shards = shards;
    this.outbox = outbox;
  }

  /** The result of an activation. */
  sealed interface Outcome {
    record Granted(Counted license, int activations) implements Outcome {}

    enum Denied implements Outcome {
      /** The activation limit was reached in the meantime. */
      FULL,
      /** The device is activated by now, or the license can no longer be activated: look it up again. */
      CHANGED
    }
  }

  Future<List<Outcome>> activate(List<Device> devices) {
    Outcome[] outcomes = new Outcome[devices.size()];
    List<Integer> indexes = IntStream.range(0, devices.size()).boxed().toList();
    return shards.eachInTransaction(connections, indexes, i -> devices.get(i).accountId(),
        (tx, some) -> new Batch(some, some.stream().map(devices::get).toList()).run(tx), batch -> {
          outbox.dispatch(batch.written);
          IntStream.range(0, batch.outcomes.length).forEach(i -> outcomes[batch.indexes.get(i)] = batch.outcomes[i]);
        }).map(done -> Arrays.asList(outcomes));
  }

  private final class Batch {
    private final List<Integer> indexes;
    private final List<Device> devices;
    private final Outcome[] outcomes;
    private final Map<UUID, List<Integer>> newByLicense = new LinkedHashMap<>();
    private final List<Raised> events = new ArrayList<>();
    private Outbox.Written written;

    /**
     * @param indexes of the devices among all
     */
    Batch(List<Integer> indexes, List<Device> devices) {
      this.indexes = indexes;
      this.devices = devices;
      this.outcomes = new Outcome[devices.size()];
      Arrays.fill(outcomes, Outcome.Denied.CHANGED);
    }

    Future<Batch> run(ShardClient tx) {
      int[] order = IntStream.range(0, devices.size()).boxed()
          .sorted(Comparator.comparing(devices::get, LOCK_ORDER)).mapToInt(Integer::intValue).toArray();
      return ValidationStore.addDevices(tx, Arrays.stream(order).mapToObj(devices::get).toList())
          .compose(added -> {
            groupNew(order, added);
            return newByLicense.isEmpty() ? Future.succeededFuture(List.<Counted>of())
                : ValidationStore.countUp(tx, newByLicense.values().stream()
                    .map(items -> change(items.get(0), items.size())).toList());
          })
          .compose(counted -> begin(tx, counted).compose(begun -> {
            grant(counted);
            return takeBack(tx, counted);
          }))
          .compose(done -> outbox.write(tx, events))
          .map(w -> {
            written = w;
            return this;
          });
    }

    private void groupNew(int[] order, Set<String> added) {
      for (int i : order) {
        Device device = devices.get(i);
        // remove, not contains: if one device validates twice in this batch, the second validation is looked up again
        if (added.remove(ValidationStore.deviceKey(device.licenseId(), device.request().fingerprint()))) {
          newByLicense.computeIfAbsent(device.licenseId(), id -> new ArrayList<>()).add(i);
        }
      }
    }

    /** Lets licenses expire whose first activation this is. Receivers that mirror licenses learn of it before the activation. */
    private Future<Void> begin(ShardClient tx, List<Counted> counted) {
      List<Change> licenses = counted.stream().filter(Counted::begun)
          .map(license -> change(newByLicense.get(license.licenseId()).get(0), 0)).toList();
      return ValidationStore.begin(tx, licenses).map(found -> {
        for (License license : found) {
          UUID licenseId = Id.LICENSE.parse(license.id());
          long sequence = license.sequence() - newByLicense.get(licenseId).size();
          int before = license.currentActivations() - newByLicense.get(licenseId).size();
          events.add(new Raised(devices.get(newByLicense.get(licenseId).get(0)).accountId(), EventType.LICENSE_UPDATED,
              EventData.updated(license.at(before, null, sequence - 1), license.at(before, license.expiresAt(), sequence),
                  EventData.KEYHOOK)));
        }
        return null;
      });
    }

    private void grant(List<Counted> counted) {
      for (Counted license : counted) {
        List<Integer> items = newByLicense.get(license.licenseId());
        int before = license.activations() - items.size();
        long sequenceBefore = license.sequence() - items.size();
        for (int n = 0; n < items.size(); n++) {
          int i = items.get(n);
          int activations = before + n + 1;
          if (activations > license.maxActivations()) {
            outcomes[i] = Outcome.Denied.FULL;
          } else {
            outcomes[i] = new Outcome.Granted(license, activations);
            raise(devices.get(i), license, activations, sequenceBefore + n + 1);
          }
        }
      }
    }

    private void raise(Device device, Counted license, int activations, long sequence) {
      events.add(new Raised(device.accountId(), EventType.LICENSE_ACTIVATED,
          EventData.activated(license.licenseId(), license.key(), license.name(), device.request(), activations,
              license.maxActivations(), license.customerName(), license.customerEmail()), sequence, device.trace()));
      events.add(new Raised(device.accountId(), EventType.LICENSE_VALIDATED,
          EventData.validated(license.licenseId(), license.key(), license.name(), device.request(), activations,
              license.maxActivations()), sequence, device.trace()));
    }

    private Future<Void> takeBack(ShardClient tx, List<Counted> counted) {
      List<Device> without = new ArrayList<>();
      Map<UUID, Change> uncount = new TreeMap<>();
      Set<UUID> countedIds = new java.util.HashSet<>();
      counted.forEach(license -> countedIds.add(license.licenseId()));
      newByLicense.forEach((licenseId, items) -> items.forEach(i -> {
        if (!(outcomes[i] instanceof Outcome.Granted)) {
          without.add(devices.get(i));
          if (countedIds.contains(licenseId)) {
            uncount.merge(licenseId, change(i, 1),
                (a, b) -> new Change(a.accountId(), a.licenseId(), a.devices() + b.devices()));
          }
        }
      }));
      if (without.isEmpty()) {
        return Future.succeededFuture();
      }
      return ValidationStore.removeDevices(tx, without)
          .compose(removed -> ValidationStore.countDown(tx, List.copyOf(uncount.values())));
    }

    private Change change(int item, int count) {
      Device device = devices.get(item);
      return new Change(device.accountId(), device.licenseId(), count);
    }
  }
}
