package io.keyhook.license;

import io.keyhook.bus.Caller;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.UUID;

/** Raises an event for each license whose customer was erased, so that receivers erase their copies, too. */
public final class CustomerEvents {
  private CustomerEvents() {}

  /**
   * Writes the events if anybody wants them, to be {@linkplain Outbox#dispatch dispatched}, within the transaction that erased the customer.
   *
   * @param licenses of the caller's account, without the customer
   */
  public static Future<Outbox.Written> erased(SqlClient tx, Outbox outbox, Caller caller, List<UUID> licenses) {
    if (licenses.isEmpty()) {
      return Future.succeededFuture(Outbox.Written.NOTHING);
    }
    UUID accountId = caller.accountId();
    return outbox.isWanted(tx, accountId, EventType.LICENSE_UPDATED).compose(wanted -> !wanted
        ? Future.succeededFuture(Outbox.Written.NOTHING)
        : LicenseStore.getAll(tx, accountId, licenses).compose(found -> outbox.queue(tx, found.stream().map(license ->
            new Raised(accountId, EventType.LICENSE_UPDATED, EventData.erased(license, caller.name()))).toList())));
  }
}
