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

/** The SQL that deactivates webhooks. Their pending deliveries are canceled afterwards. */
final class HealthStore {
  /** A webhook is deactivated after failing for this long without a success. */
  private static final int FAILING_DAYS = 5;

  private static final String DEACTIVATE = """
      UPDATE keyhook.webhook SET is_active = false, deactivated_reason = $4, version = version + 1, updated_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND version = $3 AND is_active""";

  // One node at a time. A node that dies releases the lock with its connection.
  private static final String LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('keyhook.health'))";

  /**
   * The latest minute with attempts rules out most webhooks: idle ones have none, and in most others it holds a success.
   * A remaining webhook has failed all {@value #FAILING_DAYS} days if the last minute before them ended with a failure and
   * no success followed. Attempts before the owner's last change do not count: reactivation starts afresh.
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
   * Deactivates the webhook that a delivery was sent to; false where it has changed since, because its URL may be another.
   */
  static Future<Boolean> deactivate(SqlClient tx, Outgoing outgoing, Deactivation why) {
    return tx.preparedQuery(DEACTIVATE)
        .execute(Tuple.of(outgoing.endpoint().accountId(), outgoing.endpoint().webhookId(),
            outgoing.webhookVersion(), why.reason()))
        .compose(done -> done.rowCount() == 0 ? Future.succeededFuture(false)
            : audit(tx, outgoing.endpoint()).map(true));
  }

  /** Deactivates webhooks that only failed for {@value #FAILING_DAYS} days; none while another node does this. */
  static Future<List<EndpointId>> deactivateFailing(SqlClient tx) {
    return tx.query(LOCK).execute().compose(locked -> locked.iterator().next().getBoolean(0)
        ? tx.preparedQuery(DEACTIVATE_FAILING).execute(Tuple.of(Deactivation.FAILING.reason()))
            .map(rows -> all(rows, row -> new EndpointId(row.getUUID(0), row.getUUID(1))))
            .compose(deactivated -> Future.all(deactivated.stream()
                .map(endpoint -> audit(tx, endpoint)).toList()).map(deactivated))
        : Future.succeededFuture(List.of()));
  }

  private static Future<Void> audit(SqlClient tx, EndpointId endpoint) {
    return AuditStore.write(tx, new Caller(endpoint.accountId(), Actor.KEYHOOK), Action.WEBHOOK_DEACTIVATED,
        Id.WEBHOOK.of(endpoint.webhookId()), List.of());
  }
}
