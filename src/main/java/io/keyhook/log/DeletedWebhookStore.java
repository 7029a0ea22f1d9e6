package io.keyhook.log;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlResult;
import io.vertx.sqlclient.Tuple;

/** The SQL that removes deleted webhooks. */
final class DeletedWebhookStore {
  static final int BATCH = 1000;

  /** A webhook that another node removes is left to it. */
  private static final String REMOVE = """
      WITH over AS MATERIALIZED (
        SELECT w.account_id, w.webhook_id FROM keyhook.webhook w
        WHERE w.deleted_at < now() - make_interval(days => $1)
          AND NOT EXISTS (
            SELECT FROM keyhook.delivery_queue q WHERE q.account_id = w.account_id AND q.webhook_id = w.webhook_id)
          AND NOT EXISTS (
            SELECT FROM keyhook.delivery d WHERE d.account_id = w.account_id AND d.webhook_id = w.webhook_id)
        LIMIT $2
        FOR UPDATE OF w SKIP LOCKED
      )
      DELETE FROM keyhook.webhook w USING over
      WHERE w.account_id = over.account_id AND w.webhook_id = over.webhook_id""";

  private DeletedWebhookStore() {}

  /**
   * Removes up to {@value #BATCH} deleted webhooks without deliveries, and returns how many.
   *
   * @param days for which the log of a webhook is kept at the longest: younger ones are not looked at
   */
  static Future<Integer> remove(SqlClient client, int days) {
    return client.preparedQuery(REMOVE).execute(Tuple.of(days, (long) BATCH)).map(SqlResult::rowCount);
  }
}
