package io.keyhook.signing;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of the keys that sign validations. */
final class SigningKeyStore {
  private static final String LIST = """
      SELECT key_id, public_key, signs_from, created_at, signs_from > now() FROM keyhook.signing_key
      WHERE account_id = $1 ORDER BY signs_from DESC, key_id DESC""";
  private static final String CURRENT = """
      SELECT key_id, private_key, now() FROM keyhook.signing_key
      WHERE account_id = $1 AND signs_from <= now() ORDER BY signs_from DESC, key_id DESC LIMIT 1""";
  private static final String INSERT = """
      INSERT INTO keyhook.signing_key (account_id, key_id, public_key, private_key, signs_from)
      VALUES ($1, $2, $3, $4, now() + make_interval(hours => $5))""";
  private static final String SIGN_NOW = """
      UPDATE keyhook.signing_key SET signs_from = now() WHERE account_id = $1 AND key_id = $2""";
  private static final String DELETE = "DELETE FROM keyhook.signing_key WHERE account_id = $1 AND key_id = $2";
  private static final String SEALED = """
      SELECT account_id, key_id, private_key FROM keyhook.signing_key
      WHERE (account_id, key_id) > ($1, $2) ORDER BY account_id, key_id LIMIT $3""";
  private static final String RESEAL = """
      UPDATE keyhook.signing_key SET private_key = $4 WHERE account_id = $1 AND key_id = $2 AND private_key = $3""";

  private SigningKeyStore() {}

  /**
   * A key without its private part.
   *
   * @param future whether it does not sign yet
   */
  record Key(UUID keyId, byte[] publicKey, Instant signsFrom, Instant createdAt, boolean future) {}

  /**
   * The key that signs.
   *
   * @param privateKey sealed
   * @param now by the database's clock
   */
  record Current(UUID keyId, byte[] privateKey, Instant now) {}

  /** A sealed private key with its row. */
  record Sealed(UUID accountId, UUID keyId, byte[] privateKey) {}

  /** Returns the keys of an account: those that do not sign yet, the current one, and those before it. */
  static Future<List<Key>> list(SqlClient client, UUID accountId) {
    return client.preparedQuery(LIST).execute(Tuple.of(accountId)).map(rows -> all(rows, SigningKeyStore::key));
  }

  private static Key key(Row row) {
    return new Key(row.getUUID(0), row.getBuffer(1).getBytes(), instant(row, 2), instant(row, 3), row.getBoolean(4));
  }

  static Future<Optional<Current>> current(SqlClient client, UUID accountId) {
    return client.preparedQuery(CURRENT).execute(Tuple.of(accountId)).map(rows -> first(rows, row ->
        new Current(row.getUUID(0), row.getBuffer(1).getBytes(), instant(row, 2))));
  }

  /**
   * @param privateKey sealed
   * @param hours after which it signs
   */
  static Future<Void> insert(SqlClient tx, UUID accountId, UUID keyId, byte[] publicKey, byte[] privateKey, int hours) {
    return tx.preparedQuery(INSERT)
        .execute(Tuple.of(accountId, keyId, Buffer.buffer(publicKey), Buffer.buffer(privateKey), hours)).mapEmpty();
  }

  /** Lets a key sign that would only later. */
  static Future<Void> signNow(SqlClient tx, UUID accountId, UUID keyId) {
    return tx.preparedQuery(SIGN_NOW).execute(Tuple.of(accountId, keyId)).mapEmpty();
  }

  static Future<Void> delete(SqlClient tx, UUID accountId, UUID keyId) {
    return tx.preparedQuery(DELETE).execute(Tuple.of(accountId, keyId)).mapEmpty();
  }

  /** Returns the private keys after this one, in order. */
  static Future<List<Sealed>> sealed(SqlClient client, UUID afterAccount, UUID afterKey, int limit) {
    return client.preparedQuery(SEALED).execute(Tuple.of(afterAccount, afterKey, (long) limit))
        .map(rows -> all(rows, row -> new Sealed(row.getUUID(0), row.getUUID(1), row.getBuffer(2).getBytes())));
  }

  /** Replaces a private key if it is still the same. */
  static Future<Void> reseal(SqlClient client, Sealed from, byte[] to) {
    return client.preparedQuery(RESEAL)
        .execute(Tuple.of(from.accountId, from.keyId, Buffer.buffer(from.privateKey), Buffer.buffer(to))).mapEmpty();
  }
}
