package io.keyhook.license;

import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Policies.Policy;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outbox.Written;
import io.keyhook.event.Raised;
import io.keyhook.license.EventData.Change;
import io.keyhook.license.PolicyStore.Before;
import io.keyhook.license.PolicyStore.Held;
import io.keyhook.license.PolicyStore.Revised;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/** Brings the licenses of a changed policy into line with it, piece by piece, with the events that this raises. */
final class Revision {
  /** Licenses of one transaction, which nobody can change meanwhile. */
  private static final int PIECE = 500;
  /** Changes of a policy that its row remembers until they have reached all licenses. */
  private static final int MAX_EARLIER = 20;

  private final Outbox outbox;

  Revision(Outbox outbox) {
    this.outbox = outbox;
  }

  /**
   * @param isLast whether all licenses are done, or another node does them
   */
  record Step(Written written, boolean isLast) {
    static final Step NOTHING = new Step(Written.NOTHING, true);
  }

  /**
   * Whether a change of a policy is an event of its licenses beyond what is in their rows, and somebody wants it.
   *
   * @throws io.keyhook.bus.FailureException too many changes have not reached all licenses
   */
  Future<Boolean> isAnnounced(SqlClient tx, UUID accountId, Held before, Policy after) {
    if (Inheritance.said(before.policy()).equals(Inheritance.said(after))) {
      return Future.succeededFuture(false);
    }
    return outbox.isWanted(tx, accountId, EventType.LICENSE_UPDATED).map(wanted -> {
      if (wanted && before.earlier() >= MAX_EARLIER) {
        throw new Failure.Unavailable(MAX_EARLIER + " changes of this policy have not reached all of its licenses yet; retry").exception();
      }
      return wanted;
    });
  }

  /** Does the next piece within a transaction, which locks the policy. */
  Future<Step> step(SqlClient tx, Revised policy) {
    return PolicyStore.lockRevision(tx, policy).compose(locked -> locked.isEmpty() ? Future.succeededFuture(Step.NOTHING)
        : PolicyStore.next(tx, policy, locked.get().after(), PIECE).compose(before -> {
          boolean last = before.size() < PIECE;
          UUID after = last ? null : Id.LICENSE.parse(before.get(before.size() - 1).license().id());
          return revise(tx, policy, locked.get(), before)
              .compose(revised -> PolicyStore.revisedTo(tx, policy, after).map(new Step(revised.written, last)));
        }));
  }

  /**
   * A license as its policy has it now.
   *
   * @param written the event of the change that it had missed
   */
  record Reached(License license, Written written) {}

  /**
   * Brings a license into line that the revision of its policy has not reached, so that it leaves its policy with what the policy says.
   *
   * @param license locked by the transaction, which also holds its policy
   */
  Future<Reached> reach(SqlClient tx, UUID accountId, License license) {
    Reached reached = new Reached(license, Written.NOTHING);
    if (license.policyId() == null) {
      return Future.succeededFuture(reached);
    }
    UUID licenseId = Id.LICENSE.parse(license.id());
    Revised policy = new Revised(accountId, Id.POLICY.parse(license.policyId()));
    return PolicyStore.pending(tx, policy, licenseId).compose(pending -> pending.isEmpty() ? Future.succeededFuture(reached)
        : PolicyStore.only(tx, accountId, licenseId).compose(before -> revise(tx, policy, pending.get(), before))
            .map(revised -> new Reached(revised.licenses.stream().findAny().orElse(license), revised.written)));
  }

  private record Lined(List<License> licenses, Written written) {}

  private Future<Lined> revise(SqlClient tx, Revised policy, PolicyStore.Revision revision, List<Before> licenses) {
    return outbox.isWanted(tx, policy.accountId(), EventType.LICENSE_UPDATED).compose(wanted -> {
      Map<String, Map<String, Change>> missed = wanted ? missed(revision, licenses) : Map.of();
      return PolicyStore.revise(tx, policy, licenses, missed.keySet()).compose(changed -> !wanted || changed.isEmpty()
          ? Future.succeededFuture(new Lined(changed, Written.NOTHING))
          : outbox.queue(tx, events(policy.accountId(), licenses, changed, missed, revision.by()))
              .map(written -> new Lined(changed, written)));
    });
  }

  /** What each license has not been an event about, by its id. */
  private static Map<String, Map<String, Change>> missed(PolicyStore.Revision revision, List<Before> licenses) {
    Map<String, Map<String, Change>> missed = new HashMap<>();
    Map<String, Object> now = Inheritance.said(revision.policy());
    for (Before before : licenses) {
      Map.Entry<Integer, Map<String, Object>> announced = revision.earlier().ceilingEntry(before.revision());
      Map<String, Change> changes = announced == null ? Map.of() : Inheritance.changes(before.license(), announced.getValue(), now);
      if (!changes.isEmpty()) {
        missed.put(before.license().id(), changes);
      }
    }
    return missed;
  }

  private static List<Raised> events(
      UUID accountId, List<Before> before, List<License> changed, Map<String, Map<String, Change>> missed, String by) {
    Map<String, License> old = before.stream().collect(Collectors.toMap(one -> one.license().id(), Before::license));
    return changed.stream().map(license -> new Raised(accountId, EventType.LICENSE_UPDATED,
        EventData.updated(old.get(license.id()), license, missed.getOrDefault(license.id(), Map.of()), by))).toList();
  }
}
