package io.keyhook.alert;

import static io.keyhook.db.Rows.all;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.UUID;

/** The SQL that finds accounts which use most of what their plan allows. */
final class PlanUsageStore {
  private static final UUID NONE = new UUID(0, 0);

  // One node at a time. A node that dies releases the lock with its connection.
  private static final String LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('keyhook.plan-usage'))";
  /**
   * Only accounts on plans with a limit, in which a team member wants to know. Such an account has no more rows
   * than a plan allowed when they were created.
   */
  private static final String USAGE = """
      SELECT a.account_id, a.plan,
        (SELECT count(*) FROM keyhook.license l WHERE l.account_id = a.account_id),
        (SELECT count(*) FROM keyhook.webhook w WHERE w.account_id = a.account_id AND w.deleted_at IS NULL)
      FROM keyhook.account a
      WHERE a.plan = ANY ($1) AND a.suspended_at IS NULL AND a.account_id > $2 AND EXISTS (
        SELECT FROM keyhook.alert_setting s WHERE s.account_id = a.account_id AND 'plan.limit' = ANY (s.causes))
      ORDER BY a.account_id LIMIT $3""";
  private static final String BEGIN = """
      INSERT INTO keyhook.alert_state (account_id, kind, subject_id) VALUES ($1, $2, $3)
      ON CONFLICT (account_id, kind, subject_id) DO NOTHING""";
  private static final String END = "DELETE FROM keyhook.alert_state WHERE account_id = $1 AND kind = $2 AND subject_id = $3";

  private PlanUsageStore() {}

  /** What an account has. */
  record Usage(UUID accountId, String plan, long licenses, long webhooks) {}

  /** Returns false while another node looks. */
  static Future<Boolean> lock(SqlClient tx) {
    return tx.query(LOCK).execute().map(locked -> locked.iterator().next().getBoolean(0));
  }

  /** Returns accounts after this one, in order. */
  static Future<List<Usage>> usage(SqlClient client, String[] plans, UUID after, int limit) {
    return client.preparedQuery(USAGE).execute(Tuple.tuple().addArrayOfString(plans).addUUID(after).addLong((long) limit))
        .map(rows -> all(rows, row -> new Usage(row.getUUID(0), row.getString(1), row.getLong(2), row.getLong(3))));
  }

  /** Remembers that a limit is near, and returns whether that is new. */
  static Future<Boolean> begin(SqlClient tx, UUID accountId, String kind) {
    return tx.preparedQuery(BEGIN).execute(Tuple.of(accountId, kind, NONE)).map(begun -> begun.rowCount() > 0);
  }

  static Future<Void> end(SqlClient tx, UUID accountId, String kind) {
    return tx.preparedQuery(END).execute(Tuple.of(accountId, kind, NONE)).mapEmpty();
  }
}
