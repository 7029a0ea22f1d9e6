package io.keyhook.log;

import static io.keyhook.db.Rows.utc;

import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EventType;
import io.keyhook.log.DeliveryLicenseStore.Listed;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The SQL of the log over all webhooks of an account. Each webhook's newest are read through its part of the index, and
 * merged. There is no index by event, because every delivery would have to pay for it: a limited number of the newest
 * deliveries is searched for them, and the next page continues from there. {@link LicenseLogStore} searches for licenses.
 */
final class AccountLogStore {
  static final int MAX_SCANNED = 2000;
  /** IDs have the time of the database, attempts that of a node. */
  static final Duration CLOCK_DIFFERENCE = Duration.ofMinutes(1);

  private static final String QUEUED = """
      (SELECT delivery_id, webhook_id, type, 0::smallint AS status, false AS test, event_id, keep_until, attempts,
        %s AS due_at, %s AS paused
      FROM keyhook.delivery_queue q
      WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id < $3 AND delivery_id >= $4
      ORDER BY delivery_id DESC LIMIT $6)""".formatted(DeliveryRowStore.nextAttemptAt("q"), DeliveryRowStore.waitsForWebhook("q"));
  private static final String LOGGED = """
      (SELECT delivery_id, webhook_id, type, status, test, event_id, keep_until, attempts, NULL::timestamptz AS due_at, false AS paused
      FROM keyhook.delivery
      WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id < $3 AND delivery_id >= $4%s
      ORDER BY delivery_id DESC LIMIT $6)""";
  private static final int PENDING = 0;
  private static final int CANCELED = 3;
  private static final String FAILING = """
       AND (status = 2 OR status = %d AND (attempts -> -1 ->> 'error' IS NOT NULL
          OR (attempts -> -1 ->> 'status')::int NOT BETWEEN 200 AND 299)) IS %s TRUE""";
  private static final String ATTEMPTED = """
       AND jsonb_path_exists(attempts, '$[*] ? (@.at + @.ms >= $from && @.at + @.ms < $to)',
          jsonb_build_object('from', coalesce($%d, 0::bigint), 'to', coalesce($%d, 9223372036854775807::bigint)))""";
  private static final String PAUSED = " AND paused IS %s TRUE";
  private static final String LIST = """
      WITH scanned AS MATERIALIZED (
        SELECT d.* FROM keyhook.webhook w CROSS JOIN LATERAL (%s) d
        WHERE w.account_id = $1 AND ($2::uuid IS NULL OR w.webhook_id = $2)
          AND (w.deleted_at IS NULL OR w.deleted_at > $5)
        ORDER BY d.delivery_id DESC LIMIT $6
      )
      SELECT d.delivery_id, d.webhook_id, d.type, d.status, d.test, %s,
        (d.attempts -> -1 ->> 'status')::int, d.attempts -> -1 ->> 'error', d.due_at, d.paused, d.event_id, d.keep_until,
        s.seen, s.last
      FROM (SELECT count(*) AS seen, (array_agg(delivery_id ORDER BY delivery_id))[1] AS last FROM scanned) s
      LEFT JOIN (
        SELECT * FROM scanned WHERE ($7::smallint IS NULL OR type = $7)%s
        ORDER BY delivery_id DESC LIMIT $8) d ON true
      ORDER BY d.delivery_id DESC""";
  static final String ATTEMPTS = DeliveryRowStore.attemptCount("d.attempts");

  private AccountLogStore() {}

  /**
   * @param webhookId null: all
   * @param from of the first millisecond that is shown
   */
  static Future<Page<Listed>> list(
      SqlClient client, Deliveries.ListAll query, UUID webhookId, Optional<EventType> type, Instant from) {
    int limit = query.page().limit();
    boolean searched = type.isPresent() || query.failing() != null || query.attempted() != null || query.paused() != null;
    int scanned = searched ? MAX_SCANNED : limit + 1;
    Tuple parameters = Tuple.of(query.caller().accountId(), webhookId, before(query), Id.floor(from.toEpochMilli()), utc(from),
        (long) scanned).addShort(type.map(EventType::code).orElse(null)).addLong((long) limit + 1);
    addAttempted(parameters, query);
    return client.preparedQuery(sql(query)).execute(parameters).map(rows -> {
      Row any = rows.iterator().next(); // there is one where nothing is found, too
      UUID reached = searched && any.getLong(12) == scanned ? any.getUUID(13) : null;
      return Page.of(found(rows), limit, LogStore::rowId, reached);
    });
  }

  /** The deliveries of rows. A row without one says that none was found. */
  static List<Listed> found(RowSet<Row> rows) {
    List<Listed> found = new ArrayList<>(rows.size());
    for (Row row : rows) {
      if (row.getUUID(0) != null) {
        found.add(Listed.of(row));
      }
    }
    return found;
  }

  /** An attempt ends after its delivery was created, so newer deliveries need not be searched. */
  static UUID before(Deliveries.ListAll query) {
    Instant attempted = query.attempted() == null ? null : query.attempted().to();
    UUID before = query.to() == null ? query.page().before()
        : LogStore.earlier(query.page().before(), Id.floor(query.to().toEpochMilli()));
    return attempted == null ? before
        : LogStore.earlier(before, Id.floor(attempted.plus(CLOCK_DIFFERENCE).toEpochMilli()));
  }

  static void addAttempted(Tuple parameters, Deliveries.ListAll query) {
    if (query.attempted() != null) {
      parameters.addLong(millis(query.attempted().from())).addLong(millis(query.attempted().to()));
    }
  }

  private static Long millis(Instant time) {
    return time == null ? null : time.toEpochMilli();
  }

  /**
   * What rows have to satisfy beside their status and their event.
   *
   * @param parameter the number of the first that {@link #addAttempted} adds
   */
  static String selecting(Deliveries.ListAll query, int parameter) {
    return (query.attempted() == null ? "" : ATTEMPTED.formatted(parameter, parameter + 1))
        + (query.failing() == null ? "" : FAILING.formatted(
            query.status() == Deliveries.Status.CANCELED ? CANCELED : PENDING, query.failing() ? "" : "NOT"))
        + (query.paused() == null ? "" : PAUSED.formatted(query.paused() ? "" : "NOT"));
  }

  /** The status of the deliveries that are read from the log; null: any. */
  static Deliveries.Status logged(Deliveries.ListAll query) {
    return query.status() == null && Boolean.TRUE.equals(query.failing()) ? Deliveries.Status.FAILED : query.status();
  }

  /** Whether only deliveries in the queue can fit. */
  static boolean isQueued(Deliveries.ListAll query) {
    return query.status() == Deliveries.Status.PENDING || query.status() == null && Boolean.TRUE.equals(query.paused());
  }

  private static String sql(Deliveries.ListAll query) {
    String log = LOGGED.formatted(LogStore.condition(logged(query)));
    return LIST.formatted(isQueued(query) ? QUEUED : query.status() == null ? QUEUED + " UNION ALL " + log : log, ATTEMPTS,
        selecting(query, 9));
  }
}
