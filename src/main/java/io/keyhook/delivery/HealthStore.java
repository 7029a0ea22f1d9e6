package io.keyhook.delivery;

import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;

/** The SQL of webhooks that Keyhook itself deactivates. What is pending for them is canceled after it. */
final class HealthStore {
  private static final String DEACTIVATE = """
      UPDATE keyhook.webhook SET is_active = false, deactivated_reason = $4, version = version + 1, updated_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND version = $3 AND is_active""";

  private HealthStore() {}

  /**
   * Deactivates the webhook that a delivery was sent to, and tells whether it did. One that was changed since is left to
   * the next attempt: its URL may be another.
   */
  static Future<Boolean> deactivate(SqlClient client, Outgoing outgoing, Deactivation why) {
    return client.preparedQuery(DEACTIVATE)
        .execute(Tuple.of(outgoing.accountId(), outgoing.webhookId(), outgoing.webhookVersion(), why.reason()))
        .map(done -> done.rowCount() > 0);
  }
}
