package io.keyhook.log;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;

/** The SQL that removes deleted webhooks. */
final class DeletedWebhookStore {
  static final int BATCH = 1000;

  private static final String WITHOUT_DELIVERIES = """
      w.deleted_at < now() - make_interval(days => $1)
        AND NOT EXISTS (
          SELECT FROM keyhook.delivery_queue q WHERE q.account_id = w.account_id AND q.webhook_id = w.webhook_id)
        AND NOT EXISTS (
          SELECT FROM keyhook.delivery d WHERE d.account_id = w.account_id AND d.webhook_id = w.webhook_id)""";
  private static final String FIND =
      "SELECT w.account_id, w.webhook_id FROM keyhook.webhook w WHERE " + WITHOUT_DELIVERIES + " LIMIT $2";
  private static final String REMOVE = """
      WITH removed AS (
        DELETE FROM keyhook.webhook w WHERE %s AND w.account_id = $2 AND w.webhook_id = $3 RETURNING w.webhook_id
      ), recoveries AS (
        DELETE FROM keyhook.recovery r USING removed WHERE r.account_id = $2 AND r.webhook_id = removed.webhook_id
      ), formats AS (
        DELETE FROM keyhook.webhook_format f USING removed WHERE f.account_id = $2 AND f.webhook_id = removed.webhook_id
      ), paces AS (
        DELETE FROM keyhook.webhook_pace p USING removed WHERE p.account_id = $2 AND p.webhook_id = removed.webhook_id
      )
      SELECT webhook_id FROM removed""".formatted(WITHOUT_DELIVERIES);

  private DeletedWebhookStore() {}

  /**
   * Removes up to {@value #BATCH} deleted webhooks without deliveries, and returns how many.
   *
   * @param days for which the log of a webhook is kept at the longest: younger ones are not looked at
   */
  static Future<Integer> remove(SqlClient client, int days) {
    return client.preparedQuery(FIND).execute(Tuple.of(days, (long) BATCH)).compose(found -> {
      Future<Integer> removed = Future.succeededFuture(0);
      for (Row row : found) {
        removed = removed.compose(before -> client.preparedQuery(REMOVE)
            .execute(Tuple.of(days, row.getUUID(0), row.getUUID(1))).map(done -> before + done.size()));
      }
      return removed;
    });
  }
}
