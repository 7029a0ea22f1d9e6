package io.keyhook.delivery;

import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.AttemptError;
import io.keyhook.db.Partitions;
import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The SQL that writes what became of leased deliveries. A row changes only under the fencing token that it was leased with:
 * if another node has claimed it since, the result is dropped.
 */
final class ResultStore {
  private static final String SAME = DeliveryRowStore.isLeased("q", "r");
  private static final String ATTEMPTS = DeliveryRowStore.withAttempt("q.attempts", "r.attempt::jsonb");

  /** The condition that an attempt says something of the endpoint. */
  private static final String ENDPOINTS = Arrays.stream(AttemptError.values()).filter(AttemptError::isKeyhooks)
      .map(error -> "NOT attempt::jsonb @> '[{\"error\": \"%s\"}]'".formatted(error.wireName()))
      .collect(Collectors.joining(" AND "));

  private static final String COUNT = """
      INSERT INTO keyhook.attempt_count AS t (account_id, webhook_id, minute, keep_until, succeeded, failed, failed_since,
        last_success_at, last_failure_at)
      SELECT account_id, webhook_id, date_trunc('minute', now()), (now() AT TIME ZONE 'UTC')::date + %d,
        count(*) FILTER (WHERE ok), count(*) FILTER (WHERE NOT ok), CASE WHEN bool_or(ok) THEN 0 ELSE count(*) END,
        CASE WHEN bool_or(ok) THEN now() END, CASE WHEN NOT bool_and(ok) THEN now() END
      FROM counted GROUP BY account_id, webhook_id ORDER BY account_id, webhook_id
      ON CONFLICT (account_id, webhook_id, minute, keep_until) DO UPDATE SET
        succeeded = t.succeeded + excluded.succeeded,
        failed = t.failed + excluded.failed,
        failed_since = CASE WHEN excluded.succeeded > 0 THEN excluded.failed_since
          ELSE t.failed_since + excluded.failed_since END,
        last_success_at = coalesce(excluded.last_success_at, t.last_success_at),
        last_failure_at = coalesce(excluded.last_failure_at, t.last_failure_at)""".formatted(Partitions.COUNT_DAYS);

  /** Returns how many of the results were written. */
  static final String DELIVERED = """
      WITH over AS (
        DELETE FROM keyhook.delivery_queue q
        USING %2$s r (account_id, webhook_id, delivery_id, fence, attempt)
        WHERE %3$s
        RETURNING q.account_id, q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type,
          %1$s AS attempts
      ), logged AS (
        INSERT INTO keyhook.delivery
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, 1, attempts FROM over
      ), counted AS (
        SELECT account_id, webhook_id, true AS ok FROM over
      ), counts AS (
      """.formatted(ATTEMPTS, DeliveryRowStore.batch("uuid", "uuid", "uuid", "bigint", "text"), SAME) + COUNT + """
      )
      SELECT count(*) FROM over""";

  /**
   * The row counts its failed attempts itself: its owner may have given it a fresh schedule meanwhile. A failure of Keyhook's own
   * says nothing of the webhook, and does not count against its health.
   */
  static final String FAILED = """
      WITH result AS MATERIALIZED (
        SELECT * FROM %3$s r (account_id, webhook_id, delivery_id, fence, attempt, elapsed, asked)
      ), later AS (
        UPDATE keyhook.delivery_queue q SET leased = false, tries = q.tries + 1,
          due_at = now() + make_interval(secs => greatest(0, CASE WHEN q.tries < 0 THEN 0
            ELSE least(greatest(r.asked, ($8::float8[])[q.tries + 1]), %2$d * ($8)[q.tries + 1]) - r.elapsed END)),
          attempts = %1$s
        FROM result r
        WHERE %4$s AND q.leased
          AND q.tries < cardinality($8::float8[])
        RETURNING q.account_id, q.webhook_id, r.attempt
      ), over AS (
        DELETE FROM keyhook.delivery_queue q USING result r
        WHERE %4$s AND q.leased
          AND q.tries >= cardinality($8)
        RETURNING q.account_id, q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type,
          %1$s AS attempts, r.attempt
      ), logged AS (
        INSERT INTO keyhook.delivery
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, 2, attempts FROM over
      ), counted AS (
        SELECT account_id, webhook_id, false AS ok FROM later WHERE %5$s
        UNION ALL SELECT account_id, webhook_id, false FROM over WHERE %5$s
      ), counts AS (
      """.formatted(ATTEMPTS, RetrySchedule.MAX_STRETCH,
          DeliveryRowStore.batch("uuid", "uuid", "uuid", "bigint", "text", "float8", "float8"), SAME, ENDPOINTS) + COUNT + """
      )
      SELECT (SELECT count(*) FROM later) + (SELECT count(*) FROM over)""";

  /**
   * A delivery that was canceled during its attempt is in the log already. Adds the attempt there, and that it was
   * delivered.
   */
  private static final String CANCELED_MEANWHILE = """
      UPDATE keyhook.delivery d SET attempts = %s,
        status = CASE WHEN r.arrived THEN 1 ELSE d.status END
      FROM %s r (account_id, webhook_id, delivery_id, fence, attempt, arrived)
      WHERE %s
        AND d.status = 3 AND NOT d.attempts @> r.attempt::jsonb""".formatted(
      DeliveryRowStore.withAttempt("d.attempts", "r.attempt::jsonb"),
      DeliveryRowStore.batch("uuid", "uuid", "uuid", "bigint", "text", "boolean"), DeliveryRowStore.is("d", "r"));

  static final String RELEASE = """
      UPDATE keyhook.delivery_queue q SET leased = false, due_at = now()
      FROM %s r (account_id, webhook_id, delivery_id, fence)
      WHERE %s AND q.leased""".formatted(DeliveryRowStore.batch("uuid", "uuid", "uuid", "bigint"), SAME);

  private static final List<String> FENCED = List.of("uuid[]", "uuid[]", "uuid[]", "bigint[]");
  private static final ShardStatement DELIVERED_ON_SHARD = onShard(DELIVERED, "taken bigint", "text[]");
  private static final ShardStatement FAILED_ON_SHARD =
      onShard(FAILED, "taken bigint", "text[]", "float8[]", "float8[]", "float8[]");
  private static final ShardStatement CANCELED_MEANWHILE_ON_SHARD =
      onShard(CANCELED_MEANWHILE, "", "text[]", "boolean[]");
  private static final ShardStatement RELEASE_ON_SHARD = onShard(RELEASE, "");

  private ResultStore() {}

  private static ShardStatement onShard(String sql, String columns, String... more) {
    return new ShardStatement(sql, Stream.concat(FENCED.stream(), Stream.of(more)).toList(), columns);
  }

  /**
   * What is written of an attempt. A result may wait for the database, and the attempt itself holds all headers of its response.
   *
   * @param attempt its JSON
   * @param endedNanos {@link System#nanoTime()} at its end
   * @param retryAfter how long the endpoint asked to wait; zero if it did not
   */
  record Result(Outgoing delivery, String attempt, boolean succeeded, long endedNanos, Duration retryAfter) {
    static Result of(Outgoing delivery, Attempt attempt) {
      return new Result(delivery, attempt.toJson(delivery.number()), attempt.succeeded(), attempt.endedNanos(), attempt.retryAfter());
    }
  }

  /** Moves successful deliveries from the queue to the log. */
  static Future<Void> delivered(ShardClient client, List<Result> results) {
    return client.run(DELIVERED_ON_SHARD, attempts(results))
        .compose(taken -> canceledMeanwhile(client, results, taken.iterator().next().getLong(0)));
  }

  /**
   * Schedules the next attempt of failed deliveries, or moves them to the log after the last. Delays are those of
   * {@link RetrySchedule#next} and count from the end of the attempt, whenever this is written.
   */
  static Future<Void> failed(ShardClient client, List<Result> results, RetrySchedule schedule) {
    long now = System.nanoTime();
    return client.run(FAILED_ON_SHARD, attempts(results)
            .addArrayOfDouble(results.stream()
                .map(result -> (now - result.endedNanos()) / 1e9).toArray(Double[]::new))
            .addArrayOfDouble(seconds(results.stream().map(Result::retryAfter)))
            .addArrayOfDouble(seconds(schedule.delays().stream())))
        .compose(taken -> canceledMeanwhile(client, results, taken.iterator().next().getLong(0)));
  }

  private static Double[] seconds(Stream<Duration> durations) {
    return durations.map(duration -> duration.toMillis() / 1e3).toArray(Double[]::new);
  }

  private static Future<Void> canceledMeanwhile(ShardClient client, List<Result> results, long taken) {
    return taken == results.size() ? Future.succeededFuture()
        : client.run(CANCELED_MEANWHILE_ON_SHARD, attempts(results)
            .addArrayOfBoolean(results.stream().map(Result::succeeded).toArray(Boolean[]::new)))
        .mapEmpty();
  }

  private static Tuple attempts(List<Result> results) {
    return fenced(results, Result::delivery)
        .addArrayOfString(strings(results, result -> "[" + result.attempt + "]"));
  }

  /** Returns leases unused: their deliveries are due at once. */
  static Future<Void> release(ShardClient client, List<Outgoing> deliveries) {
    return client.run(RELEASE_ON_SHARD, fenced(deliveries, outgoing -> outgoing)).mapEmpty();
  }

  private static <T> Tuple fenced(List<T> items, Function<T, Outgoing> delivery) {
    List<Outgoing> deliveries = items.stream().map(delivery).toList();
    return Tuple.tuple()
        .addArrayOfUUID(uuids(deliveries, outgoing -> outgoing.endpoint().accountId()))
        .addArrayOfUUID(uuids(deliveries, outgoing -> outgoing.endpoint().webhookId()))
        .addArrayOfUUID(uuids(deliveries, Outgoing::deliveryId))
        .addArrayOfLong(deliveries.stream().map(outgoing -> outgoing.lease().fence()).toArray(Long[]::new));
  }
}
