package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Accounts.Account;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Suspends, resumes and erases accounts. An erasure is a mark on the account, whose data is then deleted in small
 * transactions: by the node that was asked, or, if that stops, by any other. Belongs to one event loop.
 */
final class AccountLifecycle {
  private static final Logger log = LoggerFactory.getLogger(AccountLifecycle.class);

  private final Bus bus;
  private final Database database;
  private final Set<UUID> erasing = new HashSet<>();
  private boolean stopped;

  AccountLifecycle(Bus bus, Database database) {
    this.bus = bus;
    this.database = database;
  }

  /** Cancels what is pending after each call, so that a call that failed halfway can be repeated. */
  Future<Account> setSuspended(Accounts.SetSuspended request) {
    UUID accountId = Id.ACCOUNT.parse(request.id());
    Action action = request.suspended() ? Action.ACCOUNT_SUSPENDED : Action.ACCOUNT_RESUMED;
    return database.transaction(tx -> AccountStore.setSuspended(tx, accountId, request.suspended(), request.reason())
            .compose(changed -> changed ? AuditStore.write(tx, new Caller(accountId, request.by()), action, request.id(),
                request.reason() == null ? List.of() : List.of("suspensionReason")) : Future.succeededFuture())
            .compose(written -> AccountStore.get(tx, accountId)))
        .compose(account -> request.suspended()
            ? bus.request(Addresses.CANCEL_PENDING, new CancelPending(accountId, null)).map(account)
            : Future.succeededFuture(account));
  }

  /** Completes when the erasure is certain to happen. */
  Future<Void> erase(Accounts.Erase request) {
    UUID accountId = Id.ACCOUNT.parse(request.id());
    return database.transaction(tx -> AccountStore.get(tx, accountId).compose(account -> {
      if (account.suspendedAt() == null) {
        throw new Failure.Conflict("ACCOUNT_NOT_SUSPENDED", "Suspend the account before you erase it").exception();
      }
      return ErasureStore.begin(tx, accountId).compose(begun -> AuditStore.write(tx, new Caller(accountId, request.by()),
          Action.ACCOUNT_ERASURE_STARTED, request.id(), List.of()));
    })).onSuccess(begun -> finish(accountId));
  }

  /** Goes on with all erasures that have not finished. */
  void finishErasures() {
    ErasureStore.unfinished(database.pool()).onSuccess(accounts -> accounts.forEach(this::finish))
        .onFailure(e -> log.warn("Could not look for unfinished erasures; retrying later: {}", e.getMessage()));
  }

  /** Starts no more transactions. */
  void stop() {
    stopped = true;
  }

  private void finish(UUID accountId) {
    if (stopped || !erasing.add(accountId)) {
      return;
    }
    String id = Id.ACCOUNT.of(accountId);
    deleteAll(accountId, 0).compose(deleted -> anonymize(accountId, ErasureStore.FIRST))
        .compose(anonymized -> stopped ? Future.succeededFuture(false) : database.transaction(tx ->
            ErasureStore.end(tx, accountId).compose(ended -> !ended ? Future.succeededFuture(false)
                : AuditStore.write(tx, new Caller(accountId, Actor.KEYHOOK), Action.ACCOUNT_ERASED, id, List.of()).map(true))))
        .onComplete(done -> erasing.remove(accountId))
        .onSuccess(ended -> {
          if (ended) {
            log.info("Erased {}", id);
          }
        })
        .onFailure(e -> {
          if (!stopped) {
            log.warn("Could not erase {}; retrying later: {}", id, e.getMessage());
          }
        });
  }

  /** Deletes the rows of one table after another. */
  private Future<Void> deleteAll(UUID accountId, int table) {
    if (stopped || table == ErasureStore.TABLES) {
      return Future.succeededFuture();
    }
    return ErasureStore.delete(database.pool(), table, accountId)
        .compose(more -> deleteAll(accountId, more ? table : table + 1));
  }

  private Future<Void> anonymize(UUID accountId, UUID after) {
    return stopped ? Future.succeededFuture() : ErasureStore.anonymizeAudit(database.pool(), accountId, after)
        .compose(last -> last.isEmpty() ? Future.succeededFuture() : anonymize(accountId, last.get()));
  }
}
