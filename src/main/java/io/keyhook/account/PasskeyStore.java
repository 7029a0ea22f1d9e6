package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.bus.Id;
import io.keyhook.bus.Passkeys.Passkey;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of passkeys. */
final class PasskeyStore {
  private static final String COLUMNS = "passkey_id, name, created_at, last_used_at";
  private static final String NOW = "SELECT now()";
  private static final String STATE = """
      SELECT now(), coalesce(array_agg(credential_id), '{}') FROM keyhook.passkey WHERE account_id = $1 AND user_id = $2""";
  private static final String INSERT = """
      INSERT INTO keyhook.passkey (account_id, user_id, name, origin, credential_id, credential, sign_count, backup_eligible, backed_up)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING\s""" + COLUMNS;
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.passkey WHERE account_id = $1 AND user_id = $2 ORDER BY passkey_id DESC""";
  private static final String GET = "SELECT " + COLUMNS + """

      FROM keyhook.passkey WHERE account_id = $1 AND user_id = $2 AND passkey_id = $3""";
  private static final String RENAME = """
      UPDATE keyhook.passkey SET name = $4
      WHERE account_id = $1 AND user_id = $2 AND passkey_id = $3 AND name <> $4 RETURNING\s""" + COLUMNS;
  private static final String DELETE = """
      DELETE FROM keyhook.passkey WHERE account_id = $1 AND user_id = $2 AND passkey_id = $3""";
  private static final String DELETE_OF = "DELETE FROM keyhook.passkey WHERE account_id = $1 AND user_id = $2";
  private static final String FIND = """
      SELECT p.account_id, p.user_id, m.email, m.password_hash, a.suspended_at IS NOT NULL, m.role,
        p.passkey_id, p.credential_id, p.credential, p.sign_count, p.backup_eligible, p.backed_up, now(), p.origin
      FROM keyhook.passkey p JOIN keyhook.account a ON a.account_id = p.account_id
      JOIN keyhook.member m ON m.account_id = p.account_id AND m.user_id = p.user_id
      WHERE p.account_id = $1 AND p.user_id = $2 AND p.credential_id = $3""";
  /** A count that does not grow is that of a copy, or of a login at the same time. Many passkeys do not count. */
  private static final String USE = """
      UPDATE keyhook.passkey SET sign_count = $4, backed_up = $5, last_used_at = now()
      WHERE account_id = $1 AND user_id = $2 AND passkey_id = $3 AND (sign_count < $4 OR sign_count = 0 AND $4 = 0)""";
  private static final String DELETE_EXPIRED = """
      DELETE FROM keyhook.passkey_challenge WHERE account_id = $1 AND expires_at <= now()""";
  private static final String USE_CHALLENGE = """
      INSERT INTO keyhook.passkey_challenge (account_id, nonce, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
      ON CONFLICT (account_id, nonce) DO NOTHING""";

  private PasskeyStore() {}

  /** The passkeys of a user at a time by the clock of the database. */
  record State(Instant now, List<byte[]> credentialIds) {
    boolean has(byte[] credentialId) {
      return credentialIds.stream().anyMatch(known -> Arrays.equals(known, credentialId));
    }
  }

  /**
   * A passkey with its user.
   *
   * @param now by the clock of the database
   * @param origin of the pages that it was created for
   */
  record Found(AccountStore.Member user, UUID passkeyId, PasskeyVerifier.Key key, Instant now, String origin) {}

  /** Returns the time by the clock of the database. */
  static Future<Instant> now(SqlClient client) {
    return client.query(NOW).execute().map(rows -> instant(rows.iterator().next(), 0));
  }

  static Future<State> state(SqlClient client, UserHandle user) {
    return client.preparedQuery(STATE).execute(Tuple.of(user.accountId(), user.userId())).map(rows -> {
      Row row = rows.iterator().next();
      return new State(instant(row, 0), Arrays.stream(row.getArrayOfBuffers(1)).map(Buffer::getBytes).toList());
    });
  }

  static Future<Passkey> insert(SqlClient tx, UserHandle user, String name, String origin, PasskeyVerifier.Key key) {
    return tx.preparedQuery(INSERT).execute(Tuple.of(user.accountId(), user.userId(), name, origin, Buffer.buffer(key.credentialId()),
            Buffer.buffer(key.credential()), key.signCount(), key.backupEligible(), key.backedUp()))
        .map(rows -> passkey(rows.iterator().next()));
  }

  /** Lists those of a user, newest first. */
  static Future<List<Passkey>> list(SqlClient client, UserHandle user) {
    return client.preparedQuery(LIST).execute(Tuple.of(user.accountId(), user.userId()))
        .map(rows -> all(rows, PasskeyStore::passkey));
  }

  /** Returns empty if the user has no such passkey. */
  static Future<Optional<Passkey>> get(SqlClient client, UserHandle user, UUID passkeyId) {
    return client.preparedQuery(GET).execute(Tuple.of(user.accountId(), user.userId(), passkeyId))
        .map(rows -> first(rows, PasskeyStore::passkey));
  }

  /** Returns empty if the user has no such passkey, or it has the name already. */
  static Future<Optional<Passkey>> rename(SqlClient tx, UserHandle user, UUID passkeyId, String name) {
    return tx.preparedQuery(RENAME).execute(Tuple.of(user.accountId(), user.userId(), passkeyId, name))
        .map(rows -> first(rows, PasskeyStore::passkey));
  }

  /** Returns false if the user has no such passkey. */
  static Future<Boolean> delete(SqlClient tx, UserHandle user, UUID passkeyId) {
    return tx.preparedQuery(DELETE).execute(Tuple.of(user.accountId(), user.userId(), passkeyId))
        .map(deleted -> deleted.rowCount() > 0);
  }

  /** Deletes all of a user. */
  static Future<Void> deleteOf(SqlClient tx, UUID accountId, UUID userId) {
    return tx.preparedQuery(DELETE_OF).execute(Tuple.of(accountId, userId)).mapEmpty();
  }

  /** Returns empty if the user has no such passkey. */
  static Future<Optional<Found>> find(SqlClient client, UserHandle user, byte[] credentialId) {
    return client.preparedQuery(FIND).execute(Tuple.of(user.accountId(), user.userId(), Buffer.buffer(credentialId)))
        .map(rows -> first(rows, row -> new Found(AccountStore.member(row), row.getUUID(6), new PasskeyVerifier.Key(
            row.getBuffer(7).getBytes(), row.getBuffer(8).getBytes(), row.getLong(9), row.getBoolean(10), row.getBoolean(11)),
            instant(row, 12), row.getString(13))));
  }

  /** Returns false if the passkey was deleted, or its count has not grown. */
  static Future<Boolean> use(SqlClient tx, UserHandle user, UUID passkeyId, PasskeyVerifier.Key key) {
    return tx.preparedQuery(USE)
        .execute(Tuple.of(user.accountId(), user.userId(), passkeyId, key.signCount(), key.backedUp()))
        .map(used -> used.rowCount() > 0);
  }

  /** Returns false if the challenge was used before. */
  static Future<Boolean> useChallenge(SqlClient tx, UUID accountId, byte[] challenge) {
    return tx.preparedQuery(DELETE_EXPIRED).execute(Tuple.of(accountId))
        .compose(deleted -> tx.preparedQuery(USE_CHALLENGE).execute(Tuple.of(accountId,
            Buffer.buffer(PasskeyChallenges.nonce(challenge)), (double) PasskeyChallenges.LIFETIME.toSeconds())))
        .map(used -> used.rowCount() > 0);
  }

  private static Passkey passkey(Row row) {
    return new Passkey(Id.PASSKEY.of(row.getUUID(0)), row.getString(1), instant(row, 2), instant(row, 3));
  }
}
