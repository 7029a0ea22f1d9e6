package io.keyhook.license;

import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses.License;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outbox.Written;
import io.keyhook.event.Raised;
import io.keyhook.license.PolicyStore.Revised;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Brings the licenses of a changed policy into line with it, piece by piece, with the events that this raises. */
final class Revision {
  /** Licenses of one transaction, which nobody can change meanwhile. */
  private static final int PIECE = 500;

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

  /** Does the next piece within a transaction, which locks the policy. */
  Future<Step> step(SqlClient tx, Revised policy) {
    return PolicyStore.lockRevision(tx, policy).compose(locked -> locked.isEmpty() ? Future.succeededFuture(Step.NOTHING)
        : PolicyStore.next(tx, policy, locked.get().after(), PIECE).compose(before -> {
          boolean last = before.size() < PIECE;
          UUID after = last ? null : Id.LICENSE.parse(before.get(before.size() - 1).id());
          return PolicyStore.revise(tx, policy, before)
              .compose(changed -> raise(tx, policy.accountId(), before, changed, locked.get().by()))
              .compose(written -> PolicyStore.revisedTo(tx, policy, after).map(new Step(written, last)));
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
    if (license.policyId() == null) {
      return Future.succeededFuture(new Reached(license, Written.NOTHING));
    }
    Revised policy = new Revised(accountId, Id.POLICY.parse(license.policyId()));
    return PolicyStore.pending(tx, policy, Id.LICENSE.parse(license.id())).compose(pending -> pending.isEmpty()
        ? Future.succeededFuture(new Reached(license, Written.NOTHING))
        : PolicyStore.revise(tx, policy, List.of(license)).compose(changed ->
            raise(tx, accountId, List.of(license), changed, pending.get().by())
                .map(written -> new Reached(changed.isEmpty() ? license : changed.get(0), written))));
  }

  private Future<Written> raise(SqlClient tx, UUID accountId, List<License> before, List<License> changed, String by) {
    if (changed.isEmpty()) {
      return Future.succeededFuture(Written.NOTHING);
    }
    Map<String, License> old = before.stream().collect(Collectors.toMap(License::id, Function.identity()));
    return outbox.isWanted(tx, accountId, EventType.LICENSE_UPDATED).compose(wanted -> !wanted
        ? Future.succeededFuture(Written.NOTHING)
        : outbox.queue(tx, changed.stream().map(license -> new Raised(accountId, EventType.LICENSE_UPDATED,
            EventData.updated(old.get(license.id()), license, by))).toList()));
  }
}
