package io.keyhook.delivery;

import static io.keyhook.db.Rows.all;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.db.Partitions;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.UUID;

/** The SQL of webhooks that Keyhook itself deactivates. What is pending for them is canceled after it. */
final class HealthStore {
  /** So long an endpoint may do nothing but fail. */
  private static final int FAILING_DAYS = 5;

  private static final String DEACTIVATE = """
      UPDATE keyhook.webhook SET is_active = false, deactivated_reason = $4, version = version + 1, updated_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND version = $3 AND is_active""";

  // One node at a time; a node that dies loses the lock with its connection.
  private static final String LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('keyhook.health'))";

  /**
   * The latest minute tells most endpoints apart: those that nothing is sent to have none, and the others' mostly holds
   * a success. Of the rest, those whose last minute before the days ended with a failure, without a success since, have
   * failed for all of them. What was before the owner's last change does not count: activating begins anew.
   */
  private static final String DEACTIVATE_FAILING = """
      WITH failing AS MATERIALIZED (
        SELECT w.account_id, w.webhook_id, w.updated_at
        FROM keyhook.webhook w CROSS JOIN LATERAL (
          SELECT c.succeeded FROM keyhook.attempt_count c
          WHERE c.account_id = w.account_id AND c.webhook_id = w.webhook_id
            AND c.minute > now() - interval '%1$d days' AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %2$d
          ORDER BY c.minute DESC LIMIT 1) latest
        WHERE w.is_active AND w.updated_at < now() - interval '%1$d days' AND latest.succeeded = 0
      )
      UPDATE keyhook.webhook w
      SET is_active = false, deactivated_reason = $1, version = w.version + 1, updated_at = now()
      FROM failing f
      WHERE w.account_id = f.account_id AND w.webhook_id = f.webhook_id AND w.is_active AND w.updated_at = f.updated_at
        AND NOT EXISTS (
          SELECT FROM keyhook.attempt_count c
          WHERE c.account_id = f.account_id AND c.webhook_id = f.webhook_id AND c.succeeded > 0
            AND c.minute > now() - interval '%1$d days' AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %2$d)
        AND (
          SELECT c.failed_since > 0 FROM keyhook.attempt_count c
          WHERE c.account_id = f.account_id AND c.webhook_id = f.webhook_id AND c.minute > f.updated_at
            AND c.minute <= now() - interval '%1$d days'
          ORDER BY c.minute DESC LIMIT 1)
      RETURNING w.account_id, w.webhook_id""".formatted(FAILING_DAYS, Partitions.COUNT_DAYS - FAILING_DAYS);

  private HealthStore() {}

  /**
   * Deactivates the webhook that a delivery was sent to, and tells whether it did. One that was changed since is left
   * to the next attempt: its URL may be another.
   */
  static Future<Boolean> deactivate(SqlClient tx, Outgoing outgoing, Deactivation why) {
    return tx.preparedQuery(DEACTIVATE)
        .execute(Tuple.of(outgoing.accountId(), outgoing.webhookId(), outgoing.webhookVersion(), why.reason()))
        .compose(done -> done.rowCount() == 0 ? Future.succeededFuture(false)
            : audit(tx, outgoing.accountId(), outgoing.webhookId()).map(true));
  }

  /** Deactivates all whose endpoints only failed for {@value #FAILING_DAYS} days; none while another node looks. */
  static Future<List<EndpointId>> deactivateFailing(SqlClient tx) {
    return tx.query(LOCK).execute().compose(locked -> locked.iterator().next().getBoolean(0)
        ? tx.preparedQuery(DEACTIVATE_FAILING).execute(Tuple.of(Deactivation.FAILING.reason()))
            .map(rows -> all(rows, row -> new EndpointId(row.getUUID(0), row.getUUID(1))))
            .compose(deactivated -> Future.all(deactivated.stream()
                .map(endpoint -> audit(tx, endpoint.accountId(), endpoint.webhookId())).toList()).map(deactivated))
        : Future.succeededFuture(List.of()));
  }

  private static Future<Void> audit(SqlClient tx, UUID accountId, UUID webhookId) {
    return AuditStore.write(tx, new Caller(accountId, Actor.KEYHOOK), Action.WEBHOOK_DEACTIVATED, Id.WEBHOOK.of(webhookId),
        List.of());
  }
}
