package io.keyhook.log;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Accounts.EraseCustomer;
import io.keyhook.bus.Accounts.ErasedCustomer;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.event.Outbox;
import io.keyhook.license.CustomerEvents;
import io.keyhook.log.CustomerStore.Cursor;
import io.keyhook.log.CustomerStore.Page;
import io.vertx.core.Future;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Erases the personal data of a customer. The customer's licenses are those that name the customer now, and those whose events
 * in the log do; the second includes licenses that have been deleted. What names the customer is erased last, so that an
 * erasure that failed halfway finds the same licenses when it is repeated. In small transactions, of which each reads a
 * limited number of rows.
 */
final class CustomerErasure {
  private final Database database;
  private final Outbox outbox;
  private final UUID accountId;
  private final EraseCustomer request;

  private CustomerErasure(Database database, Outbox outbox, EraseCustomer request) {
    this.database = database;
    this.outbox = outbox;
    this.accountId = request.caller().accountId();
    this.request = request;
  }

  /** Completes when all of it is erased and in the audit log. */
  static Future<ErasedCustomer> run(Database database, Outbox outbox, EraseCustomer request) {
    return new CustomerErasure(database, outbox, request).run();
  }

  private Future<ErasedCustomer> run() {
    return CustomerStore.licenses(database.pool(), accountId, request.email())
        .compose(licenses -> all(after ->
            CustomerStore.namingEvents(database.pool(), accountId, request.email(), after), CustomerStore.FIRST, 0, licenses))
        .compose(found -> erase(found.licenses.toArray(UUID[]::new)));
  }

  private Future<ErasedCustomer> erase(UUID[] licenses) {
    String[] ids = Arrays.stream(licenses).map(Id.LICENSE::of).toArray(String[]::new);
    return events(ids, false).compose(others -> deliveries(CustomerStore.DELIVERIES, ids)
        .compose(logged -> deliveries(CustomerStore.QUEUE, ids).map(logged::plus))
        .compose(deliveries -> CustomerStore.deleteTestRequests(database.pool(), accountId, ids)
            .compose(deleted -> CustomerStore.eraseFilters(database.pool(), accountId, request.email()))
            .compose(erased -> devices(licenses, 0))
            .compose(devices -> events(ids, true))
            .compose(naming -> licenses(0)
                .map(erased -> new ErasedCustomer(erased, others.count + naming.count, deliveries.count)))));
  }

  /** Erases the devices of licenses from an index on, page by page. */
  private Future<Void> devices(UUID[] licenses, int from) {
    if (from >= licenses.length) {
      return Future.succeededFuture();
    }
    int to = Math.min(licenses.length, from + CustomerStore.CHANGED_AT_ONCE);
    return CustomerStore.eraseDevices(database.pool(), accountId, Arrays.copyOfRange(licenses, from, to))
        .compose(erased -> devices(licenses, erased < CustomerStore.CHANGED_AT_ONCE ? to : from));
  }

  /**
   * Erases the customer from licenses, page by page, with their events. The last page is in the audit log, or fails with it.
   *
   * @param before how many have been erased
   * @return how many there were in all
   */
  private Future<Integer> licenses(int before) {
    return database.transaction(tx -> CustomerStore.eraseLicenses(tx, accountId, request.email()).compose(erased ->
        CustomerEvents.erased(tx, outbox, request.caller(), erased).compose(written ->
            (isLast(erased) ? AuditStore.write(tx, request.caller(), Action.CUSTOMER_ERASED, Id.ACCOUNT.of(accountId), List.of())
                : Future.succeededFuture()).map(audited -> new Erased(erased, written)))))
        .compose(page -> {
          outbox.dispatch(page.written);
          int all = before + page.licenses.size();
          return isLast(page.licenses) ? Future.succeededFuture(all) : licenses(all);
        });
  }

  private static boolean isLast(List<UUID> licenses) {
    return licenses.size() < CustomerStore.CHANGED_AT_ONCE;
  }

  private record Erased(List<UUID> licenses, Outbox.Written written) {}

  private Future<Sum> events(String[] licenses, boolean naming) {
    return all(after -> database.transaction(tx ->
        CustomerStore.eraseEvents(tx, accountId, licenses, naming ? null : request.email(), after)),
        CustomerStore.FIRST, 0, List.of());
  }

  private Future<Sum> deliveries(String sql, String[] licenses) {
    return all(after -> CustomerStore.eraseResponses(database.pool(), sql, accountId, licenses, after),
        CustomerStore.FIRST, 0, List.of());
  }

  private record Sum(long count, List<UUID> licenses) {
    Sum plus(Sum other) {
      return new Sum(count + other.count, licenses);
    }
  }

  /** Page after page, until there are no more. */
  private static Future<Sum> all(Function<Cursor, Future<Page>> read, Cursor after, long count, List<UUID> licenses) {
    return read.apply(after).compose(page -> {
      List<UUID> found = page.licenses().isEmpty() ? licenses
          : Stream.concat(licenses.stream(), page.licenses().stream()).distinct().toList();
      return page.last() == null ? Future.succeededFuture(new Sum(count + page.count(), found))
          : all(read, page.last(), count + page.count(), found);
    });
  }
}
