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
import java.util.Optional;

/** The SQL that deactivates webhooks. Their pending deliveries are canceled afterwards. */
final class HealthStore {
  /** A webhook is deactivated after failing for this long without a success. */
  private static final int FAILING_DAYS = 5;
  /** Webhooks that are deactivated in one transaction. */
  static final int MAX_FOUND = 100;

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
            AND c.minute > now() - interval '%1$d days' AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %2$d)
        AND (w.account_id, w.webhook_id) > ($1, $2)
      ORDER BY w.account_id, w.webhook_id LIMIT %3$d"""
      .formatted(FAILING_DAYS, Partitions.COUNT_DAYS - FAILING_DAYS, MAX_FOUND);
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

  /**
   * What one transaction did.
   *
   * @param next after which the next one goes on; empty: there are no more, or another node does this
   */
  record Page(List<EndpointId> deactivated, Optional<EndpointId> next) {}

  /** Deactivates webhooks that only failed for {@value #FAILING_DAYS} days, up to {@value #MAX_FOUND} of those after another. */
  static Future<Page> deactivateFailing(SqlClient tx, EndpointId after) {
    return tx.query(LOCK).execute().compose(locked -> locked.iterator().next().getBoolean(0)
        ? tx.preparedQuery(FAILING).execute(Tuple.of(after.accountId(), after.webhookId())).compose(failing -> {
          List<EndpointId> deactivated = new ArrayList<>();
          Future<Void> done = Future.succeededFuture();
          EndpointId last = null;
          for (Row row : failing) {
            last = endpoint(row);
            done = done.compose(before -> deactivateFailing(tx, row, deactivated));
          }
          Page page = new Page(deactivated, failing.size() < MAX_FOUND ? Optional.empty() : Optional.of(last));
          return done.map(page);
        })
        : Future.succeededFuture(new Page(List.of(), Optional.empty())));
  }

  private static EndpointId endpoint(Row row) {
    return new EndpointId(row.getUUID(0), row.getUUID(1));
  }

  private static Future<Void> deactivateFailing(SqlClient tx, Row failing, List<EndpointId> deactivated) {
    EndpointId endpoint = endpoint(failing);
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
