package io.keyhook.log;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Accounts.Export;
import io.keyhook.bus.Accounts.ExportPart;
import io.keyhook.bus.Accounts.Exported;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;

/** Reads everything that an account has, piece by piece. */
final class AccountExport {
  private AccountExport() {}

  /** The first piece writes the export to the account's audit log. */
  static Future<Exported> read(Database database, Export query) {
    UUID accountId = Id.ACCOUNT.parse(query.id());
    if (query.part() != ExportPart.ACCOUNT) {
      return ExportStore.read(database.pool(), accountId, query.part(), query.cursor());
    }
    return database.transaction(tx -> ExportStore.read(tx, accountId, query.part(), query.cursor()).compose(account -> {
      if (account.lines().isEmpty()) {
        throw Id.ACCOUNT.notFound();
      }
      return AuditStore.write(tx, new Caller(accountId, query.by()), Action.ACCOUNT_EXPORTED, query.id(), List.of())
          .map(account);
    }));
  }
}
