package io.keyhook.account;

import static io.keyhook.db.Rows.first;

import io.keyhook.bus.Id;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.UUID;

/** The SQL of which plan an account has. */
public final class PlanStore {
  private static final String GET = "SELECT plan FROM keyhook.account WHERE account_id = $1 AND erasing_since IS NULL";
  private static final String LOCK = GET + " FOR NO KEY UPDATE";

  private PlanStore() {}

  public static Future<String> get(SqlClient client, UUID accountId) {
    return plan(client, GET, accountId);
  }

  /** Does the same, and locks the account's usage until the transaction ends. */
  public static Future<String> lock(SqlClient tx, UUID accountId) {
    return plan(tx, LOCK, accountId);
  }

  private static Future<String> plan(SqlClient client, String sql, UUID accountId) {
    return client.preparedQuery(sql).execute(Tuple.of(accountId))
        .map(rows -> first(rows, row -> row.getString(0)).orElseThrow(Id.ACCOUNT::notFound));
  }
}
