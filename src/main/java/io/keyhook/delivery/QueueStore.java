package io.keyhook.delivery;

import static io.keyhook.db.Rows.uuids;

import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.keyhook.db.Shards;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.event.Moment;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outgoing;
import io.keyhook.event.WebhookState;
import io.keyhook.format.MessageFormat;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The SQL that finds due deliveries and leases them. A row belongs to the holder of its lease, the one with its newest
 * fencing token, until {@code due_at}.
 */
final class QueueStore {
  /**
   * Finds the earliest delivery of each endpoint by skipping from endpoint to endpoint in the index, likewise the earliest
   * parked one of each webhook that has resumed, and beside them the webhooks whose deliveries wait on this node.
   */
  private static final String NEXT_OF_EACH = """
      WITH RECURSIVE endpoint AS (
        (SELECT account_id, webhook_id, due_at FROM keyhook.delivery_queue WHERE due_at > '-infinity'
          ORDER BY account_id, webhook_id, due_at LIMIT 1)
        UNION ALL
        SELECT n.account_id, n.webhook_id, n.due_at
        FROM endpoint e CROSS JOIN LATERAL (
          SELECT q.account_id, q.webhook_id, q.due_at FROM keyhook.delivery_queue q
          WHERE (q.account_id, q.webhook_id) > (e.account_id, e.webhook_id) AND q.due_at > '-infinity'
          ORDER BY q.account_id, q.webhook_id, q.due_at LIMIT 1) n
      ), parked AS (
        (SELECT q.account_id, q.webhook_id, q.due_at FROM keyhook.delivery_queue q WHERE %1$s
          ORDER BY q.account_id, q.webhook_id, q.due_at LIMIT 1)
        UNION ALL
        SELECT n.account_id, n.webhook_id, n.due_at
        FROM parked p CROSS JOIN LATERAL (
          SELECT q.account_id, q.webhook_id, q.due_at FROM keyhook.delivery_queue q
          WHERE (q.account_id, q.webhook_id) > (p.account_id, p.webhook_id) AND %1$s
          ORDER BY q.account_id, q.webhook_id, q.due_at LIMIT 1) n
      )""".formatted(DeliveryRowStore.isParked("q"));
  /** Citus has no recursive queries: this reads every due row, and every parked one of the webhooks that have resumed. */
  private static final String NEXT_OF_EACH_ON_SHARDS = """
      WITH endpoint AS (
        SELECT account_id, webhook_id, min(due_at) AS due_at FROM keyhook.delivery_queue
        WHERE due_at > '-infinity' AND due_at <= now() + make_interval(secs => $1) GROUP BY account_id, webhook_id
      ), parked AS (
        SELECT q.account_id, q.webhook_id, min(q.due_at) AS due_at FROM keyhook.delivery_queue q
        JOIN keyhook.webhook r ON r.account_id = q.account_id AND r.webhook_id = q.webhook_id AND r.resumed_at IS NOT NULL
        WHERE %s GROUP BY q.account_id, q.webhook_id
      )""".formatted(DeliveryRowStore.isParked("q"));
  private static final String POLL_OF = """
      , waiting AS (
        SELECT * FROM unnest($2::uuid[], $3::uuid[]) h (account_id, webhook_id)
      )
      SELECT account_id, webhook_id, extract(epoch FROM due_at - now())::float8, NULL::int, NULL::boolean FROM endpoint
      WHERE due_at <= now() + make_interval(secs => $1)
      UNION ALL
      SELECT p.account_id, p.webhook_id,
        extract(epoch FROM greatest(p.due_at - %1$s, w.resumed_at) - now())::float8, NULL, NULL
      FROM parked p JOIN keyhook.webhook w ON w.account_id = p.account_id AND w.webhook_id = p.webhook_id
      WHERE p.due_at <= now() + %1$s + make_interval(secs => $1) AND NOT %2$s
      UNION ALL
      SELECT h.account_id, h.webhook_id, NULL, coalesce(w.version, 0),
        coalesce(w.paused_at IS NULL AND %3$s, false)
      FROM waiting h LEFT JOIN keyhook.webhook w ON w.account_id = h.account_id AND w.webhook_id = h.webhook_id
      LEFT JOIN keyhook.account a ON a.account_id = h.account_id"""
      .formatted(DeliveryRowStore.PARKED_BY, DeliveryRowStore.isPaused("w"), DeliveryRowStore.isSentTo("w", "a", "$4"));
  static final String POLL = NEXT_OF_EACH + POLL_OF;
  private static final String POLL_SHARDS = NEXT_OF_EACH_ON_SHARDS + POLL_OF;
  private static final ShardStatement POLL_ON_SHARD = new ShardStatement(POLL,
      List.of("float8", "uuid[]", "uuid[]", "text[]"),
      "account_id uuid, webhook_id uuid, seconds float8, version int, active boolean");

  /**
   * Leases due deliveries, or parks them if their webhook is paused. Those of a webhook that has resumed come from both parts
   * of the index. Deliveries of types that a later version added are left to its nodes.
   *
   * <p>A webhook with an order gives none: {@link OrderStore} takes those whose turn it is.
   */
  static final String CLAIM = claim(false);
  /** The same with the spans that raised the events. */
  static final String CLAIM_TRACED = claim(true);

  private static String claim(boolean traced) {
    return new ClaimSql("WHEN e.ordered AND NOT e.paused THEN 0 ", """
        due AS MATERIALIZED (
          SELECT $1::uuid AS account_id, e.webhook_id, d.delivery_id, e.paused
          FROM room e CROSS JOIN LATERAL (
            SELECT * FROM (
              SELECT q.delivery_id FROM keyhook.delivery_queue q
              WHERE q.account_id = $1 AND q.webhook_id = e.webhook_id AND q.due_at > '-infinity' AND q.due_at <= now()
                AND ($4::boolean OR NOT q.leased) AND %3$s
              ORDER BY q.due_at LIMIT e.places
              FOR UPDATE SKIP LOCKED) present
            UNION ALL
            SELECT * FROM (
              SELECT q.delivery_id FROM keyhook.delivery_queue q
              WHERE NOT e.paused AND q.account_id = $1 AND q.webhook_id = e.webhook_id AND %1$s AND q.due_at <= now() + %2$s
                AND %3$s
              ORDER BY q.due_at LIMIT e.places
              FOR UPDATE SKIP LOCKED) parked
            LIMIT e.places) d
        )""".formatted(DeliveryRowStore.isParked("q"), DeliveryRowStore.PARKED_BY, DeliveryRowStore.isKnown("q")), """
        leased = NOT due.paused, fence = q.fence + 1,
            due_at = CASE WHEN due.paused THEN q.due_at + %s ELSE clock_timestamp() + make_interval(secs => $5) END"""
        .formatted(DeliveryRowStore.PARKED_BY), "q.lane", "e.ordered", "e.rate_limit IS NOT NULL OR e.ordered").statement(traced);
  }

  private static final ShardStatement CLAIM_ON_SHARD = ClaimSql.onShard(CLAIM, false);
  private static final ShardStatement CLAIM_TRACED_ON_SHARD = ClaimSql.onShard(CLAIM_TRACED, true);

  private QueueStore() {}

  /**
   * An endpoint with a delivery in the queue.
   *
   * @param seconds until its next delivery is due; 0 or less where it is due now
   */
  record Due(EndpointId endpoint, double seconds) {}

  /**
   * A request for leases.
   *
   * @param count the most to take
   */
  record Claim(EndpointId endpoint, int count) {}

  /**
   * A delivery that was leased, or parked.
   *
   * @param active false where the webhook is inactive, or its account is suspended or has a plan without webhooks
   * @param parked whether the webhook is paused, so that the delivery has no lease
   */
  record Claimed(Outgoing outgoing, boolean active, boolean parked) {
    boolean isToBeSent() {
      return active && !parked;
    }
  }

  /**
   * The pace of a webhook with a rate limit.
   *
   * @param tokens how many deliveries the claim could take at most
   */
  record Pace(int tokens, int perSecond) {
    /** The time that brings the tokens of a quarter of a second, or the next one. */
    Duration pause() {
      return Duration.ofSeconds(1).multipliedBy(Math.max(1, perSecond / 4)).dividedBy(perSecond);
    }
  }

  /**
   * What a claim took.
   *
   * @param paces of the webhooks with a rate limit, by webhook
   * @param more the webhooks that have more than was asked for; of a claim without an order, those that have one
   */
  record Leases(List<Claimed> claimed, Map<UUID, Pace> paces, Set<UUID> more) {
    static final Leases NONE = new Leases(List.of(), Map.of(), Set.of());

    /** These, and those of webhooks with an order, which say what there is to know of them. */
    Leases and(Leases ordered) {
      Map<UUID, Pace> allPaces = new HashMap<>(paces);
      allPaces.putAll(ordered.paces);
      return new Leases(Stream.concat(claimed.stream(), ordered.claimed.stream()).toList(), allPaces, ordered.more);
    }
  }

  /** What a poll found: endpoints with deliveries that are due now or soon, and the state of webhooks. */
  record Polled(List<Due> due, List<WebhookState> webhooks) {}

  /**
   * Finds endpoints whose next delivery is due now or within {@code ahead}, and how these webhooks are.
   *
   * @param place whose accounts to ask for, of {@link Shards#places}
   * @param waiting endpoints whose deliveries wait on this node
   * @param plans the plans that have webhooks
   */
  static Future<Polled> poll(
      SqlClient client, Shards shards, Object place, Duration ahead, List<EndpointId> waiting, String[] plans) {
    return place == null
        ? client.preparedQuery(shards.areMany() ? POLL_SHARDS : POLL).execute(poll(ahead, waiting, plans))
            .map(rows -> polled(List.of(rows)))
        : shards.eachAt(client, place, (shard, isThere) -> shard.run(POLL_ON_SHARD, poll(ahead,
            waiting.stream().filter(endpoint -> isThere.test(endpoint.accountId())).toList(), plans)))
            .map(QueueStore::polled);
  }

  private static Tuple poll(Duration ahead, List<EndpointId> waiting, String[] plans) {
    return Tuple.of(ahead.toMillis() / 1e3)
        .addArrayOfUUID(uuids(waiting, EndpointId::accountId))
        .addArrayOfUUID(uuids(waiting, EndpointId::webhookId))
        .addArrayOfString(plans);
  }

  private static Polled polled(List<RowSet<Row>> found) {
    List<Due> due = new ArrayList<>();
    List<WebhookState> webhooks = new ArrayList<>();
    found.forEach(rows -> rows.forEach(row -> {
      EndpointId endpoint = new EndpointId(row.getUUID(0), row.getUUID(1));
      if (row.getInteger(3) == null) {
        due.add(new Due(endpoint, row.getDouble(2)));
      } else {
        webhooks.add(new WebhookState(endpoint, row.getInteger(3), row.getBoolean(4)));
      }
    }));
    return new Polled(due, webhooks);
  }

  /**
   * Takes leases for one account's endpoints, and parks what is due to paused webhooks.
   *
   * @param takeOver whether to take deliveries whose lease expired without a result, too
   * @param plans the plans that have webhooks
   * @param traced whether to read which spans raised the events
   */
  static Future<Leases> claim(
      ShardClient client, UUID accountId, List<Claim> claims, boolean takeOver, String[] plans, boolean traced) {
    return claim(client, traced ? CLAIM_TRACED_ON_SHARD : CLAIM_ON_SHARD, accountId, claims, takeOver, plans, traced);
  }

  static Future<Leases> claim(ShardClient client, ShardStatement statement, UUID accountId, List<Claim> claims, boolean takeOver,
      String[] plans, boolean traced) {
    Moment now = Moment.now();
    return client.run(statement, Tuple.tuple()
            .addUUID(accountId)
            .addArrayOfUUID(uuids(claims, claim -> claim.endpoint.webhookId()))
            .addArrayOfInteger(claims.stream().map(Claim::count).toArray(Integer[]::new))
            .addBoolean(takeOver)
            .addDouble((double) Outbox.LEASE_SECONDS)
            .addArrayOfString(plans))
        .map(rows -> {
          List<Claimed> claimed = new ArrayList<>();
          Map<UUID, Pace> paces = new HashMap<>();
          Set<UUID> more = new HashSet<>();
          rows.forEach(row -> {
            if (row.getUUID(0) != null) {
              claimed.add(claimed(accountId, row, now, traced));
              return;
            }
            if (row.getInteger(14) != null) {
              paces.put(row.getUUID(1), new Pace(row.getInteger(13), row.getInteger(14)));
            }
            if (row.getBoolean(15)) {
              more.add(row.getUUID(1));
            }
          });
          return new Leases(claimed, paces, more);
        });
  }

  private static Claimed claimed(UUID accountId, Row row, Moment now, boolean traced) {
    return new Claimed(
        new Outgoing(new EndpointId(accountId, row.getUUID(1)), row.getUUID(0), row.getInteger(2),
            EventType.of(row.getShort(3)), row.getString(4),
            MessageFormat.of(row.getString(10), row.getShort(11), row.getString(12)), row.getInteger(6) + 1, row.getInteger(7),
            new Outgoing.Lease(row.getLong(5), now), traced ? row.getString(17) : null, row.getString(16)),
        row.getBoolean(8), row.getBoolean(9));
  }
}
