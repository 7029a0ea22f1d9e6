package io.keyhook.log;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.utc;

import io.keyhook.bus.Caller;
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
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EventType;
import io.keyhook.event.Payload;
import io.keyhook.format.MessageBody;
import io.keyhook.format.MessageFormat;
import io.keyhook.format.Messages;
import io.keyhook.log.DeliveryLicenseStore.Listed;
import io.keyhook.stats.AttemptCountStore;
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

/** The SQL that reads the log. A delivery is in the queue or in the log, never in both; a reader sees one list. */
final class LogStore {
  private static final String ATTEMPTS = DeliveryRowStore.attemptCount("attempts");
  private static final String QUEUED = """
      (SELECT delivery_id, webhook_id, type, 0::smallint AS status, false AS test,
        %s, (attempts -> -1 ->> 'status')::int, attempts -> -1 ->> 'error',
        %s, %s, event_id, keep_until
      FROM keyhook.delivery_queue q
      WHERE account_id = $1 AND webhook_id = $2 AND delivery_id < $3 AND delivery_id >= $4
        AND ($5::smallint IS NULL OR type = $5)
      ORDER BY delivery_id DESC LIMIT $6)""".formatted(ATTEMPTS, DeliveryRowStore.nextAttemptAt("q"), DeliveryRowStore.waitsForWebhook("q"));
  private static final String LOGGED = """
      (SELECT delivery_id, webhook_id, type, status, test,
        %1$s, (attempts -> -1 ->> 'status')::int, attempts -> -1 ->> 'error', NULL::timestamptz, false,
        event_id, keep_until
      FROM keyhook.delivery
      WHERE account_id = $1 AND webhook_id = $2 AND delivery_id < $3 AND delivery_id >= $4
        AND ($5::smallint IS NULL OR type = $5)%2$s
      ORDER BY delivery_id DESC LIMIT $6)""";
  private static final String LIST = QUEUED + " UNION ALL " + logged(null) + " ORDER BY delivery_id DESC LIMIT $6";

  private static final String GET = """
      SELECT $2::uuid, w.webhook_id, d.type, d.status, d.attempts, d.due_at, e.data, w.url, d.paused,
        f.format, f.edition, f.template
      FROM keyhook.webhook w
      CROSS JOIN LATERAL (
        SELECT webhook_id, event_id, keep_until, type, 0::smallint AS status, false AS test,
          coalesce(attempts, '[]') AS attempts, %s AS due_at, %s AS paused
        FROM keyhook.delivery_queue q WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id = $2
        UNION ALL
        SELECT webhook_id, event_id, keep_until, type, status, test, attempts, NULL, false
        FROM keyhook.delivery WHERE account_id = $1 AND webhook_id = w.webhook_id AND delivery_id = $2
      ) d JOIN keyhook.event e ON e.account_id = $1 AND e.event_id = d.event_id AND e.keep_until = d.keep_until
      %s
      WHERE w.account_id = $1 AND (w.deleted_at IS NULL OR w.deleted_at > $5) AND d.test = $3 AND $2 >= $4 AND %s"""
      .formatted(DeliveryRowStore.nextAttemptAt("q"), DeliveryRowStore.waitsForWebhook("q"),
          DeliveryRowStore.withFormat("d", "$2::uuid", "w"), DeliveryRowStore.isOf("w", "$6"));

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
      .formatted(AttemptCountStore.CONSECUTIVE_FAILURES, AttemptCountStore.OF_WEBHOOK, Partitions.COUNT_DAYS - 30);
  /** Of the latest deliveries with an attempt, past those that were canceled before the first one, and of those that are retried. */
  private static final String LATEST_TIMES = """
      SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), percentile_disc(0.95) WITHIN GROUP (ORDER BY ms)
      FROM ((SELECT delivery_id, (attempts -> -1 ->> 'ms')::bigint AS ms
        FROM (SELECT delivery_id, attempts FROM keyhook.delivery
          WHERE account_id = $1 AND webhook_id = $2 AND NOT test ORDER BY delivery_id DESC LIMIT 20000) scanned
        WHERE attempts <> '[]' ORDER BY delivery_id DESC LIMIT 1000)
        UNION ALL
        (SELECT delivery_id, (attempts -> -1 ->> 'ms')::bigint FROM keyhook.delivery_queue
          WHERE account_id = $1 AND webhook_id = $2 AND attempts IS NOT NULL ORDER BY delivery_id DESC LIMIT 1000)
        ORDER BY delivery_id DESC LIMIT 1000) latest""";
  private static final String PENDING = """
      SELECT count(*) FROM keyhook.delivery_queue WHERE account_id = $1 AND webhook_id = $2""";

  /** By their codes, which are in the database and its indexes and never change; 0 is a row of the queue. */
  private static final Status[] STATUSES = {Status.PENDING, Status.DELIVERED, Status.FAILED, Status.CANCELED};

  private LogStore() {}

  /**
   * @param from of the first millisecond that is shown
   */
  static Future<Page<Listed>> list(
      SqlClient client, Deliveries.ListOf query, UUID webhookId, Optional<EventType> type, Instant from) {
    UUID before = query.page().before();
    UUID to = query.to() == null ? before : Id.floor(query.to().toEpochMilli());
    String sql = query.status() == null ? LIST : query.status() == Status.PENDING ? QUEUED
        : logged(query.status());
    return client.preparedQuery(sql)
        .execute(Tuple.of(query.caller().accountId(), webhookId, earlier(before, to), Id.floor(from.toEpochMilli()),
            type.map(EventType::code).orElse(null), (long) query.page().limit() + 1))
        .map(rows -> Page.of(all(rows, Listed::of), query.page().limit(), LogStore::rowId));
  }

  private static String logged(Status status) {
    return LOGGED.formatted(ATTEMPTS, condition(status));
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

  static UUID rowId(Listed delivery) {
    String id = delivery.summary().id();
    return Payload.idOf(id.startsWith(Payload.idOf(true).prefix())).parse(id);
  }

  /** The delivery that the first columns of a row are, without its license. */
  static Summary summary(Row row) {
    UUID id = row.getUUID(0);
    return new Summary(Payload.idOf(row.getBoolean(4)).of(id), Id.WEBHOOK.of(row.getUUID(1)),
        EventType.wireNameOf(row.getShort(2)), STATUSES[row.getShort(3)], row.getInteger(5), row.getInteger(6),
        row.getString(7), Instant.ofEpochMilli(Id.millis(id)), row.getBoolean(9) ? null : instant(row, 8),
        row.getBoolean(9), null);
  }

  static Future<Delivery> get(SqlClient client, Caller caller, UUID deliveryId, boolean test, Instant from) {
    return client.preparedQuery(GET)
        .execute(Tuple.of(caller.accountId(), deliveryId, test, Id.floor(from.toEpochMilli()), utc(from), caller.customer()))
        .map(rows -> first(rows, row -> delivery(row, test)).orElseThrow(Id.DELIVERY::notFound));
  }

  private static Delivery delivery(Row row, boolean test) {
    UUID id = row.getUUID(0);
    String type = EventType.wireNameOf(row.getShort(2));
    String publicId = Payload.idOf(test).of(id);
    JsonArray kept = (JsonArray) row.getValue(4);
    int first = kept.isEmpty() ? 1 : kept.getJsonObject(0).getInteger("number", 1);
    List<Deliveries.Attempt> attempts = new ArrayList<>(kept.size());
    // A row that a node of an earlier version wrote may hold more.
    for (int i = Math.max(0, kept.size() - DeliveryRowStore.MAX_ATTEMPTS); i < kept.size(); i++) {
      JsonObject attempt = kept.getJsonObject(i);
      Integer status = attempt.getInteger("status");
      attempts.add(new Deliveries.Attempt(first + i, Instant.ofEpochMilli(attempt.getLong("at")), attempt.getLong("ms"), status,
          attempt.getString("error"), headers(attempt.getString("headers")), status == null ? null : attempt.getString("body", ""),
          attempt.getString("detail")));
    }
    Status status = STATUSES[row.getShort(3)];
    return new Delivery(publicId, Id.WEBHOOK.of(row.getUUID(1)), row.getString(7), type,
        new JsonObject(row.getString(6)).getString("licenseId"), status,
        Payload.body(type, id, publicId, row.getString(6)), sent(row, type, id, publicId), Instant.ofEpochMilli(Id.millis(id)),
        row.getBoolean(8) ? null : instant(row, 5), row.getBoolean(8), first + kept.size() - 1, attempts);
  }

  /** Null where it is the payload. */
  private static Deliveries.Body sent(Row row, String type, UUID id, String publicId) {
    MessageFormat format = MessageFormat.of(row.getString(9), row.getShort(10), row.getString(11));
    if (format == null) {
      return null;
    }
    MessageBody body = Messages.render(format, type, id, publicId, row.getString(6));
    return new Deliveries.Body(body.contentType() == null ? "application/json" : body.contentType(), body.text());
  }

  /**
   * @param kept lines of {@code name: value}; null: none were kept
   */
  private static List<Deliveries.Header> headers(String kept) {
    return kept == null ? null : kept.lines().map(line -> line.split(": ", 2)).filter(parts -> parts.length == 2)
        .map(parts -> new Deliveries.Header(parts[0], parts[1])).toList();
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
