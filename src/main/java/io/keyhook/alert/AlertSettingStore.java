package io.keyhook.alert;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of what team members want to be alerted about, and where. */
final class AlertSettingStore {
  private static final String LOCK = """
      SELECT FROM keyhook.account WHERE account_id = $1 FOR NO KEY UPDATE""";
  private static final String GET = """
      SELECT p.email, a.name, coalesce(s.causes, '{}'), coalesce(s.mail, false), s.slack_url, s.slack_host
      FROM keyhook.account a JOIN keyhook.member p ON p.account_id = a.account_id
      LEFT JOIN keyhook.alert_setting s ON s.account_id = a.account_id AND s.user_id = p.user_id
      WHERE a.account_id = $1 AND p.account_id = $1 AND p.user_id = $2 AND a.suspended_at IS NULL""";
  private static final String SET = """
      INSERT INTO keyhook.alert_setting (account_id, user_id, causes, mail, slack_url, slack_host)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (account_id, user_id) DO UPDATE SET causes = excluded.causes, mail = excluded.mail,
        slack_url = excluded.slack_url, slack_host = excluded.slack_host, updated_at = excluded.updated_at""";
  private static final String SEALED = """
      SELECT account_id, user_id, slack_url FROM keyhook.alert_setting
      WHERE (account_id, user_id) > ($1, $2) AND slack_url IS NOT NULL ORDER BY account_id, user_id LIMIT $3""";
  private static final String RESEAL = """
      UPDATE keyhook.alert_setting SET slack_url = $4 WHERE account_id = $1 AND user_id = $2 AND slack_url = $3""";

  private AlertSettingStore() {}

  /**
   * A team member's settings.
   *
   * @param causes by their names; empty: none
   * @param slackUrl sealed; null: none
   * @param slackHost null: none
   */
  record Stored(String email, String accountName, List<String> causes, boolean mail, byte[] slackUrl, String slackHost) {}

  /** A sealed URL with its user. */
  record Sealed(UUID accountId, UUID userId, byte[] url) {}

  /** Lets changes of one account's settings wait for each other until the transaction ends. */
  static Future<Void> lock(SqlClient tx, UUID accountId) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(accountId)).mapEmpty();
  }

  /** Returns empty if there is no such user, or the account is suspended. */
  static Future<Optional<Stored>> get(SqlClient client, UUID accountId, UUID userId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId, userId)).map(rows -> first(rows, AlertSettingStore::stored));
  }

  private static Stored stored(Row row) {
    Buffer url = row.getBuffer(4);
    return new Stored(row.getString(0), row.getString(1), List.of(row.getArrayOfStrings(2)), row.getBoolean(3),
        url == null ? null : url.getBytes(), row.getString(5));
  }

  static Future<Void> set(SqlClient tx, UUID accountId, UUID userId, Stored settings) {
    return tx.preparedQuery(SET).execute(Tuple.tuple().addUUID(accountId).addUUID(userId)
        .addArrayOfString(settings.causes.toArray(String[]::new)).addBoolean(settings.mail)
        .addBuffer(AlertStore.buffer(settings.slackUrl)).addString(settings.slackHost)).mapEmpty();
  }

  /** Returns the URLs of all users after this one, in order. */
  static Future<List<Sealed>> sealed(SqlClient client, UUID afterAccount, UUID afterUser, int limit) {
    return client.preparedQuery(SEALED).execute(Tuple.of(afterAccount, afterUser, (long) limit))
        .map(rows -> all(rows, row -> new Sealed(row.getUUID(0), row.getUUID(1), row.getBuffer(2).getBytes())));
  }

  /** Replaces a URL if it is still the same. */
  static Future<Void> reseal(SqlClient client, Sealed from, byte[] to) {
    return client.preparedQuery(RESEAL)
        .execute(Tuple.of(from.accountId, from.userId, Buffer.buffer(from.url), Buffer.buffer(to))).mapEmpty();
  }
}
