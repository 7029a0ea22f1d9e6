package io.keyhook.log;

import io.keyhook.bus.Deliveries.Cause;
import io.keyhook.bus.Deliveries.Causes;
import io.keyhook.bus.Id;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The SQL that groups failures by their cause. It reads the newest failures of each webhook through the indexes of what was not
 * delivered and of what has failed in the queue, and only a limited number, because the response that tells one cause from
 * another is in the row.
 */
final class CauseStore {
  static final int MAX_SCANNED = AccountLogStore.MAX_SCANNED;
  static final int MAX_CAUSES = 50;
  /** Of a long response: its start, and its end, where a traceback has the exception. */
  private static final String TEXT = """
      (CASE WHEN length(body) <= 400 THEN body ELSE left(body, 200) || E'\\n' || right(body, 200) END) COLLATE "C\"""";
  private static final String LAST_FAILED = """
      (attempts -> -1 ->> 'error' IS NOT NULL OR (attempts -> -1 ->> 'status')::int NOT BETWEEN 200 AND 299)""";
  static final String CAUSES = """
      WITH scanned AS MATERIALIZED (
        SELECT d.* FROM keyhook.webhook w CROSS JOIN LATERAL (
          (SELECT delivery_id, webhook_id, 0 AS state, attempts, false AS cut FROM (
            SELECT delivery_id, webhook_id, attempts FROM keyhook.delivery_queue
            WHERE account_id = $1 AND webhook_id = w.webhook_id AND attempts IS NOT NULL AND delivery_id < $3 AND delivery_id >= $4
            ORDER BY delivery_id DESC LIMIT $5) queued
          WHERE %2$s)
          UNION ALL
          (SELECT delivery_id, webhook_id, 2, attempts, false FROM keyhook.delivery
          WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id < $3 AND delivery_id >= $4
            AND status <> 1 AND status = 2 AND NOT test
          ORDER BY delivery_id DESC LIMIT $5)
          UNION ALL
          (SELECT delivery_id, webhook_id, CASE WHEN status = 3 AND %2$s THEN 3 END, attempts, n = $5
          FROM ( -- all in the index, or a few canceled ones would be looked for without it
            SELECT delivery_id, webhook_id, status, attempts, row_number() OVER (ORDER BY delivery_id DESC) AS n FROM keyhook.delivery
            WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id < $3 AND delivery_id >= $4
              AND status <> 1 AND NOT test
            ORDER BY delivery_id DESC LIMIT $5) undelivered
          WHERE status = 3 AND %2$s OR n = $5)) d -- the last one says that there may be more
        WHERE w.account_id = $1 AND w.deleted_at IS NULL AND ($2::uuid IS NULL OR w.webhook_id = $2)
        ORDER BY d.delivery_id DESC, d.state LIMIT $5
      ), last AS MATERIALIZED ( -- each step reads a stored value once
        SELECT delivery_id, webhook_id, state, cut, attempts -> -1 AS attempt FROM scanned
      ), responses AS MATERIALIZED (
        SELECT delivery_id, webhook_id, state, cut, (attempt ->> 'status')::int AS status, attempt ->> 'error' AS error,
          attempt ->> 'body' AS body FROM last
      )
      SELECT webhook_id, status, error, %1$s,
        count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 3),
        (array_agg(delivery_id ORDER BY delivery_id) FILTER (WHERE state IS NOT NULL))[1],
        (array_agg(delivery_id ORDER BY delivery_id DESC) FILTER (WHERE state IS NOT NULL))[1], bool_or(cut)
      FROM responses GROUP BY 1, 2, 3, 4""".formatted(TEXT, LAST_FAILED);

  private CauseStore() {}

  /** What two failures of one cause have in common. */
  private record Key(UUID webhookId, Integer statusCode, String error, String masked) {}

  private record Group(
      UUID webhookId, Integer statusCode, String error, String text, long failed, long retrying, long canceled, UUID first,
      UUID last) {
    Key key() {
      return new Key(webhookId, statusCode, error, text == null ? null : FailureText.masked(text));
    }

    Group and(Group other) {
      String both = text == null || text.equals(other.text) ? text : FailureText.masked(text);
      return new Group(webhookId, statusCode, error, both, failed + other.failed, retrying + other.retrying,
          canceled + other.canceled, LogStore.earlier(first, other.first), LogStore.earlier(last, other.last) == last ? other.last : last);
    }

    long count() {
      return failed + retrying + canceled;
    }
  }

  /**
   * The causes with the most deliveries first.
   *
   * @param webhookId null: all
   * @param from of the first millisecond
   * @param to exclusive
   */
  static Future<Causes> list(SqlClient client, UUID accountId, UUID webhookId, Instant from, Instant to) {
    return client.preparedQuery(CAUSES)
        .execute(Tuple.of(accountId, webhookId, Id.floor(to.toEpochMilli()), Id.floor(from.toEpochMilli()), (long) MAX_SCANNED))
        .map(rows -> {
          Map<Key, Group> groups = new LinkedHashMap<>();
          boolean cut = false;
          for (Row row : rows) {
            cut |= row.getBoolean(9);
            Group group = group(row);
            if (group.count() > 0) {
              groups.merge(group.key(), group, Group::and);
            }
          }
          long examined = groups.values().stream().mapToLong(Group::count).sum();
          List<Cause> largest = groups.values().stream()
              .sorted(Comparator.comparingLong(Group::count).reversed().thenComparing(Group::last, Comparator.reverseOrder()))
              .limit(MAX_CAUSES).map(CauseStore::cause).toList();
          return new Causes(largest, examined, !cut && examined < MAX_SCANNED && groups.size() <= MAX_CAUSES);
        });
  }

  private static Group group(Row row) {
    return new Group(row.getUUID(0), row.getInteger(1), row.getString(2), FailureText.of(row.getString(3)), row.getLong(4),
        row.getLong(5), row.getLong(6), row.getUUID(7), row.getUUID(8));
  }

  private static Cause cause(Group group) {
    return new Cause(Id.WEBHOOK.of(group.webhookId), group.statusCode, group.error, group.text, group.failed, group.retrying,
        Instant.ofEpochMilli(Id.millis(group.first)), Instant.ofEpochMilli(Id.millis(group.last)), Id.DELIVERY.of(group.last),
        group.canceled);
  }
}
