package io.keyhook.stats;

import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Id;
import io.keyhook.bus.Statistics.Hour;
import io.keyhook.bus.Statistics.Range;
import io.keyhook.bus.Statistics.WebhookActivity;
import io.keyhook.bus.Webhooks.Window;
import io.keyhook.db.Partitions;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.stats.Counts.Counted;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** The SQL of what is counted. */
final class StatsStore {
  private static final int HOURS = 24;
  /** More than any plan has; a host's own plan may. */
  private static final int MAX_WEBHOOKS = 1000;

  private static final String ADD = """
      INSERT INTO keyhook.account_count AS t
        (account_id, seconds, at, keep_until, valid, refused, activations, succeeded, failed, times)
      SELECT q.account_id, p.seconds, p.at, (p.at AT TIME ZONE 'UTC')::date + p.days,
        q.valid, q.refused, q.activations, q.succeeded, q.failed, q.times::bigint[]
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
        q (account_id, valid, refused, activations, succeeded, failed, times)
      CROSS JOIN (
        SELECT seconds, days,
          date_bin(make_interval(secs => seconds), now() - make_interval(secs => $10), 'epoch') AS at
        FROM unnest($8::int[], $9::int[]) r (seconds, days)) p
      ORDER BY q.account_id, p.seconds
      ON CONFLICT (account_id, seconds, at, keep_until) DO UPDATE SET
        valid = t.valid + excluded.valid,
        refused = t.refused + excluded.refused,
        activations = t.activations + excluded.activations,
        succeeded = t.succeeded + excluded.succeeded,
        failed = t.failed + excluded.failed,
        times = ARRAY(
          SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest(t.times, excluded.times) WITH ORDINALITY u (a, b, n)
          ORDER BY n)""";

  private static final String TRANSACTION = "SELECT pg_current_xact_id()::text";
  private static final String COMMIT = "SELECT pg_xact_status($1::text::xid8)";
  /** Of a transaction that this server has not begun: its predecessor was lost before it was replicated. */
  private static final String INVALID_PARAMETER = "22023";

  /** The point that is now, and those that there are, of which it may be one. */
  private static final String POINTS = """
      SELECT p.now, c.at, c.valid, c.refused, c.activations, c.succeeded, c.failed, c.times
      FROM (SELECT date_bin(make_interval(secs => $2::int), now(), 'epoch') AS now) p
      LEFT JOIN keyhook.account_count c ON c.account_id = $1 AND c.seconds = $2
        AND c.at > p.now - make_interval(secs => $2 * $3::int) AND c.at <= p.now
        AND c.keep_until <= (p.now AT TIME ZONE 'UTC')::date + $4::int
        AND c.keep_until >= ((p.now - make_interval(secs => $2 * $3)) AT TIME ZONE 'UTC')::date + $4""";

  private static final String WEBHOOKS = """
      SELECT w.webhook_id, h.hour, h.succeeded, h.failed, h.failed_since, h.last_success_at, h.last_failure_at, n.hour,
        CASE WHEN w.paused THEN (SELECT count(*) FROM (
          SELECT FROM keyhook.delivery_queue q WHERE q.account_id = $1 AND q.webhook_id = w.webhook_id LIMIT %7$d) q) ELSE 0 END
      FROM (SELECT date_bin('1 hour', now(), 'epoch') AS hour) n
      CROSS JOIN (SELECT webhook_id, %6$s AS paused FROM keyhook.webhook w WHERE account_id = $1 AND deleted_at IS NULL
        ORDER BY webhook_id DESC LIMIT $2) w
      LEFT JOIN LATERAL (
        SELECT date_bin('1 hour', minute, 'epoch') AS hour, sum(succeeded) AS succeeded, sum(failed) AS failed,
          %1$s AS failed_since, max(last_success_at) AS last_success_at, max(last_failure_at) AS last_failure_at
        FROM (%2$s
          WHERE c.account_id = $1 AND c.webhook_id = w.webhook_id AND c.minute >= n.hour - interval '%3$d hours'
            AND c.keep_until >= (n.hour AT TIME ZONE 'UTC')::date + %4$d
            AND c.keep_until <= (n.hour AT TIME ZONE 'UTC')::date + %5$d) m
        GROUP BY 1) h ON true
      ORDER BY w.webhook_id DESC, h.hour""".formatted(AttemptCountStore.CONSECUTIVE_FAILURES, AttemptCountStore.OF_WEBHOOK,
      HOURS - 1, Partitions.COUNT_DAYS - 1, Partitions.COUNT_DAYS,
      DeliveryRowStore.isPaused("w"), WebhookActivity.MAX_WAITING);

  private StatsStore() {}

  /** What became of a transaction. */
  enum Commit { IN_PROGRESS, COMMITTED, ABORTED }

  /**
   * Adds what was counted to each chart, and gives the id of the transaction.
   *
   * @param tx a connection in a transaction
   * @param counted in the order of their accounts: other nodes add to the same rows
   * @param age how long ago it was
   */
  static Future<String> add(SqlClient tx, List<Counted> counted, Duration age) {
    return tx.preparedQuery(ADD)
        .execute(Tuple.tuple()
            .addArrayOfUUID(uuids(counted, Counted::accountId))
            .addArrayOfLong(longs(counted, Tally::valid))
            .addArrayOfLong(longs(counted, Tally::refused))
            .addArrayOfLong(longs(counted, Tally::activations))
            .addArrayOfLong(longs(counted, Tally::succeeded))
            .addArrayOfLong(longs(counted, Tally::failed))
            .addArrayOfString(strings(counted, one -> array(one.tally().times())))
            .addArrayOfInteger(Arrays.stream(Range.values()).map(Range::seconds).toArray(Integer[]::new))
            .addArrayOfInteger(Arrays.stream(Range.values()).map(Range::daysKept).toArray(Integer[]::new))
            .addDouble(age.toMillis() / 1e3))
        .compose(added -> tx.query(TRANSACTION).execute())
        .map(rows -> rows.iterator().next().getString(0));
  }

  /**
   * Tells what became of a transaction of the last hours.
   *
   * @param transaction as {@link #add} gave it
   */
  static Future<Commit> commit(SqlClient client, String transaction) {
    return client.preparedQuery(COMMIT).execute(Tuple.of(transaction)).map(rows -> {
      String status = rows.iterator().next().getString(0);
      return "in progress".equals(status) ? Commit.IN_PROGRESS
          : "aborted".equals(status) ? Commit.ABORTED : Commit.COMMITTED; // null: too old to be known
    }).recover(e -> e instanceof PgException pg && INVALID_PARAMETER.equals(pg.getSqlState())
        ? Future.succeededFuture(Commit.ABORTED) : Future.failedFuture(e));
  }

  private static Long[] longs(List<Counted> counted, ToLongFunction<Tally> value) {
    return counted.stream().map(one -> value.applyAsLong(one.tally())).toArray(Long[]::new);
  }

  /** As PostgreSQL reads one: lists of lists of different lengths are none there. */
  private static String array(long[] values) {
    return Arrays.stream(values).mapToObj(Long::toString).collect(Collectors.joining(",", "{", "}"));
  }

  /**
   * An account's points of a chart.
   *
   * @param last where the last one begins, by the database's clock
   * @param byTime those that something was counted in, by where they begin
   */
  record Points(Instant last, Map<Instant, Tally> byTime) {}

  static Future<Points> points(SqlClient client, UUID accountId, Range range) {
    return client.preparedQuery(POINTS)
        .execute(Tuple.of(accountId, range.seconds(), range.points(), range.daysKept()))
        .map(rows -> {
          Map<Instant, Tally> byTime = new LinkedHashMap<>();
          Instant last = null;
          for (Row row : rows) {
            last = instant(row, 0);
            if (row.getValue(1) != null) {
              byTime.put(instant(row, 1), new Tally(row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5),
                  row.getLong(6), times(row.getArrayOfLongs(7))));
            }
          }
          return new Points(last, byTime);
        });
  }

  private static long[] times(Long[] stored) {
    long[] times = new long[ResponseTimes.CLASSES];
    for (int i = 0; i < Math.min(times.length, stored.length); i++) {
      times[i] = stored[i];
    }
    return times;
  }

  /** All webhooks of an account, newest first. */
  static Future<List<WebhookActivity>> webhooks(SqlClient client, UUID accountId) {
    return client.preparedQuery(WEBHOOKS).execute(Tuple.of(accountId, (long) MAX_WEBHOOKS)).map(rows -> {
      Map<UUID, List<Row>> byWebhook = new LinkedHashMap<>();
      rows.forEach(row -> byWebhook.computeIfAbsent(row.getUUID(0), id -> new ArrayList<>()).add(row));
      return byWebhook.entrySet().stream().map(entry -> activity(entry.getKey(), entry.getValue())).toList();
    });
  }

  /**
   * @param hours of those with attempts, in order; one without, where there is none
   */
  private static WebhookActivity activity(UUID webhookId, List<Row> hours) {
    Instant last = instant(hours.get(0), 7);
    Map<Instant, Hour> counted = new LinkedHashMap<>();
    long failedSince = 0;
    Instant lastSuccess = null;
    Instant lastFailure = null;
    for (Row row : hours) {
      if (row.getValue(1) != null) {
        counted.put(instant(row, 1), new Hour(instant(row, 1), row.getLong(2), row.getLong(3)));
        failedSince += row.getLong(4);
        lastSuccess = instant(row, 5) == null ? lastSuccess : instant(row, 5);
        lastFailure = instant(row, 6) == null ? lastFailure : instant(row, 6);
      }
    }
    List<Hour> all = new ArrayList<>(HOURS);
    for (int ago = HOURS - 1; ago >= 0; ago--) {
      Instant at = last.minus(Duration.ofHours(ago));
      all.add(counted.getOrDefault(at, new Hour(at, 0, 0)));
    }
    Window sum = Window.of(all.stream().mapToLong(Hour::succeeded).sum(), all.stream().mapToLong(Hour::failed).sum());
    return new WebhookActivity(Id.WEBHOOK.of(webhookId), sum.successRate(), sum.count(),
        later(lastSuccess, lastFailure), lastSuccess, lastFailure, failedSince, hours.get(0).getLong(8), all);
  }

  private static Instant later(Instant a, Instant b) {
    return a == null ? b : b == null || a.isAfter(b) ? a : b;
  }
}
