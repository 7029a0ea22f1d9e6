package io.keyhook.audit;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Check;
import io.keyhook.bus.Page;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.Optional;

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
    return AuditStore.list(database.pool(), query, action);
  }
}
