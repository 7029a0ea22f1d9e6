package io.keyhook.account;

import static io.keyhook.db.Rows.all;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL that erases an account, in statements that each delete a limited number of rows. */
final class ErasureStore {
  /** Before the first entry of an audit log. */
  static final UUID FIRST = new UUID(0, 0);

  private static final int BATCH = 2000;
  /**
   * What is waiting to be sent first. Webhooks after their deliveries, and licenses after what belongs to them. No trigger frees
   * the keys where tables are distributed.
   */
  private static final List<String> DELETES = List.of(
      delete("recovery", "recovery_id"),
      delete("delivery_queue", "delivery_id"),
      delete("delivery", "delivery_id, keep_until"),
      delete("event", "event_id, keep_until"),
      delete("attempt_count", "webhook_id, minute, keep_until"),
      delete("account_count", "seconds, at, keep_until"),
      delete("license_expiry", "license_id"),
      delete("activation", "license_id, fingerprint"),
      delete("license_key", "key"),
      delete("license", "license_id"),
      delete("policy", "policy_id"),
      delete("product", "product_id"),
      delete("webhook_pace", "webhook_id"),
      delete("webhook_format", "webhook_id, version"),
      delete("webhook", "webhook_id"),
      delete("test_request", "slot"),
      delete("test_endpoint", "token"),
      delete("listener_request", "webhook_id, request_id"),
      delete("listener", "webhook_id"),
      delete("idempotency", "key_id"),
      delete("alert_message", "user_id, channel, cause"),
      delete("alert_setting", "user_id"),
      delete("alert_state", "kind, subject_id"),
      delete("signing_key", "key_id"));
  static final int TABLES = DELETES.size();

  private static final String DELETE_CREDENTIALS = """
      sessions AS (
        DELETE FROM keyhook.session s USING account a WHERE s.account_id = a.account_id
      ), links AS (
        DELETE FROM keyhook.account_link l USING account a WHERE l.account_id = a.account_id
      ), portals AS (
        DELETE FROM keyhook.portal_link p USING account a WHERE p.account_id = a.account_id
      ), keys AS (
        DELETE FROM keyhook.api_key k USING account a WHERE k.account_id = a.account_id
      ), passkeys AS (
        DELETE FROM keyhook.passkey p USING account a WHERE p.account_id = a.account_id
      ), challenges AS (
        DELETE FROM keyhook.passkey_challenge c USING account a WHERE c.account_id = a.account_id
      ), members AS (
        DELETE FROM keyhook.member m USING account a WHERE m.account_id = a.account_id
      )
      SELECT account_id FROM account""";
  private static final String BEGIN = """
      WITH account AS (
        UPDATE keyhook.account SET erasing_since = now(), updated_at = now()
        WHERE account_id = $1 AND suspended_at IS NOT NULL AND erasing_since IS NULL RETURNING account_id
      ),\s""" + DELETE_CREDENTIALS;
  private static final String UNFINISHED = """
      SELECT account_id FROM keyhook.account WHERE erasing_since IS NOT NULL ORDER BY account_id LIMIT 100""";
  private static final String ANONYMIZE_AUDIT = "SELECT keyhook.anonymize_audit($1, $2, $3)";
  private static final String END = """
      WITH account AS (
        DELETE FROM keyhook.account WHERE account_id = $1 AND erasing_since IS NOT NULL RETURNING account_id
      ),\s""" + DELETE_CREDENTIALS;

  private ErasureStore() {}

  /**
   * @param key the columns of the primary key after {@code account_id}
   */
  private static String delete(String table, String key) {
    return """
        DELETE FROM keyhook.%1$s t USING (SELECT %2$s FROM keyhook.%1$s WHERE account_id = $1 LIMIT $2) d
        WHERE t.account_id = $1 AND (%3$s) = (%4$s)""".formatted(table, key, columns("t", key), columns("d", key));
  }

  private static String columns(String alias, String key) {
    return alias + "." + key.replace(", ", ", " + alias + ".");
  }

  /** Marks an account that is suspended, and deletes its credentials. */
  static Future<Void> begin(SqlClient tx, UUID accountId) {
    return tx.preparedQuery(BEGIN).execute(Tuple.of(accountId)).mapEmpty();
  }

  static Future<List<UUID>> unfinished(SqlClient client) {
    return client.query(UNFINISHED).execute().map(rows -> all(rows, row -> row.getUUID(0)));
  }

  /**
   * Deletes some of an account's rows.
   *
   * @param table from 0 to {@link #TABLES} - 1
   * @return whether there may be more
   */
  static Future<Boolean> delete(SqlClient client, int table, UUID accountId) {
    return client.preparedQuery(DELETES.get(table)).execute(Tuple.of(accountId, (long) BATCH))
        .map(deleted -> deleted.rowCount() == BATCH);
  }

  /**
   * Removes who acted from some entries of an account's audit log.
   *
   * @return the last of them; empty: there are no more after it
   */
  static Future<Optional<UUID>> anonymizeAudit(SqlClient client, UUID accountId, UUID after) {
    return client.preparedQuery(ANONYMIZE_AUDIT).execute(Tuple.of(accountId, after, BATCH))
        .map(rows -> Optional.ofNullable(rows.iterator().next().getUUID(0)));
  }

  /** Deletes the account itself. Returns false if another node already has. */
  static Future<Boolean> end(SqlClient tx, UUID accountId) {
    return tx.preparedQuery(END).execute(Tuple.of(accountId)).map(deleted -> deleted.size() > 0);
  }
}
