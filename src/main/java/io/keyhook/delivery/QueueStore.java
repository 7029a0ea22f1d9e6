package io.keyhook.delivery;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Id;
import io.keyhook.db.Partitions;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlResult;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** The SQL of the queue. A row belongs to who holds its lease: the newest fence, until {@code due_at}. */
final class QueueStore {
  static final int CANCEL_BATCH = 1000;

  /** The earliest delivery of each endpoint, by skipping from endpoint to endpoint in the index. */
  private static final String DUE = """
      WITH RECURSIVE endpoint AS (
        (SELECT account_id, webhook_id, due_at FROM keyhook.delivery_queue
          ORDER BY account_id, webhook_id, due_at LIMIT 1)
        UNION ALL
        SELECT n.account_id, n.webhook_id, n.due_at
        FROM endpoint e CROSS JOIN LATERAL (
          SELECT q.account_id, q.webhook_id, q.due_at FROM keyhook.delivery_queue q
          WHERE (q.account_id, q.webhook_id) > (e.account_id, e.webhook_id)
          ORDER BY q.account_id, q.webhook_id, q.due_at LIMIT 1) n
      )
      SELECT account_id, webhook_id, extract(epoch FROM due_at - now())::float8 FROM endpoint
      WHERE due_at <= now() + make_interval(secs => $1)""";

  private static final String CLAIM = """
      WITH due AS MATERIALIZED (
        SELECT d.delivery_id FROM unnest($2::uuid[], $3::int[]) e (webhook_id, places)
        CROSS JOIN LATERAL (
          SELECT q.delivery_id FROM keyhook.delivery_queue q
          WHERE q.account_id = $1 AND q.webhook_id = e.webhook_id AND q.due_at <= now() AND ($4::boolean OR NOT q.leased)
          ORDER BY q.due_at LIMIT e.places
          FOR UPDATE SKIP LOCKED) d
      ), claimed AS (
        UPDATE keyhook.delivery_queue q
        SET leased = true, fence = q.fence + 1, due_at = now() + make_interval(secs => $5)
        FROM due WHERE q.account_id = $1 AND q.delivery_id = due.delivery_id
        RETURNING q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type, q.fence, q.tries,
          coalesce(jsonb_array_length(q.attempts), 0) AS attempts
      )
      SELECT c.delivery_id, c.webhook_id, w.version, c.type, e.data, c.fence, c.attempts, c.tries,
        w.is_active AND a.plan = ANY ($6::text[])
      FROM claimed c
      JOIN keyhook.account a ON a.account_id = $1
      JOIN keyhook.webhook w ON w.account_id = $1 AND w.webhook_id = c.webhook_id
      LEFT JOIN keyhook.event e ON e.account_id = $1 AND e.event_id = c.event_id AND e.keep_until = c.keep_until""";

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

  private static final String FINISH = """
      WITH over AS (
        DELETE FROM keyhook.delivery_queue q
        USING unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::smallint[], $5::text[])
          r (account_id, delivery_id, fence, status, attempt)
        WHERE q.account_id = r.account_id AND q.delivery_id = r.delivery_id AND q.fence = r.fence
        RETURNING q.account_id, q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type, r.status,
          coalesce(q.attempts, '[]') || r.attempt::jsonb AS attempts
      ), logged AS (
        INSERT INTO keyhook.delivery
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts FROM over
      ), counted AS (
        SELECT account_id, webhook_id, status = 1 AS ok FROM over
      )
      """ + COUNT;

  private static final String RESCHEDULE = """
      WITH later AS (
        UPDATE keyhook.delivery_queue q SET leased = false, tries = q.tries + 1,
          due_at = now() + make_interval(secs => r.delay), attempts = coalesce(q.attempts, '[]') || r.attempt::jsonb
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::float8[], $5::text[])
          r (account_id, delivery_id, fence, delay, attempt)
        WHERE q.account_id = r.account_id AND q.delivery_id = r.delivery_id AND q.fence = r.fence
        RETURNING q.account_id, q.webhook_id
      ), counted AS (
        SELECT account_id, webhook_id, false AS ok FROM later
      )
      """ + COUNT;

  private static final String RELEASE = """
      UPDATE keyhook.delivery_queue q SET leased = false, due_at = now()
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) r (account_id, delivery_id, fence)
      WHERE q.account_id = r.account_id AND q.delivery_id = r.delivery_id AND q.fence = r.fence""";

  private static final String CANCEL = """
      WITH gone AS (
        DELETE FROM keyhook.delivery_queue q USING (
          SELECT delivery_id FROM keyhook.delivery_queue
          WHERE account_id = $1 AND ($2::uuid[] IS NULL OR webhook_id = ANY ($2))
          ORDER BY delivery_id LIMIT $3 FOR UPDATE) d
        WHERE q.account_id = $1 AND q.delivery_id = d.delivery_id
        RETURNING q.*
      )
      INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
      SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, 3, coalesce(attempts, '[]') FROM gone""";

  private static final String SETTINGS = """
      SELECT version, url, secret, previous_secret, previous_secret_until FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL""";

  private static final String EXISTS = "SELECT FROM keyhook.webhook WHERE account_id = $1 AND webhook_id = $2";

  private static final String ACTIVITY = """
      SELECT a.plan, coalesce(w.is_active AND w.deleted_at IS NULL, false)
      FROM keyhook.account a LEFT JOIN keyhook.webhook w ON w.account_id = a.account_id AND w.webhook_id = $2
      WHERE a.account_id = $1""";

  private QueueStore() {}

  /**
   * @param seconds until its next delivery is due; 0 or less: it is
   */
  record Due(EndpointId endpoint, double seconds) {}

  /** An endpoint that has places for so many more. */
  record Places(EndpointId endpoint, int count) {}

  /**
   * @param sendable false where nothing may be sent any more: the webhook or its plan says no, or the event is gone
   */
  record Claimed(Outgoing outgoing, boolean sendable) {}

  /** The end of a delivery, or of an attempt after which there is another. */
  record Result(Outgoing delivery, LogStatus status, Attempt attempt, Duration delay) {}

  record Settings(
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
            String data = row.getString(4);
            claimed.add(new Claimed(new Outgoing(accountId, row.getUUID(0), row.getUUID(1), row.getInteger(2),
                EventType.of(row.getShort(3)), data, row.getLong(5), row.getInteger(6) + 1, row.getInteger(7), now),
                row.getBoolean(8) && data != null));
          }
          return claimed;
        });
  }

  /** Moves deliveries from the queue to the log. What has been claimed by another since is left alone. */
  static Future<Void> finish(SqlClient client, List<Result> results) {
    return client.preparedQuery(FINISH)
        .execute(fenced(results.stream().map(Result::delivery).toList())
            .addArrayOfShort(results.stream().map(result -> result.status.code()).toArray(Short[]::new))
            .addArrayOfString(strings(results, result -> result.attempt.toJson())))
        .mapEmpty();
  }

  /** The delay counts from the attempt's end, whenever this is written. */
  static Future<Void> reschedule(SqlClient client, List<Result> results) {
    long now = System.nanoTime();
    return client.preparedQuery(RESCHEDULE)
        .execute(fenced(results.stream().map(Result::delivery).toList())
            .addArrayOfDouble(results.stream()
                .map(result -> Math.max(0, (result.delay.toNanos() - (now - result.attempt.endedNanos())) / 1e9))
                .toArray(Double[]::new))
            .addArrayOfString(strings(results, result -> result.attempt.toJson())))
        .mapEmpty();
  }

  /** Gives leases back unused. */
  static Future<Void> release(SqlClient client, List<Outgoing> deliveries) {
    return client.preparedQuery(RELEASE).execute(fenced(deliveries)).mapEmpty();
  }

  /**
   * Cancels up to {@value #CANCEL_BATCH}, and tells how many.
   *
   * @param webhookIds null: all of the account
   */
  static Future<Integer> cancel(SqlClient client, UUID accountId, Set<UUID> webhookIds) {
    return client.preparedQuery(CANCEL)
        .execute(Tuple.tuple().addUUID(accountId)
            .addArrayOfUUID(webhookIds == null ? null : webhookIds.toArray(UUID[]::new))
            .addInteger(CANCEL_BATCH))
        .map(SqlResult::rowCount);
  }

  /** Empty where the webhook is gone. */
  static Future<Optional<Settings>> settings(SqlClient client, EndpointId endpoint) {
    return client.preparedQuery(SETTINGS).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> first(rows, row -> new Settings(row.getInteger(0), row.getString(1),
            row.getBuffer(2).getBytes(), row.getBuffer(3) == null ? null : row.getBuffer(3).getBytes(),
            instant(row, 4))));
  }

  /** Also of one that was deleted: its log stays. */
  static Future<Boolean> webhookExists(SqlClient client, EndpointId endpoint) {
    return client.preparedQuery(EXISTS).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> rows.size() > 0);
  }

  /** Whether a webhook may be sent to. */
  record Activity(String plan, boolean active) {}

  static Future<Activity> activity(SqlClient client, EndpointId endpoint) {
    return client.preparedQuery(ACTIVITY).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> first(rows, row -> new Activity(row.getString(0), row.getBoolean(1)))
            .orElseThrow(Id.WEBHOOK::notFound));
  }

  private static Tuple fenced(List<Outgoing> deliveries) {
    return Tuple.tuple()
        .addArrayOfUUID(uuids(deliveries, Outgoing::accountId))
        .addArrayOfUUID(uuids(deliveries, Outgoing::deliveryId))
        .addArrayOfLong(deliveries.stream().map(Outgoing::fence).toArray(Long[]::new));
  }
}
