package io.keyhook.audit;

import io.keyhook.bus.Accounts;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Check;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.Optional;
import java.util.UUID;

/** Reads the audit log. Who changes something writes to it, in the same transaction. */
public final class AuditVerticle extends VerticleBase {
  private final Bus bus;
  private final Database database;

  public AuditVerticle(Bus bus, Database database) {
    this.bus = bus;
    this.database = database;
  }

  @Override
  public Future<?> start() {
    bus.answer(Addresses.LIST_AUDIT, this::list);
    return Future.succeededFuture();
  }

  private Future<Page<Audit.Entry>> list(Audit.ListEntries query) {
    Optional<Action> action = Optional.ofNullable(query.action()).map(name -> Action.named(name)
        .orElseThrow(() -> Check.invalid("action", "is not an action of the audit log")));
    return AuditStore.list(database.pool(), query, action)
        .compose(page -> page.data().isEmpty() ? checkExists(query.caller().accountId()).map(page)
            : Future.succeededFuture(page));
  }

  /** Fails if the account neither exists nor has existed. */
  private Future<Void> checkExists(UUID accountId) {
    return AuditStore.hasEntries(database.pool(), accountId).compose(has -> has ? Future.succeededFuture()
        : bus.request(Addresses.FIND_ACCOUNT, new Accounts.Find(Id.ACCOUNT.of(accountId))).mapEmpty());
  }
}
