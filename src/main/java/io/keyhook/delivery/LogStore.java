package io.keyhook.delivery;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.utc;

import io.keyhook.account.Plans;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Deliveries.Delivery;
import io.keyhook.bus.Deliveries.Status;
import io.keyhook.bus.Deliveries.Summary;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Webhooks.Health;
import io.keyhook.bus.Webhooks.ResponseTime;
import io.keyhook.bus.Webhooks.Window;
import io.keyhook.db.Partitions;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.stats.AttemptCounts;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of the log. A delivery is in the queue or in the log, never in both; to a reader it is one list. */
final class LogStore {
  private static final String QUEUED = """
      (SELECT delivery_id, webhook_id, type, 0::smallint AS status, false AS test,
        coalesce(jsonb_array_length(attempts), 0), (attempts -> -1 ->> 'status')::int, attempts -> -1 ->> 'error',
        CASE WHEN NOT leased THEN due_at END
      FROM keyhook.delivery_queue
      WHERE account_id = $1 AND webhook_id = $2 AND delivery_id < $3 AND delivery_id >= $4
        AND ($5::smallint IS NULL OR type = $5)
      ORDER BY delivery_id DESC LIMIT $6)""";
  private static final String LOGGED = """
      (SELECT delivery_id, webhook_id, type, status, test,
        jsonb_array_length(attempts), (attempts -> -1 ->> 'status')::int, attempts -> -1 ->> 'error', NULL::timestamptz
      FROM keyhook.delivery
      WHERE account_id = $1 AND webhook_id = $2 AND delivery_id < $3 AND delivery_id >= $4
        AND ($5::smallint IS NULL OR type = $5)%s
      ORDER BY delivery_id DESC LIMIT $6)""";
  private static final String LIST = QUEUED + " UNION ALL " + LOGGED.formatted("") + " ORDER BY delivery_id DESC LIMIT $6";

  private static final String GET = """
      SELECT $2::uuid, w.webhook_id, d.type, d.status, d.attempts, d.due_at, e.data, w.url
      FROM keyhook.webhook w
      CROSS JOIN LATERAL (
        SELECT event_id, keep_until, type, 0::smallint AS status, false AS test,
          coalesce(attempts, '[]') AS attempts, CASE WHEN NOT leased THEN due_at END AS due_at
        FROM keyhook.delivery_queue WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id = $2
        UNION ALL
        SELECT event_id, keep_until, type, status, test, attempts, NULL
        FROM keyhook.delivery WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id = $2
      ) d JOIN keyhook.event e ON e.account_id = $1 AND e.event_id = d.event_id AND e.keep_until = d.keep_until
      WHERE w.account_id = $1 AND (w.deleted_at IS NULL OR w.deleted_at > $5) AND d.test = $3 AND $2 >= $4""";

  private static final String NEW_ID = "SELECT keyhook.uuid_v7()";
  private static final String LOG_TEST = """
      WITH kept AS (
        SELECT (now() AT TIME ZONE 'UTC')::date + p.days AS until, keyhook.uuid_v7() AS event_id
        FROM keyhook.account a JOIN unnest($7::text[], $8::int[]) p (plan, days) ON p.plan = a.plan
        WHERE a.account_id = $1
      ), stored AS (
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data) SELECT $1, event_id, until, $6 FROM kept
      ), logged AS (
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, test, attempts)
        SELECT $1, $2, $3, event_id, until, $4, $5, true, jsonb_build_array($9::jsonb) FROM kept
      )
      SELECT 1""";

  // What is redelivered leaves the log for the queue. Its fence starts past any that an earlier lease can have had.
  private static final String MAKE_DUE = """
      UPDATE keyhook.delivery_queue SET tries = CASE WHEN leased THEN -1 ELSE 0 END,
        due_at = CASE WHEN leased THEN due_at ELSE now() END
      WHERE account_id = $1 AND webhook_id = $2 AND delivery_id = $3""";
  private static final String QUEUE_TAKEN = """
      INSERT INTO keyhook.delivery_queue
        (account_id, delivery_id, webhook_id, event_id, keep_until, type, fence, leased, due_at, attempts)
      SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, false, now(), attempts
      FROM taken""";
  private static final String REQUEUE = """
      WITH taken AS (
        DELETE FROM keyhook.delivery WHERE account_id = $1 AND webhook_id = $2 AND delivery_id = $3 AND NOT test
        RETURNING *
      )
      """ + QUEUE_TAKEN;

  /** When it failed is when its last attempt ended: an old one may have been redelivered. */
  private static final String FAILED_SINCE = """
      (d.status = 2 AND NOT d.test
        AND (d.attempts -> -1 ->> 'at')::bigint + (d.attempts -> -1 ->> 'ms')::bigint >= $5::bigint)""";
  private static final String COUNT_FAILED = "SELECT count(*) FILTER (WHERE " + FAILED_SINCE + """
      ) FROM (
        SELECT status, test, attempts FROM keyhook.delivery
        WHERE account_id = $1 AND webhook_id = $2 AND delivery_id > $3 AND delivery_id < $4 AND status <> 1
        ORDER BY delivery_id DESC LIMIT $6) d""";
  private static final String REQUEUE_FAILED = """
      WITH room AS MATERIALIZED (
        SELECT greatest(0, least($6::bigint, $7::bigint - count(*))) AS places FROM (
          SELECT FROM keyhook.delivery_queue
          WHERE account_id = $1 AND webhook_id = $2 AND due_at > '-infinity' AND due_at <= now() LIMIT $7::bigint) waiting
      ), seen AS MATERIALIZED (
        SELECT d.delivery_id, d.keep_until,\s""" + FAILED_SINCE + """
       AS failed
        FROM keyhook.delivery d
        WHERE d.account_id = $1 AND d.webhook_id = $2 AND d.delivery_id > $3 AND d.delivery_id < $4 AND d.status <> 1
          AND EXISTS (
            SELECT FROM keyhook.webhook w JOIN keyhook.account a ON a.account_id = w.account_id
            WHERE w.account_id = $1 AND w.webhook_id = $2 AND w.is_active AND a.plan = ANY ($8::text[]))
        ORDER BY d.delivery_id LIMIT (SELECT places FROM room)
      ), taken AS (
        DELETE FROM keyhook.delivery d USING seen
        WHERE d.account_id = $1 AND d.webhook_id = $2 AND d.delivery_id = seen.delivery_id
          AND d.keep_until = seen.keep_until AND seen.failed AND d.status = 2
        RETURNING d.*
      ), queued AS (
      """ + QUEUE_TAKEN + """

      )
      SELECT (SELECT places FROM room), (SELECT count(*) FROM seen), (SELECT count(*) FROM taken),
        (SELECT delivery_id FROM seen ORDER BY delivery_id DESC LIMIT 1)""";

  private static final String COUNTS = """
      SELECT
        coalesce(sum(succeeded) FILTER (WHERE minute > now() - interval '1 hour'), 0),
        coalesce(sum(failed) FILTER (WHERE minute > now() - interval '1 hour'), 0),
        coalesce(sum(succeeded) FILTER (WHERE minute > now() - interval '1 day'), 0),
        coalesce(sum(failed) FILTER (WHERE minute > now() - interval '1 day'), 0),
        coalesce(sum(succeeded) FILTER (WHERE minute > now() - interval '7 days'), 0),
        coalesce(sum(failed) FILTER (WHERE minute > now() - interval '7 days'), 0),
        %s, max(last_success_at), max(last_failure_at)
      FROM (%s
        WHERE c.account_id = $1 AND c.webhook_id = $2 AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %d) m"""
      .formatted(AttemptCounts.CONSECUTIVE_FAILURES, AttemptCounts.OF_WEBHOOK, Partitions.COUNT_DAYS - 30);
  private static final String LATEST_TIMES = """
      SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), percentile_disc(0.95) WITHIN GROUP (ORDER BY ms)
      FROM (SELECT (attempts -> -1 ->> 'ms')::bigint AS ms FROM keyhook.delivery
        WHERE account_id = $1 AND webhook_id = $2 ORDER BY delivery_id DESC LIMIT 1000) latest""";
  private static final String PENDING = """
      SELECT count(*) FROM keyhook.delivery_queue WHERE account_id = $1 AND webhook_id = $2""";

  private LogStore() {}

  /**
   * @param from of the first millisecond that is shown
   */
  static Future<Page<Summary>> list(
      SqlClient client, Deliveries.ListOf query, UUID webhookId, Optional<EventType> type, Instant from) {
    UUID before = query.page().before();
    UUID to = query.to() == null ? before : Id.floor(query.to().toEpochMilli());
    String sql = query.status() == null ? LIST : query.status() == Status.PENDING ? QUEUED
        : LOGGED.formatted(condition(query.status()));
    return client.preparedQuery(sql)
        .execute(Tuple.of(query.caller().accountId(), webhookId, earlier(before, to), Id.floor(from.toEpochMilli()),
            type.map(EventType::code).orElse(null), (long) query.page().limit() + 1))
        .map(rows -> Page.of(all(rows, LogStore::summary), query.page().limit(), LogStore::rowId));
  }

  /** Of the log, on a status; null: none. */
  static String condition(Status status) {
    return status == null ? "" : switch (status) {
      case PENDING -> " AND false";
      case DELIVERED -> " AND status = 1";
      case FAILED -> " AND status <> 1 AND status = 2"; // as the index has it
      case CANCELED -> " AND status <> 1 AND status = 3";
    };
  }

  static UUID earlier(UUID a, UUID b) {
    int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
    int order = high != 0 ? high : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
    return order < 0 ? a : b;
  }

  static UUID rowId(Summary summary) {
    return Payload.idOf(summary.id().startsWith(Payload.idOf(true).prefix())).parse(summary.id());
  }

  static Summary summary(Row row) {
    UUID id = row.getUUID(0);
    return new Summary(Payload.idOf(row.getBoolean(4)).of(id), Id.WEBHOOK.of(row.getUUID(1)),
        EventType.of(row.getShort(2)).wireName(), LogStatus.of(row.getShort(3)), row.getInteger(5), row.getInteger(6),
        row.getString(7), Instant.ofEpochMilli(Id.millis(id)), instant(row, 8));
  }

  static Future<Delivery> get(SqlClient client, UUID accountId, UUID deliveryId, boolean test, Instant from) {
    return client.preparedQuery(GET)
        .execute(Tuple.of(accountId, deliveryId, test, Id.floor(from.toEpochMilli()), utc(from)))
        .map(rows -> first(rows, row -> delivery(row, test)).orElseThrow(Id.DELIVERY::notFound));
  }

  private static Delivery delivery(Row row, boolean test) {
    UUID id = row.getUUID(0);
    EventType type = EventType.of(row.getShort(2));
    String publicId = Payload.idOf(test).of(id);
    JsonArray kept = (JsonArray) row.getValue(4);
    List<Deliveries.Attempt> attempts = new ArrayList<>(kept.size());
    for (int i = 0; i < kept.size(); i++) {
      JsonObject attempt = kept.getJsonObject(i);
      Integer status = attempt.getInteger("status");
      attempts.add(new Deliveries.Attempt(i + 1, Instant.ofEpochMilli(attempt.getLong("at")), attempt.getLong("ms"), status,
          attempt.getString("error"), status == null ? null : attempt.getString("body", "")));
    }
    Status status = LogStatus.of(row.getShort(3));
    return new Delivery(publicId, Id.WEBHOOK.of(row.getUUID(1)), row.getString(7), type.wireName(),
        new JsonObject(row.getString(6)).getString("licenseId"), status,
        Payload.body(type, id, publicId, row.getString(6)), Instant.ofEpochMilli(Id.millis(id)), instant(row, 5), attempts);
  }

  static Future<UUID> newId(SqlClient client) {
    return client.query(NEW_ID).execute().map(rows -> rows.iterator().next().getUUID(0));
  }

  static Future<Void> logTest(
      SqlClient client, EndpointId endpoint, UUID deliveryId, EventType type, String data, Attempt attempt, Plans plans) {
    LogStatus status = attempt.succeeded() ? LogStatus.DELIVERED : LogStatus.FAILED;
    return client.preparedQuery(LOG_TEST)
        .execute(Tuple.tuple().addUUID(endpoint.accountId()).addUUID(deliveryId).addUUID(endpoint.webhookId())
            .addShort(type.code()).addShort(status.code()).addString(data)
            .addArrayOfString(plans.withWebhooks()).addArrayOfInteger(plans.retentions())
            .addValue(new JsonObject(attempt.toJson())))
        .mapEmpty();
  }

  /** Gives a delivery a fresh schedule that begins now, or when the attempt under way has failed. */
  static Future<Void> redeliver(SqlClient tx, EndpointId endpoint, UUID deliveryId) {
    Tuple id = Tuple.of(endpoint.accountId(), endpoint.webhookId(), deliveryId);
    return tx.preparedQuery(MAKE_DUE).execute(id)
        .compose(pending -> pending.rowCount() > 0 ? Future.succeededFuture()
            : tx.preparedQuery(REQUEUE).execute(id).mapEmpty());
  }

  /**
   * Deliveries of an endpoint that failed.
   *
   * @param after of greater ids
   * @param before of smaller ids
   * @param since whose last attempt ended then or later
   */
  record Failed(EndpointId endpoint, UUID after, UUID before, Instant since) {}

  /** How many there are, among the newest so many that were not delivered. */
  static Future<Long> countFailed(SqlClient client, Failed failed, int limit) {
    return client.preparedQuery(COUNT_FAILED).execute(tuple(failed).addLong((long) limit))
        .map(rows -> rows.iterator().next().getLong(0));
  }

  private static Tuple tuple(Failed failed) {
    return Tuple.of(failed.endpoint.accountId(), failed.endpoint.webhookId(), failed.after, failed.before,
        failed.since.toEpochMilli());
  }

  /**
   * What became of a batch.
   *
   * @param places how many could be looked at; 0 while enough wait in the queue
   * @param seen how many were; fewer than places: they were the last, or the webhook is not active
   * @param taken how many of these had failed, and are queued now
   * @param last the last that was seen; null: none
   */
  record Requeued(long places, long seen, long taken, UUID last) {}

  /**
   * Gives a fresh schedule to those that failed among the oldest that were not delivered.
   *
   * @param batch looks at so many at most
   * @param maxWaiting and at none while so many that are due wait for a place
   * @param plans whose webhooks fire
   */
  static Future<Requeued> requeueFailed(SqlClient client, Failed failed, int batch, int maxWaiting, String[] plans) {
    return client.preparedQuery(REQUEUE_FAILED)
        .execute(tuple(failed).addLong((long) batch).addLong((long) maxWaiting).addArrayOfString(plans))
        .map(rows -> first(rows, row ->
            new Requeued(row.getLong(0), row.getLong(1), row.getLong(2), row.getUUID(3))).orElseThrow());
  }

  static Future<Health> health(SqlClient client, UUID accountId, UUID webhookId) {
    Tuple id = Tuple.of(accountId, webhookId);
    return client.preparedQuery(COUNTS).execute(id).compose(counts ->
        client.preparedQuery(LATEST_TIMES).execute(id).compose(times ->
            client.preparedQuery(PENDING).execute(id).map(pending -> {
              Row c = counts.iterator().next();
              Row t = times.iterator().next();
              return new Health(Window.of(c.getLong(0), c.getLong(1)), Window.of(c.getLong(2), c.getLong(3)),
                  Window.of(c.getLong(4), c.getLong(5)), new ResponseTime(t.getLong(0), t.getLong(1)), c.getLong(6),
                  instant(c, 7), instant(c, 8), pending.iterator().next().getLong(0));
            })));
  }
}
