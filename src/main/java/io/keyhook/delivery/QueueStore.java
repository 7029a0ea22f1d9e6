package io.keyhook.delivery;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.attempt.Attempt;
import io.keyhook.db.Partitions;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;

/** The SQL of the queue. A row belongs to who holds its lease: the newest fence, until {@code due_at}. */
final class QueueStore {
  /** The earliest delivery of each endpoint, by skipping from endpoint to endpoint in the index. */
  private static final String DUE = """
      WITH RECURSIVE endpoint AS (
        (SELECT account_id, webhook_id, due_at FROM keyhook.delivery_queue WHERE due_at > '-infinity'
          ORDER BY account_id, webhook_id, due_at LIMIT 1)
        UNION ALL
        SELECT n.account_id, n.webhook_id, n.due_at
        FROM endpoint e CROSS JOIN LATERAL (
          SELECT q.account_id, q.webhook_id, q.due_at FROM keyhook.delivery_queue q
          WHERE (q.account_id, q.webhook_id) > (e.account_id, e.webhook_id) AND q.due_at > '-infinity'
          ORDER BY q.account_id, q.webhook_id, q.due_at LIMIT 1) n
      )
      SELECT account_id, webhook_id, extract(epoch FROM due_at - now())::float8 FROM endpoint
      WHERE due_at <= now() + make_interval(secs => $1)""";

  private static final String CLAIM = """
      WITH due AS MATERIALIZED (
        SELECT e.webhook_id, d.delivery_id FROM unnest($2::uuid[], $3::int[]) e (webhook_id, places)
        CROSS JOIN LATERAL (
          SELECT q.delivery_id FROM keyhook.delivery_queue q
          WHERE q.account_id = $1 AND q.webhook_id = e.webhook_id AND q.due_at > '-infinity' AND q.due_at <= now()
            AND ($4::boolean OR NOT q.leased)
          ORDER BY q.due_at LIMIT e.places
          FOR UPDATE SKIP LOCKED) d
      ), claimed AS (
        UPDATE keyhook.delivery_queue q
        SET leased = true, fence = q.fence + 1, due_at = clock_timestamp() + make_interval(secs => $5)
        FROM due WHERE q.account_id = $1 AND q.webhook_id = due.webhook_id AND q.delivery_id = due.delivery_id
        RETURNING q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type, q.fence, q.tries,
          coalesce(jsonb_array_length(q.attempts), 0) AS attempts
      )
      SELECT c.delivery_id, c.webhook_id, w.version, c.type, e.data, c.fence, c.attempts, c.tries,
        w.is_active AND a.plan = ANY ($6::text[])
      FROM claimed c
      JOIN keyhook.account a ON a.account_id = $1
      JOIN keyhook.webhook w ON w.account_id = $1 AND w.webhook_id = c.webhook_id
      JOIN keyhook.event e ON e.account_id = $1 AND e.event_id = c.event_id AND e.keep_until = c.keep_until""";

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

  /** Answers how many of the results were taken. */
  private static final String DELIVERED = """
      WITH over AS (
        DELETE FROM keyhook.delivery_queue q
        USING unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[])
          r (account_id, webhook_id, delivery_id, fence, attempt)
        WHERE q.account_id = r.account_id AND q.webhook_id = r.webhook_id AND q.delivery_id = r.delivery_id
          AND q.fence = r.fence
        RETURNING q.account_id, q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type,
          coalesce(q.attempts || r.attempt::jsonb, r.attempt::jsonb) AS attempts
      ), logged AS (
        INSERT INTO keyhook.delivery
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, 1, attempts FROM over
      ), counted AS (
        SELECT account_id, webhook_id, true AS ok FROM over
      ), counts AS (
      """ + COUNT + """
      )
      SELECT count(*) FROM over""";

  /** The row says how often it was tried: an owner may have given it a fresh schedule meanwhile. */
  private static final String FAILED = """
      WITH result AS MATERIALIZED (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::float8[], $7::float8[])
          r (account_id, webhook_id, delivery_id, fence, attempt, elapsed, asked)
      ), later AS (
        UPDATE keyhook.delivery_queue q SET leased = false, tries = q.tries + 1,
          due_at = now() + make_interval(secs => greatest(0, CASE WHEN q.tries < 0 THEN 0
            ELSE least(greatest(r.asked, ($8::float8[])[q.tries + 1]), %d * ($8)[q.tries + 1]) - r.elapsed END)),
          attempts = coalesce(q.attempts || r.attempt::jsonb, r.attempt::jsonb)
        FROM result r
        WHERE q.account_id = r.account_id AND q.webhook_id = r.webhook_id AND q.delivery_id = r.delivery_id
          AND q.fence = r.fence AND q.leased
          AND q.tries < cardinality($8)
        RETURNING q.account_id, q.webhook_id
      ), over AS (
        DELETE FROM keyhook.delivery_queue q USING result r
        WHERE q.account_id = r.account_id AND q.webhook_id = r.webhook_id AND q.delivery_id = r.delivery_id
          AND q.fence = r.fence AND q.leased
          AND q.tries >= cardinality($8)
        RETURNING q.account_id, q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type,
          coalesce(q.attempts || r.attempt::jsonb, r.attempt::jsonb) AS attempts
      ), logged AS (
        INSERT INTO keyhook.delivery
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, 2, attempts FROM over
      ), counted AS (
        SELECT account_id, webhook_id, false AS ok FROM later
        UNION ALL SELECT account_id, webhook_id, false FROM over
      ), counts AS (
      """.formatted(RetrySchedule.MAX_STRETCH) + COUNT + """
      )
      SELECT (SELECT count(*) FROM later) + (SELECT count(*) FROM over)""";

  /** What was canceled while it was under way is in the log already; the attempt, and that it arrived, belong there. */
  private static final String CANCELED_MEANWHILE = """
      UPDATE keyhook.delivery d SET attempts = d.attempts || r.attempt::jsonb,
        status = CASE WHEN r.arrived THEN 1 ELSE d.status END
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::boolean[])
        r (account_id, webhook_id, delivery_id, fence, attempt, arrived)
      WHERE d.account_id = r.account_id AND d.webhook_id = r.webhook_id AND d.delivery_id = r.delivery_id
        AND d.status = 3 AND NOT d.attempts @> r.attempt::jsonb""";

  private static final String RELEASE = """
      UPDATE keyhook.delivery_queue q SET leased = false, due_at = now()
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) r (account_id, webhook_id, delivery_id, fence)
      WHERE q.account_id = r.account_id AND q.webhook_id = r.webhook_id AND q.delivery_id = r.delivery_id
        AND q.fence = r.fence AND q.leased""";

  private static final String SETTINGS = """
      SELECT version, url, secret, previous_secret, previous_secret_until FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL""";

  private QueueStore() {}

  /**
   * @param seconds until its next delivery is due; 0 or less: it is
   */
  record Due(EndpointId endpoint, double seconds) {}

  /** An endpoint that has places for so many more. */
  record Places(EndpointId endpoint, int count) {}

  /**
   * @param active false where the webhook, or its account's plan, says that nothing is to be sent any more
   */
  record Claimed(Outgoing outgoing, boolean active) {}

  record Result(Outgoing delivery, Attempt attempt) {}

  record StoredEndpoint(
      int version, String url, byte[] secret, byte[] previousSecret, Instant previousUntil) {}

  /** Endpoints whose next delivery is due now or within {@code ahead}. */
  static Future<List<Due>> due(SqlClient client, Duration ahead) {
    return client.preparedQuery(DUE).execute(Tuple.of(ahead.toMillis() / 1e3)).map(rows ->
        all(rows, row ->
            new Due(new EndpointId(row.getUUID(0), row.getUUID(1)), row.getDouble(2))));
  }

  /**
   * Takes leases for one account's endpoints.
   *
   * @param takeOver also of those whose lease ended without a result
   * @param plans whose webhooks fire
   */
  static Future<List<Claimed>> claim(
      SqlClient client, UUID accountId, List<Places> places, boolean takeOver, String[] plans) {
    long now = System.nanoTime();
    return client.preparedQuery(CLAIM)
        .execute(Tuple.tuple()
            .addUUID(accountId)
            .addArrayOfUUID(uuids(places, place -> place.endpoint.webhookId()))
            .addArrayOfInteger(places.stream().map(Places::count).toArray(Integer[]::new))
            .addBoolean(takeOver)
            .addDouble((double) Outbox.LEASE_SECONDS)
            .addArrayOfString(plans))
        .map(rows -> {
          List<Claimed> claimed = new ArrayList<>(rows.size());
          for (Row row : rows) {
            claimed.add(new Claimed(new Outgoing(accountId, row.getUUID(0), row.getUUID(1), row.getInteger(2),
                EventType.of(row.getShort(3)), row.getString(4), row.getLong(5), row.getInteger(6) + 1,
                row.getInteger(7), now),
                row.getBoolean(8)));
          }
          return claimed;
        });
  }

  /** Moves what has arrived from the queue to the log. What has been claimed by another since is left alone. */
  static Future<Void> delivered(SqlClient client, List<Result> results) {
    return client.preparedQuery(DELIVERED).execute(attempts(results))
        .compose(taken -> canceledMeanwhile(client, results, taken.iterator().next().getLong(0)));
  }

  /**
   * Gives what failed its next attempt, or moves it to the log after the last. Delays are as {@link RetrySchedule#next} has
   * them, and count from the attempt's end, whenever this is written.
   */
  static Future<Void> failed(SqlClient client, List<Result> results, RetrySchedule schedule) {
    long now = System.nanoTime();
    return client.preparedQuery(FAILED)
        .execute(attempts(results)
            .addArrayOfDouble(results.stream()
                .map(result -> (now - result.attempt.endedNanos()) / 1e9).toArray(Double[]::new))
            .addArrayOfDouble(seconds(results.stream().map(result -> result.attempt.retryAfter())))
            .addArrayOfDouble(seconds(schedule.delays().stream())))
        .compose(taken -> canceledMeanwhile(client, results, taken.iterator().next().getLong(0)));
  }

  private static Double[] seconds(Stream<Duration> durations) {
    return durations.map(duration -> duration.toMillis() / 1e3).toArray(Double[]::new);
  }

  private static Future<Void> canceledMeanwhile(SqlClient client, List<Result> results, long taken) {
    return taken == results.size() ? Future.succeededFuture() : client.preparedQuery(CANCELED_MEANWHILE)
        .execute(attempts(results)
            .addArrayOfBoolean(results.stream().map(result -> result.attempt.succeeded()).toArray(Boolean[]::new)))
        .mapEmpty();
  }

  private static Tuple attempts(List<Result> results) {
    return fenced(results, Result::delivery)
        .addArrayOfString(strings(results, result -> "[" + result.attempt.toJson() + "]"));
  }

  /** Gives leases back unused. */
  static Future<Void> release(SqlClient client, List<Outgoing> deliveries) {
    return client.preparedQuery(RELEASE).execute(fenced(deliveries, outgoing -> outgoing)).mapEmpty();
  }

  /** Empty where the webhook is gone. */
  static Future<Optional<StoredEndpoint>> settings(SqlClient client, EndpointId endpoint) {
    return client.preparedQuery(SETTINGS).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> first(rows, row -> new StoredEndpoint(row.getInteger(0), row.getString(1),
            row.getBuffer(2).getBytes(), row.getBuffer(3) == null ? null : row.getBuffer(3).getBytes(),
            instant(row, 4))));
  }

  private static <T> Tuple fenced(List<T> items, Function<T, Outgoing> delivery) {
    List<Outgoing> deliveries = items.stream().map(delivery).toList();
    return Tuple.tuple()
        .addArrayOfUUID(uuids(deliveries, Outgoing::accountId))
        .addArrayOfUUID(uuids(deliveries, Outgoing::webhookId))
        .addArrayOfUUID(uuids(deliveries, Outgoing::deliveryId))
        .addArrayOfLong(deliveries.stream().map(Outgoing::fence).toArray(Long[]::new));
  }
}
