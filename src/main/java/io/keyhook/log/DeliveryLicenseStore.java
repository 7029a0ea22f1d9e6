package io.keyhook.log;

import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Deliveries.OfLicense;
import io.keyhook.bus.Deliveries.Summary;
import io.keyhook.bus.Id;
import io.keyhook.bus.LicenseKeys;
import io.keyhook.bus.Page;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The SQL that names the license and the customer of deliveries: two look-ups by primary key for all deliveries of a page. A
 * license that was deleted is named as the event names it.
 */
final class DeliveryLicenseStore {
  /** The events of one day: a constant day lets PostgreSQL read its partition and no other. */
  private static final String OF_DAY = """
      SELECT e.event_id, d."licenseId", d."licenseKey", d."licenseName", d."customerName", d."customerEmail"
      FROM keyhook.event e CROSS JOIN LATERAL json_to_record(e.data::json) d
        ("licenseId" text, "licenseKey" text, "licenseName" text, "customerName" text, "customerEmail" text)
      WHERE e.account_id = $1 AND e.keep_until = $%d::date AND e.event_id = ANY ($%d::uuid[])""";
  static final String LICENSES = """
      SELECT license_id, key, name, customer_name, customer_email FROM keyhook.license
      WHERE account_id = $1 AND license_id = ANY ($2::uuid[])""";

  private DeliveryLicenseStore() {}

  /**
   * Reads events of several days, each in the partition of its day. The parameters are the account, then for each day the day and
   * the ids.
   */
  static String ofEvents(int days) {
    return IntStream.range(0, days).mapToObj(i -> OF_DAY.formatted(2 * i + 2, 2 * i + 3)).collect(Collectors.joining("\nUNION ALL\n"));
  }

  /** A delivery as its row says, and where its event is. */
  record Listed(Summary summary, UUID eventId, LocalDate keepUntil) {
    /** A row of {@link LogStore#summary}, then the event and its day. */
    static Listed of(Row row) {
      return new Listed(LogStore.summary(row), row.getUUID(10), row.getLocalDate(11));
    }

    /** A test has made-up data about a license that does not exist. */
    private boolean isTest() {
      return summary.id().startsWith(Id.TEST_DELIVERY.prefix());
    }
  }

  /** Names the licenses of a page. */
  static Future<Page<Summary>> named(SqlClient client, UUID accountId, Page<Listed> page) {
    return named(client, accountId, page.data()).map(summaries -> new Page<>(summaries, page.nextCursor()));
  }

  /** Names the licenses of a page as its events do, for a caller who may see no more of a license than its events. */
  static Future<Page<Summary>> namedByEvents(SqlClient client, UUID accountId, Page<Listed> page) {
    return named(client, accountId, page.data(), false).map(summaries -> new Page<>(summaries, page.nextCursor()));
  }

  /** Names the licenses of deliveries, of all but tests. */
  static Future<List<Summary>> named(SqlClient client, UUID accountId, List<Listed> deliveries) {
    return named(client, accountId, deliveries, true);
  }

  /**
   * @param now whether licenses are named as they are now, if they are there
   */
  private static Future<List<Summary>> named(SqlClient client, UUID accountId, List<Listed> deliveries, boolean now) {
    List<Listed> named = deliveries.stream().filter(one -> !one.isTest()).toList();
    if (named.isEmpty()) {
      return Future.succeededFuture(deliveries.stream().map(Listed::summary).toList());
    }
    Map<LocalDate, Set<UUID>> days = named.stream()
        .collect(Collectors.groupingBy(Listed::keepUntil, Collectors.mapping(Listed::eventId, Collectors.toSet())));
    Tuple parameters = Tuple.of(accountId);
    days.forEach((day, events) -> parameters.addLocalDate(day).addArrayOfUUID(events.toArray(UUID[]::new)));
    return client.preparedQuery(ofEvents(days.size())).execute(parameters)
        .compose(events -> {
          Map<UUID, OfLicense> byEvent = new HashMap<>();
          for (Row row : events) {
            if (Id.LICENSE.fits(row.getString(1))) {
              byEvent.put(row.getUUID(0), license(row.getString(1), row));
            }
          }
          List<UUID> ids = byEvent.values().stream().map(OfLicense::id).distinct().map(Id.LICENSE::parse).toList();
          if (!now) {
            return Future.succeededFuture(of(deliveries, byEvent, Map.of()));
          }
          return client.preparedQuery(LICENSES).execute(Tuple.of(accountId).addArrayOfUUID(uuids(ids, id -> id)))
              .map(licenses -> {
                Map<String, OfLicense> current = new HashMap<>();
                for (Row row : licenses) {
                  String id = Id.LICENSE.of(row.getUUID(0));
                  current.put(id, license(id, row));
                }
                return of(deliveries, byEvent, current);
              });
        });
  }

  private static List<Summary> of(List<Listed> deliveries, Map<UUID, OfLicense> byEvent, Map<String, OfLicense> current) {
    return deliveries.stream().map(one -> {
      OfLicense then = one.isTest() ? null : byEvent.get(one.eventId());
      return then == null ? one.summary() : one.summary().of(current.getOrDefault(then.id(), then));
    }).toList();
  }

  /**
   * @param row key, name and customer last
   */
  private static OfLicense license(String id, Row row) {
    int first = row.size() - 4;
    return new OfLicense(id, row.getString(first + 1), LicenseKeys.hint(row.getString(first)), row.getString(first + 2),
        row.getString(first + 3));
  }
}
