package io.keyhook.delivery;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.db.Partitions;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
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
   * Webhooks that had attempts, none of which succeeded, for {@value #FAILING_DAYS} days, and whose owner changed nothing in
   * that time: reactivation starts afresh. The latest minute with attempts rules out most others.
   */
  private static final String FAILING = """
      SELECT w.account_id, w.webhook_id, w.updated_at FROM keyhook.webhook w
      WHERE w.is_active AND w.paused_at IS NULL AND w.updated_at < now() - interval '%1$d days'
        AND EXISTS (
          SELECT FROM keyhook.attempt_count c
          WHERE c.account_id = w.account_id AND c.webhook_id = w.webhook_id
            AND c.minute > now() - interval '%1$d days' AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %2$d)
        AND NOT EXISTS (
          SELECT FROM keyhook.attempt_count c
          WHERE c.account_id = w.account_id AND c.webhook_id = w.webhook_id AND c.succeeded > 0
            AND c.minute > now() - interval '%1$d days' AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %2$d)"""
      .formatted(FAILING_DAYS, Partitions.COUNT_DAYS - FAILING_DAYS);
  /** A webhook has failed all {@value #FAILING_DAYS} days if the last minute before them ended with a failure, too. */
  private static final String DEACTIVATE_FAILING = """
      UPDATE keyhook.webhook w
      SET is_active = false, deactivated_reason = $1, version = w.version + 1, updated_at = now()
      WHERE w.account_id = $2 AND w.webhook_id = $3 AND w.is_active AND w.updated_at = $4
        AND (
          SELECT c.failed_since > 0 FROM keyhook.attempt_count c
          WHERE c.account_id = $2 AND c.webhook_id = $3 AND c.minute > $4 AND c.minute <= now() - interval '%1$d days'
          ORDER BY c.minute DESC LIMIT 1)""".formatted(FAILING_DAYS);

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
        ? tx.query(FAILING).execute().compose(failing -> {
          List<EndpointId> deactivated = new ArrayList<>();
          Future<Void> done = Future.succeededFuture();
          for (Row row : failing) {
            done = done.compose(before -> deactivateFailing(tx, row, deactivated));
          }
          return done.map(deactivated);
        })
        : Future.succeededFuture(List.of()));
  }

  private static Future<Void> deactivateFailing(SqlClient tx, Row failing, List<EndpointId> deactivated) {
    EndpointId endpoint = new EndpointId(failing.getUUID(0), failing.getUUID(1));
    return tx.preparedQuery(DEACTIVATE_FAILING)
        .execute(Tuple.of(Deactivation.FAILING.reason(), endpoint.accountId(), endpoint.webhookId(),
            failing.getOffsetDateTime(2)))
        .compose(done -> {
          if (done.rowCount() == 0) {
            return Future.succeededFuture();
          }
          deactivated.add(endpoint);
          return audit(tx, endpoint);
        });
  }

  private static Future<Void> audit(SqlClient tx, EndpointId endpoint) {
    return AuditStore.write(tx, new Caller(endpoint.accountId(), Actor.KEYHOOK), Action.WEBHOOK_DEACTIVATED,
        Id.WEBHOOK.of(endpoint.webhookId()), List.of());
  }
}
