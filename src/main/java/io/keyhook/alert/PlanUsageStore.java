package io.keyhook.alert;

import static io.keyhook.db.Rows.all;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL that finds accounts which use most of what their plan allows. */
final class PlanUsageStore {
  private static final UUID NONE = new UUID(0, 0);

  // One node at a time. A node that dies releases the lock with its connection.
  private static final String LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('keyhook.plan-usage'))";
  /** Accounts on plans with a limit, in which a team member wants to know and can be told. */
  private static final String ACCOUNTS = """
      SELECT a.account_id, a.plan
      FROM keyhook.account a
      WHERE a.plan = ANY ($1) AND a.suspended_at IS NULL AND a.account_id > $2 AND EXISTS (
        SELECT FROM keyhook.alert_setting s WHERE s.account_id = a.account_id AND 'plan.limit' = ANY (s.causes)
          AND (s.mail AND $4 OR s.slack_url IS NOT NULL))
      ORDER BY a.account_id LIMIT $3""";
  /** Counts no further than the plan's limits: an account may have any number of what its plan does not limit. */
  private static final String USAGE = """
      SELECT
        (SELECT count(*) FROM (SELECT FROM keyhook.license l WHERE l.account_id = $1 LIMIT $2) licenses),
        (SELECT count(*) FROM (SELECT FROM keyhook.webhook w WHERE w.account_id = $1 AND w.deleted_at IS NULL LIMIT $3) webhooks)""";
  private static final String BEGIN = """
      INSERT INTO keyhook.alert_state (account_id, kind, subject_id) VALUES ($1, $2, $3)
      ON CONFLICT (account_id, kind, subject_id) DO NOTHING""";
  private static final String END = "DELETE FROM keyhook.alert_state WHERE account_id = $1 AND kind = $2 AND subject_id = $3";

  private PlanUsageStore() {}

  /** An account and its plan. */
  record Account(UUID id, String plan) {}

  /** What an account has, up to its limits. */
  record Usage(long licenses, long webhooks) {}

  /** Returns false while another node looks. */
  static Future<Boolean> lock(SqlClient tx) {
    return tx.query(LOCK).execute().map(locked -> locked.iterator().next().getBoolean(0));
  }

  /**
   * Returns accounts after this one, in order.
   *
   * @param mail whether mail can be sent
   */
  static Future<List<Account>> accounts(SqlClient client, String[] plans, UUID after, int limit, boolean mail) {
    return client.preparedQuery(ACCOUNTS)
        .execute(Tuple.tuple().addArrayOfString(plans).addUUID(after).addLong((long) limit).addBoolean(mail))
        .map(rows -> all(rows, row -> new Account(row.getUUID(0), row.getString(1))));
  }

  /**
   * Counts what an account has.
   *
   * @param maxLicenses to count; empty: does not count
   * @param maxWebhooks the same of webhooks
   */
  static Future<Usage> usage(SqlClient client, UUID accountId, Optional<Integer> maxLicenses, Optional<Integer> maxWebhooks) {
    return client.preparedQuery(USAGE)
        .execute(Tuple.of(accountId, (long) maxLicenses.orElse(0), (long) maxWebhooks.orElse(0))).map(rows -> {
          Row row = rows.iterator().next();
          return new Usage(row.getLong(0), row.getLong(1));
        });
  }

  /** Remembers that a limit is near, and returns whether that is new. */
  static Future<Boolean> begin(SqlClient tx, UUID accountId, String kind) {
    return tx.preparedQuery(BEGIN).execute(Tuple.of(accountId, kind, NONE)).map(begun -> begun.rowCount() > 0);
  }

  static Future<Void> end(SqlClient tx, UUID accountId, String kind) {
    return tx.preparedQuery(END).execute(Tuple.of(accountId, kind, NONE)).mapEmpty();
  }
}
