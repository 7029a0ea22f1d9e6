package io.keyhook.log;

import static io.keyhook.db.Rows.utc;

import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Deliveries.Status;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EventType;
import io.keyhook.log.DeliveryLicenseStore.Listed;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The SQL of the log of some licenses. There is no index by license: each event would have to be entered at a random place of it, which
 * costs as much as everything else that stores the event. So a limited stretch of the account's log is searched, and the next page
 * continues from there. The stretch can be long, because it is not searched delivery by delivery: its events are neighbors in their primary
 * key and on disk, and are read in one scan, at a tenth of the price of looking each of them up.
 *
 * <p>No delivery of a license is older than the license, whose ID has its time: the search ends there.
 */
final class LicenseLogStore {
  /** So many deliveries of all events are searched in less than 0.1 s. */
  static final int MAX_SCANNED = 50_000;
  /** For searches that cost more for each delivery: they look most events up, or read whole rows to leave some out. */
  static final int MAX_SELECTED = 5000;

  private static final String OF_WEBHOOK = """
      keyhook.%s q WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id < $3 AND delivery_id >= %s%s""";
  private static final String LAST = """
      (SELECT delivery_id FROM %s
            ORDER BY delivery_id DESC OFFSET (SELECT rows FROM share) LIMIT 1)""";
  /** Without attempts, which are most of a row. */
  private static final String ROWS = """
      SELECT delivery_id, webhook_id, event_id, keep_until, type FROM %s""";
  private static final String FOUND = """
      (SELECT 0::smallint AS status, false AS test, attempts, %s AS due_at, %s AS paused
          FROM keyhook.delivery_queue q WHERE account_id = $1 AND webhook_id = f.webhook_id AND delivery_id = f.delivery_id
          UNION ALL SELECT status, test, attempts, NULL, false FROM keyhook.delivery
          WHERE account_id = $1 AND webhook_id = f.webhook_id AND delivery_id = f.delivery_id AND keep_until = f.keep_until)"""
      .formatted(DeliveryRowStore.nextAttemptAt("q"), DeliveryRowStore.waitsForWebhook("q"));
  private static final String WEBHOOKS = """
      w.account_id = $1 AND ($2::uuid IS NULL OR w.webhook_id = $2) AND (w.deleted_at IS NULL OR w.deleted_at > $5)""";
  /**
   * A webhook's share of the stretch, in the queue and in the log, is such that neither one busy webhook among idle ones shortens it much,
   * nor many busy ones make it more than four times as long. The stretch ends where the first webhook has had its share. Rows whose event
   * lies beyond twice as many events, as after a clock was wrong or where there are traces, are looked up one by one. A subquery within a
   * condition that is compared with true is no join, which would compare each row with each event.
   */
  private static final String LIST = """
      WITH share AS MATERIALIZED (
        SELECT ceil($6::bigint * least(1 / sqrt(n), 4.0 / n))::bigint AS rows
        FROM (SELECT greatest(1, count(*)) AS n FROM keyhook.webhook w WHERE %1$s) webhooks
      ), reached AS MATERIALIZED (
        SELECT (SELECT d.delivery_id FROM keyhook.webhook w CROSS JOIN LATERAL (
            %2$s) d
          WHERE %1$s ORDER BY d.delivery_id DESC LIMIT 1) AS delivery_id
      ), scanned AS MATERIALIZED (
        SELECT d.* FROM keyhook.webhook w CROSS JOIN LATERAL (
            %3$s) d
        WHERE %1$s
      ), events AS MATERIALIZED (
        SELECT event_id, data ^@ ANY ($9::text[]) AS fits FROM keyhook.event
        WHERE account_id = $1 AND event_id <= (SELECT event_id FROM scanned ORDER BY event_id DESC LIMIT 1)
          AND event_id >= (SELECT event_id FROM scanned ORDER BY event_id LIMIT 1)
        ORDER BY event_id DESC LIMIT 2 * $6
      )
      SELECT d.delivery_id, d.webhook_id, d.type, d.status, d.test, %4$s,
        (d.attempts -> -1 ->> 'status')::int, d.attempts -> -1 ->> 'error', d.due_at, d.paused, d.event_id, d.keep_until,
        r.delivery_id
      FROM reached r LEFT JOIN (
        SELECT f.*, d.status, d.test, d.attempts, d.due_at, d.paused FROM (
          SELECT * FROM scanned
          WHERE ((event_id IN (SELECT event_id FROM events WHERE fits)) IS TRUE
              OR event_id < (SELECT event_id FROM events ORDER BY event_id LIMIT 1)
                AND (SELECT e.data ^@ ANY ($9) FROM keyhook.event e
                  WHERE e.account_id = $1 AND e.event_id = scanned.event_id AND e.keep_until = scanned.keep_until))
            AND ($7::smallint IS NULL OR type = $7)
          ORDER BY delivery_id DESC%5$s) f
        CROSS JOIN LATERAL %6$s d
        WHERE true %7$s
        ORDER BY f.delivery_id DESC LIMIT $8) d ON true
      ORDER BY d.delivery_id DESC""";
  private static final String FROM = "coalesce((SELECT delivery_id FROM reached), $4)";

  private LicenseLogStore() {}

  /**
   * @param webhookId null: all
   * @param licenseIds one at least
   * @param from of the first millisecond that is shown
   */
  static Future<Page<Listed>> list(
      SqlClient client, Deliveries.ListAll query, UUID webhookId, Optional<EventType> type, List<String> licenseIds, Instant from) {
    int limit = query.page().limit();
    Tuple parameters = Tuple.of(query.caller().accountId(), webhookId, AccountLogStore.before(query),
        Id.floor(Math.max(from.toEpochMilli(), createdFrom(licenseIds))), utc(from),
        (long) (isOfAllEvents(query) ? MAX_SCANNED : MAX_SELECTED)).addShort(type.map(EventType::code).orElse(null))
        .addLong((long) limit + 1)
        .addArrayOfString(licenseIds.stream().map(id -> "{\"licenseId\":\"" + id + '"').toArray(String[]::new));
    AccountLogStore.addAttempted(parameters, query);
    return client.preparedQuery(sql(query)).execute(parameters).map(rows ->
        Page.of(AccountLogStore.found(rows), limit, LogStore::rowId, rows.iterator().next().getUUID(12)));
  }

  /** Whether the deliveries to be searched are nearly all that there are, and none is read whole to be left out. */
  private static boolean isOfAllEvents(Deliveries.ListAll query) {
    return query.webhookId() == null && (query.status() == null || query.status() == Status.DELIVERED) && !isByRow(query);
  }

  /** Whether it takes the whole row to select a delivery. */
  private static boolean isByRow(Deliveries.ListAll query) {
    return query.failing() != null || query.attempted() != null || query.paused() != null;
  }

  /** Before the oldest of licenses was created, in milliseconds since 1970. */
  private static long createdFrom(List<String> licenseIds) {
    return licenseIds.stream().map(Id.LICENSE::parse).mapToLong(id -> id.version() == 7 ? Id.millis(id) : 0).min().orElse(0)
        - AccountLogStore.CLOCK_DIFFERENCE.toMillis();
  }

  private static String sql(Deliveries.ListAll query) {
    String condition = LogStore.condition(AccountLogStore.logged(query));
    boolean queued = query.status() == null || query.status() == Status.PENDING;
    boolean logged = !AccountLogStore.isQueued(query);
    String last = both(queued ? LAST.formatted(OF_WEBHOOK.formatted("delivery_queue", "$4", "")) : null,
        logged ? LAST.formatted(OF_WEBHOOK.formatted("delivery", "$4", condition)) : null);
    String rows = both(queued ? ROWS.formatted(OF_WEBHOOK.formatted("delivery_queue", FROM, "")) : null,
        logged ? ROWS.formatted(OF_WEBHOOK.formatted("delivery", FROM, condition)) : null);
    return LIST.formatted(WEBHOOKS, last, rows, AccountLogStore.ATTEMPTS, isByRow(query) ? "" : " LIMIT $8", FOUND,
        AccountLogStore.selecting(query, 10));
  }

  private static String both(String queued, String logged) {
    return Stream.of(queued, logged).filter(Objects::nonNull).collect(Collectors.joining("\n            UNION ALL "));
  }
}
