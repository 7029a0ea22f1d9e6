package io.keyhook.event;

import io.keyhook.account.Plans;
import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.keyhook.format.MessageFormat;
import io.keyhook.trace.Tracing;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The statement of the {@link Outbox}. It finds the active webhooks that want each event, stores the event's data once, and
 * queues a delivery for each webhook. Where one of an account's webhooks knows sequence numbers and another does not, it stores
 * the data of each. If this node has room, the delivery is already leased to it: a first attempt needs no
 * claim. An event that no webhook wants leaves no trace, nor does an event of a suspended account. A delivery to a webhook with a format
 * of its own names its version beside the data.
 *
 * <p>Deliveries of a webhook with a rate limit or an order are due and not leased, so that claims keep them.
 *
 * <p>Deliveries of a paused webhook are parked, and so are new ones after it has resumed, until those before them have left:
 * they are sent in order.
 */
final class OutboxStore {
  /** Data with a number is stored under another id, in the same place of the order. */
  private static final String EVENT_ID = """
      CASE WHEN sequenced
        THEN (left(event_id::text, -1) || translate(right(event_id::text, 1), '0123456789abcdef', 'fedcba9876543210'))::uuid
        ELSE event_id END""";
  /** {@link DeliveryRowStore#traceOf Beside the data} of an event whose span is recorded. */
  private static final String KEEP_TRACES = """
      ), traces AS (
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT DISTINCT ON (event_id, sequenced) account_id, %s, keep_until,
          json_build_object('%s', trace)::text
        FROM fan WHERE trace IS NOT NULL""".formatted(DeliveryRowStore.traceOf(EVENT_ID), DeliveryRowStore.TRACE);
  static final String WRITE = statement("", "", "", "");
  /** The same where the span of an event is recorded. */
  static final String WRITE_TRACED = statement(", r.trace", ", $12::text[]", ", trace", KEEP_TRACES);
  private static final String WANTED = """
      SELECT FROM keyhook.webhook w WHERE w.account_id = $1 AND w.is_active AND %s LIMIT 1"""
      .formatted(DeliveryRowStore.wants("w", "$2"));

  private static final ShardStatement WRITE_ON_SHARD = onShard(WRITE);
  private static final ShardStatement WRITE_TRACED_ON_SHARD = onShard(WRITE_TRACED, "text[]");

  private OutboxStore() {}

  private static String statement(String column, String parameter, String name, String more) {
    return """
        WITH fan AS MATERIALIZED (
          SELECT r.ord, r.account_id, r.event_id, r.type, r.data, r.sequence, w.webhook_id, w.version,
            w.format_version, w.format, w.format_edition, w.templates, r.type::text AS code%6$s,
            keyhook.uuid_v7() AS delivery_id, r.sequence IS NOT NULL AND %4$s AS sequenced,
            (now() AT TIME ZONE 'UTC')::date + ($6::int[])[array_position($5::text[], a.plan)] AS keep_until,
            CASE WHEN w.paused_at IS NOT NULL OR w.resumed_at IS NOT NULL AND (
                SELECT true FROM keyhook.delivery_queue q
                WHERE q.account_id = w.account_id AND q.webhook_id = w.webhook_id AND %1$s AND q.due_at <= now() + %2$s
                LIMIT 1) THEN 'parked'
              WHEN w.rate_limit IS NOT NULL OR w.ordering IS NOT NULL OR w.webhook_id = ANY ($7::uuid[]) OR w.account_id = ANY ($7)
                THEN 'due'
              ELSE 'leased' END AS state,
            CASE WHEN %14$s THEN %15$s END AS lane,
            CASE WHEN %14$s THEN coalesce(r.sequence, %16$s, 0) END AS place
          FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $9::bigint[], $10::uuid[],
              $11::text[]%7$s) WITH ORDINALITY
            r (account_id, event_id, type, data, sequence, license_id, gone%8$s, ord)
          JOIN keyhook.account a ON a.account_id = r.account_id AND a.plan = ANY ($5) AND a.suspended_at IS NULL
          JOIN keyhook.webhook w ON w.account_id = r.account_id AND w.is_active AND %3$s
            AND %13$s
          ORDER BY r.ord -- ids are created after sorting, so that deliveries sort as their events do
        ), stored AS (
          INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
          (SELECT DISTINCT ON (event_id, sequenced) account_id, %5$s, keep_until,
            CASE WHEN sequenced THEN left(data, -1) || ',"sequence":' || sequence || '}' ELSE data END
          FROM fan)
          UNION ALL
          SELECT account_id, %10$s, keep_until, %11$s FROM fan WHERE format_version IS NOT NULL
        ), queued AS (
          INSERT INTO keyhook.delivery_queue
            (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at, lane, sequence)
          SELECT account_id, delivery_id, webhook_id, %5$s, keep_until, type, state = 'leased',
            CASE state WHEN 'leased' THEN clock_timestamp() + make_interval(secs => $8) -- a transaction may have waited for locks
              WHEN 'parked' THEN clock_timestamp() + %2$s -- the events of one transaction keep their order
              ELSE now() END, lane, place
          FROM fan
        %9$s)
        SELECT ord, delivery_id, webhook_id, version, state, sequenced, format, format_edition, %12$s FROM fan"""
        .formatted(DeliveryRowStore.isParked("q"), DeliveryRowStore.PARKED_BY, DeliveryRowStore.wants("w", "r.type"),
            DeliveryRowStore.isSequenced("w"), EVENT_ID, column, parameter, name, more,
            DeliveryRowStore.traceOf("delivery_id"), DeliveryRowStore.pinned("format_version"),
            DeliveryRowStore.templateOf("templates", "code"), DeliveryRowStore.passes("w", "r"),
            DeliveryRowStore.isOrdered("w"), DeliveryRowStore.laneOf("r.data"), DeliveryRowStore.sequenceOf("r.data"));
  }

  private static ShardStatement onShard(String sql, String... more) {
    return new ShardStatement(sql, Stream.concat(Stream.of("uuid[]", "uuid[]", "smallint[]", "text[]", "text[]", "int[]", "uuid[]",
        "float8", "bigint[]", "uuid[]", "text[]"), Stream.of(more)).toList(),
        "ord bigint, delivery_id uuid, webhook_id uuid, version int, state text, sequenced boolean, format text, edition smallint,"
            + " template text");
  }

  /** Whether an active webhook of the account wants events of a type. */
  static Future<Boolean> isWanted(SqlClient client, UUID accountId, EventType type) {
    return client.preparedQuery(WANTED).execute(Tuple.of(accountId, type.code())).map(rows -> rows.size() > 0);
  }

  /**
   * Writes events.
   *
   * @param events of accounts in one shard
   * @param ids in step with the events
   * @param saturated accounts and webhooks whose deliveries this node does not lease now
   */
  static Future<Outbox.Written> write(
      ShardClient client, Plans plans, List<Raised> events, List<UUID> ids, UUID[] saturated) {
    Moment now = Moment.now();
    Tuple parameters = Tuple.tuple()
        .addArrayOfUUID(events.stream().map(Raised::accountId).toArray(UUID[]::new))
        .addArrayOfUUID(ids.toArray(UUID[]::new))
        .addArrayOfShort(events.stream().map(event -> event.type().code()).toArray(Short[]::new))
        .addArrayOfString(events.stream().map(Raised::data).toArray(String[]::new))
        .addArrayOfString(plans.withWebhooks())
        .addArrayOfInteger(plans.retentions())
        .addArrayOfUUID(saturated)
        .addDouble((double) Outbox.LEASE_SECONDS)
        .addArrayOfLong(events.stream().map(Raised::sequence).toArray(Long[]::new))
        .addArrayOfUUID(events.stream().map(Raised::licenseId).toArray(UUID[]::new))
        .addArrayOfString(events.stream().map(Raised::gone).toArray(String[]::new));
    boolean traced = events.stream().anyMatch(event -> Tracing.isRecorded(event.trace()));
    if (traced) {
      parameters.addArrayOfString(events.stream().map(event -> Tracing.isRecorded(event.trace()) ? event.trace() : null)
          .toArray(String[]::new));
    }
    return client.run(traced ? WRITE_TRACED_ON_SHARD : WRITE_ON_SHARD, parameters)
        .map(rows -> {
          List<Outgoing> leased = new ArrayList<>(rows.size());
          Set<EndpointId> due = new LinkedHashSet<>();
          for (Row row : rows) {
            Raised event = events.get(row.getLong(0).intValue() - 1);
            EndpointId endpoint = new EndpointId(event.accountId(), row.getUUID(2));
            switch (row.getString(4)) {
              case "leased" -> leased.add(Outgoing.first(endpoint, row.getUUID(1), row.getInteger(3), event.type(),
                  event.dataFor(row.getBoolean(5)), MessageFormat.of(row.getString(6), row.getShort(7), row.getString(8)), now,
                  event.trace()));
              case "due" -> due.add(endpoint);
              default -> { } // parked
            }
          }
          return new Outbox.Written(events, ids, leased, due);
        });
  }
}
