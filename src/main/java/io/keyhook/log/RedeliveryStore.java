package io.keyhook.log;

import static io.keyhook.db.Rows.first;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EndpointId;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.util.UUID;

/** The SQL that moves deliveries between the log and the queue on behalf of a webhook's owner. */
final class RedeliveryStore {
  static final int CANCEL_BATCH = 1000;

  // A delivery that waits for its turn keeps waiting. A redelivered delivery leaves the log for the queue, where it is in no lane. Its
  // fence starts past any that an earlier lease can have had.
  private static final String MAKE_DUE = """
      UPDATE keyhook.delivery_queue q SET tries = CASE WHEN leased THEN -1 ELSE 0 END,
        due_at = CASE WHEN leased OR %3$s THEN due_at WHEN %1$s THEN least(due_at, n.parked) ELSE n.at END
      FROM (SELECT now() AS at, now() + %2$s AS parked) n
      WHERE account_id = $1 AND webhook_id = $2 AND delivery_id = $3
      RETURNING keep_until"""
      .formatted(DeliveryRowStore.isParked("q"), DeliveryRowStore.PARKED_BY, DeliveryRowStore.isHeld("q"));
  static final String QUEUE_TAKEN = """
      INSERT INTO keyhook.delivery_queue
        (account_id, delivery_id, webhook_id, event_id, keep_until, type, fence, leased, due_at, attempts)
      SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, false, now(), attempts
      FROM taken""";
  private static final String REQUEUE = """
      WITH taken AS (
        DELETE FROM keyhook.delivery WHERE account_id = $1 AND webhook_id = $2 AND delivery_id = $3 AND NOT test
        RETURNING *
      ), queued AS (
      """ + QUEUE_TAKEN + """

      )
      SELECT keep_until FROM taken""";

  /** Before the queue of webhooks with an order is changed; see {@link DeliveryRowStore}. */
  private static final String LOCK = """
      SELECT FROM keyhook.webhook_pace p WHERE p.account_id = $1 AND ($2::uuid IS NULL OR p.webhook_id = $2)
      ORDER BY p.account_id, p.webhook_id FOR UPDATE""";
  private static final String CANCEL = """
      WITH gone AS (
        DELETE FROM keyhook.delivery_queue q USING (
          SELECT q.account_id, q.webhook_id, q.delivery_id FROM keyhook.delivery_queue q
          JOIN keyhook.webhook w ON w.account_id = $1 AND w.webhook_id = q.webhook_id
          JOIN keyhook.account a ON a.account_id = $1
          WHERE q.account_id = $1 AND ($2::uuid IS NULL OR q.webhook_id = $2)
            AND NOT %s
            AND (q.lane IS NULL OR NOT q.leased OR q.due_at <= now()) -- the next one of its license waits for an attempt that is under way
          ORDER BY q.webhook_id, q.delivery_id LIMIT $3 FOR UPDATE OF q) d
        WHERE %s
        RETURNING q.*
      ), logged AS (
        %s
      )
      SELECT count(*)::int FROM gone"""
      .formatted(DeliveryRowStore.isSentTo("w", "a", "$4"), DeliveryRowStore.is("q", "d"), DeliveryRowStore.LOG_CANCELED);

  private static final String EXISTS = "SELECT FROM keyhook.webhook WHERE account_id = $1 AND webhook_id = $2 AND "
      + DeliveryRowStore.isOf("webhook", "$3");

  private static final String ACTIVITY = """
      SELECT a.plan, coalesce(w.is_active AND w.deleted_at IS NULL, false), coalesce(%s, false),
        w.webhook_id IS NULL OR w.deleted_at IS NOT NULL
      FROM keyhook.account a LEFT JOIN keyhook.webhook w ON w.account_id = a.account_id AND w.webhook_id = $2
      WHERE a.account_id = $1""".formatted(DeliveryRowStore.isPaused("w"));

  private RedeliveryStore() {}

  /** Fails where the webhook never was, or not for the caller; one that was deleted passes: its log stays. */
  static Future<Void> checkWebhookExists(SqlClient client, Caller caller, UUID webhookId) {
    return client.preparedQuery(EXISTS).execute(Tuple.of(caller.accountId(), webhookId, caller.customer())).map(rows -> {
      if (rows.size() == 0) {
        throw Id.WEBHOOK.notFound();
      }
      return null;
    });
  }

  /** Whether a webhook may be sent to. */
  record Activity(String plan, boolean active, boolean paused, boolean deleted) {}

  static Future<Activity> activity(SqlClient client, EndpointId endpoint) {
    return client.preparedQuery(ACTIVITY).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> first(rows, row -> new Activity(row.getString(0), row.getBoolean(1), row.getBoolean(2), row.getBoolean(3)))
            .orElseThrow(Id.WEBHOOK::notFound));
  }

  /**
   * Gives a delivery a new schedule that starts now, or after the current attempt has failed, and returns until when it
   * is kept, or null where its log was deleted in the meantime.
   */
  static Future<LocalDate> redeliver(SqlClient tx, EndpointId endpoint, UUID deliveryId) {
    Tuple id = Tuple.of(endpoint.accountId(), endpoint.webhookId(), deliveryId);
    return tx.preparedQuery(MAKE_DUE).execute(id)
        .compose(pending -> pending.size() > 0 ? Future.succeededFuture(pending) : tx.preparedQuery(REQUEUE).execute(id))
        .map(rows -> first(rows, row -> row.getLocalDate(0)).orElse(null));
  }

  /**
   * Cancels up to {@value #CANCEL_BATCH} deliveries of inactive webhooks, and returns how many. One that goes in order stays during its
   * attempt, and is canceled with its result, so that the next one of its license waits for it. A webhook that was reactivated in the
   * meantime keeps its deliveries.
   *
   * @param webhookId null: all of the account
   * @param plans that have webhooks
   */
  static Future<Integer> cancel(SqlClient tx, UUID accountId, UUID webhookId, String[] plans) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(accountId, webhookId)).compose(locked -> tx.preparedQuery(CANCEL)
        .execute(Tuple.tuple().addUUID(accountId).addUUID(webhookId).addLong((long) CANCEL_BATCH).addArrayOfString(plans))
        .map(rows -> rows.iterator().next().getInteger(0)));
  }
}
