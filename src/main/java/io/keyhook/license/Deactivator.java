package io.keyhook.license;

import io.keyhook.bus.Licenses.Activation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.db.Database;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** Frees activations, each in one transaction with the event that this raises. */
final class Deactivator {
  private final Database database;
  private final Outbox outbox;

  Deactivator(Database database, Outbox outbox) {
    this.database = database;
    this.outbox = outbox;
  }

  private record Freed(Optional<License> license, Outbox.Written written) {
    static final Freed NONE = new Freed(Optional.empty(), Outbox.Written.NOTHING);
  }

  /**
   * Frees an activation. The result is the license without it, and empty if there is no such activation.
   *
   * @param activation deletes it, and returns what it was; empty if there is none
   * @param by a team member or an API key; null: the device itself
   * @param also what else belongs to the transaction, if the activation was there
   */
  Future<Optional<License>> free(UUID accountId, UUID licenseId,
      Function<SqlClient, Future<Optional<Activation>>> activation, String by, Function<SqlClient, Future<Void>> also) {
    return database.transaction(tx -> activation.apply(tx).compose(deleted -> deleted.isEmpty()
            ? Future.succeededFuture(Freed.NONE)
            : ActivationStore.countDown(tx, accountId, licenseId, 1).compose(license -> license.isEmpty()
                ? Future.succeededFuture(Freed.NONE)
                : also.apply(tx).compose(done -> raise(tx, accountId, license.get(), deleted.get(), by)))))
        .map(freed -> {
          outbox.dispatch(freed.written);
          return freed.license;
        });
  }

  private Future<Freed> raise(SqlClient tx, UUID accountId, License license, Activation activation, String by) {
    return outbox.write(tx, List.of(
            new Raised(accountId, EventType.LICENSE_DEACTIVATED, EventData.deactivated(license, activation, by),
                license.sequence())))
        .map(written -> new Freed(Optional.of(license), written));
  }
}
