package io.keyhook.delivery;

import io.keyhook.db.ShardStatement;
import io.keyhook.event.DeliveryRowStore;
import java.util.List;

/**
 * The statement that claims one account's deliveries, with and without an order. It returns those that are leased now, and those that are
 * parked because their webhook is paused; and beside them a row for each webhook that has a rate limit or an order.
 *
 * <p>A webhook with a rate limit gives no more than it has tokens: one each 1/rate seconds since {@code next_at}, as in the
 * generic cell rate algorithm (ITU-T I.371), so that a row of two columns is the bucket of all nodes. While another node claims,
 * there are none.
 *
 * @param nothing a case of the webhooks in {@code endpoint} that give nothing
 * @param due the parts that choose deliveries by the {@code places} of their webhook in {@code room}; the last is called {@code due}
 * @param set what becomes of them
 * @param lane of a claimed delivery
 * @param more an SQL expression of a webhook: whether the row is to say that it has more
 * @param shown the condition that a webhook has a row
 */
record ClaimSql(String nothing, String due, String set, String lane, String more, String shown) {
  /** What may go at once: what a pause brings, so that a claim is worth its statement, and one more, which a late claim would lose. */
  private static final String BURST = "greatest(1, e.rate_limit / 4) + 1";
  private static final String TRACE = """

      LEFT JOIN keyhook.event t ON t.account_id = $1 AND t.event_id = %s AND t.keep_until = c.keep_until"""
      .formatted(DeliveryRowStore.traceOf("c.event_id"));

  /**
   * @param traced whether it reads the spans that raised the events
   */
  String statement(boolean traced) {
    return """
        WITH endpoint AS MATERIALIZED (
          SELECT e.webhook_id, e.places, w.version, w.format_version, w.rate_limit,
            %16$s AS active, %1$s AS paused, %2$s AS ordered
          FROM unnest((SELECT $2::uuid[]), (SELECT $3::int[])) e (webhook_id, places)
          JOIN keyhook.account a ON a.account_id = $1
          JOIN keyhook.webhook w ON w.account_id = $1 AND w.webhook_id = e.webhook_id
        ), pace AS MATERIALIZED (
          SELECT p.webhook_id, least(%3$s, floor(extract(epoch FROM now() - p.next_at) * e.rate_limit + 1e-6) + 1) AS tokens
          FROM endpoint e JOIN keyhook.webhook_pace p ON p.account_id = $1 AND p.webhook_id = e.webhook_id
          WHERE e.rate_limit IS NOT NULL AND NOT e.paused
          FOR UPDATE OF p SKIP LOCKED
        ), room AS MATERIALIZED (
          SELECT e.webhook_id, e.paused, CASE %4$sWHEN e.rate_limit IS NULL OR e.paused THEN e.places
              ELSE least(e.places, greatest(coalesce(p.tokens, 0), 0))::int END AS places
          FROM endpoint e LEFT JOIN pace p ON p.webhook_id = e.webhook_id
        ), %5$s, claimed AS (
          UPDATE keyhook.delivery_queue q
          SET %6$s
          FROM due WHERE %7$s
          RETURNING q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type, q.fence, q.tries,
            %8$s AS attempts, q.leased, %9$s AS lane
        ), paced AS (
          UPDATE keyhook.webhook_pace p
          SET next_at = greatest(p.next_at, now() - make_interval(secs => (%3$s - 1)::float8 / e.rate_limit))
            + make_interval(secs => e.taken::float8 / e.rate_limit)
          FROM (SELECT e.webhook_id, e.rate_limit, count(*) AS taken FROM endpoint e JOIN claimed c ON c.webhook_id = e.webhook_id
            WHERE e.rate_limit IS NOT NULL AND c.leased GROUP BY e.webhook_id, e.rate_limit) e
          WHERE p.account_id = $1 AND p.webhook_id = e.webhook_id
        )
        SELECT c.delivery_id, c.webhook_id, w.version, c.type, e.data, c.fence, c.attempts, c.tries, w.active, w.paused,
          f.format, f.edition, f.template, NULL::int AS room, NULL::int AS rate, NULL::boolean AS more, c.lane%10$s
        FROM claimed c
        JOIN endpoint w ON w.webhook_id = c.webhook_id
        JOIN keyhook.event e ON e.account_id = $1 AND e.event_id = c.event_id AND e.keep_until = c.keep_until
        %11$s%12$s
        WHERE c.leased OR w.paused
        UNION ALL
        SELECT NULL, e.webhook_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, r.places, e.rate_limit, %13$s,
          NULL%14$s
        FROM endpoint e JOIN room r ON r.webhook_id = e.webhook_id WHERE (%15$s) AND NOT e.paused"""
        .formatted(DeliveryRowStore.isPaused("w"), DeliveryRowStore.isOrdered("w"), BURST, nothing, due, set,
            DeliveryRowStore.is("q", "due"), DeliveryRowStore.attemptCount("q.attempts"), lane,
            traced ? ", t.data::json ->> '%s'".formatted(DeliveryRowStore.TRACE) : "",
            DeliveryRowStore.withFormat("c", "c.delivery_id", "w"), traced ? TRACE : "", more, traced ? ", NULL" : "", shown,
            DeliveryRowStore.isSentTo("w", "a", "$6"));
  }

  /**
   * @param sql of {@link #statement}
   */
  static ShardStatement onShard(String sql, boolean traced) {
    return new ShardStatement(sql, List.of("uuid", "uuid[]", "int[]", "boolean", "float8", "text[]"), """
        delivery_id uuid, webhook_id uuid, version int, type smallint, data text, fence bigint, attempts int, tries smallint,
        active boolean, paused boolean, format text, edition smallint, template text,
        room int, rate int, more boolean, lane text""" + (traced ? ", trace text" : ""));
  }
}
