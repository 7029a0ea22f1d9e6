package io.keyhook.delivery;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.keyhook.delivery.QueueStore.Claim;
import io.keyhook.delivery.QueueStore.Leases;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The SQL of webhooks that receive the events of a license in order; see {@link DeliveryRowStore}. What takes turns or ends them is the
 * second statement of a transaction that {@linkplain #lock locks} the webhook first: it then sees all that earlier ones did.
 */
final class OrderStore {
  /** Due deliveries of a webhook that a claim looks at. It holds those that have to wait, so the next one sees others. */
  private static final int SEEN = 1000;
  /** Deliveries of an order that was ended which are let go in one transaction. */
  static final int RELEASE_BATCH = 1000;

  private static final String BATCH = DeliveryRowStore.batch("uuid", "uuid");

  /**
   * Rows of several webhooks in one order, so that transactions wait for each other, and not in a circle. Without sorting, the rest of
   * the transaction finds the first of a lane in its index: as long as the statistics are of a nearly empty queue, PostgreSQL would
   * expect as little work from the primary key, which knows no lanes, and read all deliveries of the webhook.
   */
  static final String LOCK = """
      SELECT set_config('enable_sort', 'off', true) = 'off' FROM (SELECT DISTINCT account_id, webhook_id FROM %s w (account_id, webhook_id)) w
      JOIN keyhook.webhook_pace p ON p.account_id = w.account_id AND p.webhook_id = w.webhook_id
      ORDER BY p.account_id, p.webhook_id FOR UPDATE OF p""".formatted(BATCH);

  /** The delivery of a lane that is leased, or else its first. */
  private static final String TURN = """
      SELECT q.delivery_id, q.due_at FROM keyhook.delivery_queue q
          WHERE q.account_id = %1$s.account_id AND q.webhook_id = %1$s.webhook_id AND q.lane = %1$s.lane
          ORDER BY q.leased DESC, q.sequence, q.delivery_id LIMIT 1""";

  /** Leases due deliveries that are in no lane or have their turn there, and holds the others. */
  static final String CLAIM = claim(false);
  /** The same with the spans that raised the events. */
  static final String CLAIM_TRACED = claim(true);

  /** Cancels deliveries whose attempt has failed, where the webhook is not sent to any more. */
  static final String CANCEL = """
      WITH gone AS (
        DELETE FROM keyhook.delivery_queue q
        USING %s r (account_id, webhook_id, delivery_id)
        JOIN keyhook.webhook w ON w.account_id = r.account_id AND w.webhook_id = r.webhook_id
        JOIN keyhook.account a ON a.account_id = r.account_id
        WHERE %s AND NOT q.leased AND NOT %s
        RETURNING q.*
      )
      %s""".formatted(DeliveryRowStore.batch("uuid", "uuid", "uuid"), DeliveryRowStore.is("q", "r"),
      DeliveryRowStore.isSentTo("w", "a", "$4"), DeliveryRowStore.LOG_CANCELED);

  /** Makes the first of a lane due if it waits for its turn, and returns the webhooks of those. */
  static final String WAKE = """
      WITH due AS MATERIALIZED (
        SELECT l.account_id, l.webhook_id, f.delivery_id
        FROM (SELECT DISTINCT account_id, webhook_id, lane FROM %1$s l (account_id, webhook_id, lane)) l
        CROSS JOIN LATERAL (
          %2$s) f
        WHERE %3$s
      )
      UPDATE keyhook.delivery_queue q SET due_at = q.due_at - %4$s FROM due WHERE %5$s
      RETURNING q.account_id, q.webhook_id""".formatted(DeliveryRowStore.batch("uuid", "uuid", "text"), TURN.formatted("l"),
      DeliveryRowStore.isHeld("f"), DeliveryRowStore.HELD_BY, DeliveryRowStore.is("q", "due"));

  /** The same for all lanes of a webhook. */
  static final String WAKE_ALL = """
      WITH due AS MATERIALIZED (
        SELECT w.account_id, w.webhook_id, f.delivery_id
        FROM %1$s w (account_id, webhook_id) CROSS JOIN LATERAL (
          SELECT DISTINCT ON (q.lane) q.delivery_id, q.due_at FROM keyhook.delivery_queue q
          WHERE q.account_id = w.account_id AND q.webhook_id = w.webhook_id AND q.lane IS NOT NULL
          ORDER BY q.lane, q.leased DESC, q.sequence, q.delivery_id) f
        WHERE %2$s
      )
      UPDATE keyhook.delivery_queue q SET due_at = q.due_at - %3$s FROM due WHERE %4$s
      RETURNING q.account_id, q.webhook_id""".formatted(BATCH, DeliveryRowStore.isHeld("f"), DeliveryRowStore.HELD_BY,
      DeliveryRowStore.is("q", "due"));

  /** Lets deliveries go that waited for an order that was ended. */
  static final String RELEASE = """
      WITH due AS MATERIALIZED (
        SELECT w.account_id, w.webhook_id, h.delivery_id
        FROM %1$s w (account_id, webhook_id)
        JOIN keyhook.webhook o ON o.account_id = w.account_id AND o.webhook_id = w.webhook_id AND o.ordering = 'ended'
        CROSS JOIN LATERAL (
          SELECT q.delivery_id FROM keyhook.delivery_queue q
          WHERE q.account_id = w.account_id AND q.webhook_id = w.webhook_id AND %2$s
          ORDER BY q.due_at LIMIT %3$d) h
      )
      UPDATE keyhook.delivery_queue q SET due_at = q.due_at - %4$s, lane = NULL, sequence = NULL FROM due WHERE %5$s
      RETURNING q.account_id, q.webhook_id""".formatted(BATCH, DeliveryRowStore.isHeld("q"), RELEASE_BATCH, DeliveryRowStore.HELD_BY,
      DeliveryRowStore.is("q", "due"));

  static final String END = """
      UPDATE keyhook.webhook w SET ordering = NULL FROM %s e (account_id, webhook_id)
      WHERE w.account_id = e.account_id AND w.webhook_id = e.webhook_id AND w.ordering = 'ended'""".formatted(BATCH);

  /** Webhooks whose order was ended, and those with deliveries that wait for their turn. */
  private static final String FIND = """
      SELECT w.account_id, w.webhook_id, w.ordering = 'license' FROM keyhook.webhook w
      WHERE w.ordering IS NOT NULL AND (w.ordering <> 'license' OR EXISTS (
        SELECT FROM keyhook.delivery_queue q WHERE q.account_id = w.account_id AND q.webhook_id = w.webhook_id AND %s))"""
      .formatted(DeliveryRowStore.isHeld("q"));

  private static final String WEBHOOK = "account_id uuid, webhook_id uuid";
  private static final ShardStatement LOCK_ON_SHARD = new ShardStatement(LOCK, List.of("uuid[]", "uuid[]"), "locked boolean");
  private static final ShardStatement CLAIM_ON_SHARD = ClaimSql.onShard(CLAIM, false);
  private static final ShardStatement CLAIM_TRACED_ON_SHARD = ClaimSql.onShard(CLAIM_TRACED, true);
  private static final ShardStatement CANCEL_ON_SHARD = new ShardStatement(CANCEL, List.of("uuid[]", "uuid[]", "uuid[]", "text[]"));
  private static final ShardStatement WAKE_ON_SHARD = new ShardStatement(WAKE, List.of("uuid[]", "uuid[]", "text[]"), WEBHOOK);
  private static final ShardStatement WAKE_ALL_ON_SHARD = new ShardStatement(WAKE_ALL, List.of("uuid[]", "uuid[]"), WEBHOOK);
  private static final ShardStatement RELEASE_ON_SHARD = new ShardStatement(RELEASE, List.of("uuid[]", "uuid[]"), WEBHOOK);
  private static final ShardStatement END_ON_SHARD = new ShardStatement(END, List.of("uuid[]", "uuid[]"));

  private OrderStore() {}

  private static String claim(boolean traced) {
    return new ClaimSql("WHEN e.paused OR NOT e.ordered THEN 0 ", """
        seen AS MATERIALIZED (
          SELECT $1::uuid AS account_id, e.webhook_id, e.places, d.delivery_id, d.lane, d.parked, d.due_at
          FROM room e CROSS JOIN LATERAL (
            SELECT * FROM (
              SELECT q.delivery_id, q.lane, false AS parked, q.due_at FROM keyhook.delivery_queue q
              WHERE q.account_id = $1 AND q.webhook_id = e.webhook_id AND q.due_at > '-infinity' AND q.due_at <= now()
                AND ($4::boolean OR NOT q.leased) AND %3$s
              ORDER BY q.due_at LIMIT CASE WHEN e.places > 0 THEN %4$d ELSE 0 END
              FOR UPDATE SKIP LOCKED) present
            UNION ALL
            SELECT * FROM (
              SELECT q.delivery_id, q.lane, true, q.due_at - %2$s FROM keyhook.delivery_queue q
              WHERE q.account_id = $1 AND q.webhook_id = e.webhook_id AND %1$s AND q.due_at <= now() + %2$s
                AND %3$s
              ORDER BY q.due_at LIMIT CASE WHEN e.places > 0 THEN %4$d ELSE 0 END
              FOR UPDATE SKIP LOCKED) parked) d
        ), turn AS MATERIALIZED (
          SELECT l.webhook_id, l.lane, f.delivery_id
          FROM (SELECT DISTINCT account_id, webhook_id, lane FROM seen WHERE lane IS NOT NULL) l
          CROSS JOIN LATERAL (
            %5$s) f
        ), due AS MATERIALIZED (
          SELECT s.account_id, s.webhook_id, s.delivery_id, s.parked, s.goes FROM (
            SELECT s.*, row_number() OVER (PARTITION BY s.webhook_id, s.goes ORDER BY s.due_at, s.delivery_id) AS number FROM (
              SELECT s.*, s.lane IS NULL OR t.delivery_id IS NOT NULL AS goes
              FROM seen s LEFT JOIN turn t ON t.webhook_id = s.webhook_id AND t.lane = s.lane AND t.delivery_id = s.delivery_id) s) s
          WHERE s.number <= s.places OR NOT s.goes
        )""".formatted(DeliveryRowStore.isParked("q"), DeliveryRowStore.PARKED_BY, DeliveryRowStore.isKnown("q"), SEEN,
            TURN.formatted("l")), """
        leased = due.goes, fence = q.fence + 1,
            due_at = CASE WHEN due.goes THEN clock_timestamp() + make_interval(secs => $5)
              WHEN due.parked THEN q.due_at + %2$s - %1$s ELSE q.due_at + %2$s END"""
        .formatted(DeliveryRowStore.PARKED_BY, DeliveryRowStore.HELD_BY), "q.lane",
        "(SELECT count(*) >= %d FROM seen s WHERE s.webhook_id = e.webhook_id)".formatted(SEEN), "e.ordered").statement(traced);
  }

  /** A webhook that deliveries wait for. */
  record Waiting(EndpointId endpoint, boolean ordered) {}

  /** Finds webhooks whose lanes may need to be woken, or whose order was ended. */
  static Future<List<Waiting>> find(SqlClient client) {
    return client.query(FIND).execute().map(rows -> all(rows, row -> new Waiting(endpoint(row), row.getBoolean(2))));
  }

  /** Locks webhooks until the transaction ends. */
  static <T> Future<Void> lock(ShardClient tx, List<T> items, Function<T, EndpointId> endpoint) {
    return tx.run(LOCK_ON_SHARD, of(items.stream().map(endpoint).toList())).mapEmpty();
  }

  /** As {@link QueueStore#claim}, for webhooks that have an order and are locked. */
  static Future<Leases> claim(
      ShardClient tx, UUID accountId, List<Claim> claims, boolean takeOver, String[] plans, boolean traced) {
    return QueueStore.claim(tx, traced ? CLAIM_TRACED_ON_SHARD : CLAIM_ON_SHARD, accountId, claims, takeOver, plans, traced);
  }

  /**
   * Cancels deliveries to locked webhooks whose attempt has failed, where the webhook is not sent to any more.
   *
   * @param plans that have webhooks
   */
  static Future<Void> cancel(ShardClient tx, List<Outgoing> failed, String[] plans) {
    return tx.run(CANCEL_ON_SHARD, of(failed.stream().map(Outgoing::endpoint).toList())
        .addArrayOfUUID(uuids(failed, Outgoing::deliveryId)).addArrayOfString(plans)).mapEmpty();
  }

  /** Lets the next ones go after deliveries to locked webhooks, and returns the webhooks of those. */
  static Future<Set<EndpointId>> wake(ShardClient tx, List<Outgoing> over) {
    return tx.run(WAKE_ON_SHARD, of(over.stream().map(Outgoing::endpoint).toList()).addArrayOfString(strings(over, Outgoing::lane)))
        .map(rows -> all(rows, OrderStore::endpoint).stream().collect(Collectors.toSet()));
  }

  /** Lets the first ones of all lanes of a locked webhook go, and returns how many that were. */
  static Future<Integer> wakeAll(ShardClient tx, EndpointId endpoint) {
    return tx.run(WAKE_ALL_ON_SHARD, of(List.of(endpoint))).map(rows -> rows.size());
  }

  /** Lets up to {@value #RELEASE_BATCH} deliveries of a locked webhook go whose order was ended, and returns how many. */
  static Future<Integer> release(ShardClient tx, EndpointId endpoint) {
    return tx.run(RELEASE_ON_SHARD, of(List.of(endpoint))).map(rows -> rows.size());
  }

  /** Forgets that a locked webhook had an order: no delivery waits for it any more. */
  static Future<Void> end(ShardClient tx, EndpointId endpoint) {
    return tx.run(END_ON_SHARD, of(List.of(endpoint))).mapEmpty();
  }

  private static Tuple of(List<EndpointId> endpoints) {
    return Tuple.tuple().addArrayOfUUID(uuids(endpoints, EndpointId::accountId)).addArrayOfUUID(uuids(endpoints, EndpointId::webhookId));
  }

  private static EndpointId endpoint(Row row) {
    return new EndpointId(row.getUUID(0), row.getUUID(1));
  }
}
