package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of two-factor authentication. */
final class TotpStore {
  private static final String FIND = """
      SELECT totp_secret, totp_pending, extract(epoch FROM totp_retry_at - now())::float8, now()
      FROM keyhook.member WHERE account_id = $1 AND user_id = $2""";
  private static final String BEGIN = """
      UPDATE keyhook.member SET totp_pending = $3 WHERE account_id = $1 AND user_id = $2 AND totp_secret IS NULL""";
  private static final String ENABLE = """
      UPDATE keyhook.member SET totp_secret = totp_pending, totp_pending = NULL, totp_step = $4, recovery_codes = $5
      WHERE account_id = $1 AND user_id = $2 AND totp_secret IS NULL AND totp_pending = $3""";
  private static final String DISABLE = """
      UPDATE keyhook.member SET totp_secret = NULL, totp_pending = NULL, totp_step = NULL, recovery_codes = NULL,
        totp_failures = 0, totp_retry_at = NULL
      WHERE account_id = $1 AND user_id = $2 AND totp_secret IS NOT NULL""";
  /** From the fifth on, each wrong code delays the next one twice as long: 30 seconds at first, about an hour at last. */
  private static final String COUNT_TRY = """
      UPDATE keyhook.member SET totp_failures = totp_failures + 1,
        totp_retry_at = now() + CASE WHEN totp_failures >= 4
          THEN make_interval(secs => 30 * 2::float8 ^ least(totp_failures - 4, 7)) END
      WHERE account_id = $1 AND user_id = $2 AND (totp_retry_at IS NULL OR totp_retry_at <= now())""";
  private static final Duration FIRST_DELAY = Duration.ofSeconds(30);
  private static final String USE_STEP = """
      UPDATE keyhook.member SET totp_step = $3, totp_failures = 0, totp_retry_at = NULL
      WHERE account_id = $1 AND user_id = $2 AND totp_secret IS NOT NULL AND totp_step < $3""";
  private static final String USE_RECOVERY_CODE = """
      UPDATE keyhook.member SET recovery_codes = array_remove(recovery_codes, $3), totp_failures = 0, totp_retry_at = NULL
      WHERE account_id = $1 AND user_id = $2 AND $3 = ANY (recovery_codes)""";
  private static final String SEALED = """
      SELECT account_id, user_id, totp_secret, totp_pending FROM keyhook.member
      WHERE (account_id, user_id) > ($1, $2) AND (totp_secret IS NOT NULL OR totp_pending IS NOT NULL)
      ORDER BY account_id, user_id LIMIT $3""";
  private static final String RESEAL = """
      UPDATE keyhook.member SET totp_secret = CASE WHEN totp_secret = $3 THEN $4 ELSE totp_secret END,
        totp_pending = CASE WHEN totp_pending = $5 THEN $6 ELSE totp_pending END
      WHERE account_id = $1 AND user_id = $2""";

  private TotpStore() {}

  /**
   * Sealed keys.
   *
   * @param secret null: two-factor authentication is off
   * @param pending null: it is not being set up
   */
  record Sealed(byte[] secret, byte[] pending) {}

  /**
   * Keys for a login.
   *
   * @param retryAfter when the next code is compared, if none is now
   * @param now by the clock of the database: a step that one node has used up must not be ahead of another's
   */
  record Found(Sealed keys, Duration retryAfter, Instant now) {
    byte[] secret() {
      return keys.secret;
    }

    byte[] pending() {
      return keys.pending;
    }
  }

  /** Sealed keys with their user. */
  record SealedOf(UUID accountId, UUID userId, Sealed keys) {}

  /** Returns empty if there is no such user. */
  static Future<Optional<Found>> find(SqlClient client, UUID accountId, UUID userId) {
    return client.preparedQuery(FIND).execute(Tuple.of(accountId, userId)).map(rows -> first(rows, row -> {
      Double seconds = row.getDouble(2);
      return new Found(sealed(row, 0),
          seconds == null || seconds <= 0 ? FIRST_DELAY : Duration.ofSeconds((long) Math.ceil(seconds)), instant(row, 3));
    }));
  }

  /** Returns false if two-factor authentication is on already. */
  static Future<Boolean> begin(SqlClient tx, UUID accountId, UUID userId, byte[] pending) {
    return changed(tx, BEGIN, Tuple.of(accountId, userId, Buffer.buffer(pending)));
  }

  /** Returns false if another key is being set up by now. */
  static Future<Boolean> enable(SqlClient tx, UUID accountId, UUID userId, byte[] pending, long step, List<byte[]> codeHashes) {
    return changed(tx, ENABLE, Tuple.of(accountId, userId, Buffer.buffer(pending), step)
        .addArrayOfBuffer(codeHashes.stream().map(Buffer::buffer).toArray(Buffer[]::new)));
  }

  /** Returns false if it was off. */
  static Future<Boolean> disable(SqlClient tx, UUID accountId, UUID userId) {
    return changed(tx, DISABLE, Tuple.of(accountId, userId));
  }

  /** Counts a code as wrong, until it is used. Returns false if there were so many that none is compared now. */
  static Future<Boolean> countTry(SqlClient client, UUID accountId, UUID userId) {
    return changed(client, COUNT_TRY, Tuple.of(accountId, userId));
  }

  /** Returns false if a code of this step or a later one was used before. */
  static Future<Boolean> useStep(SqlClient tx, UUID accountId, UUID userId, long step) {
    return changed(tx, USE_STEP, Tuple.of(accountId, userId, step));
  }

  /** Returns false if there is no such code, or no longer. */
  static Future<Boolean> useRecoveryCode(SqlClient tx, UUID accountId, UUID userId, byte[] hash) {
    return changed(tx, USE_RECOVERY_CODE, Tuple.of(accountId, userId, Buffer.buffer(hash)));
  }

  /** Returns the keys of all users after this one, in order. */
  static Future<List<SealedOf>> sealed(SqlClient client, UUID afterAccount, UUID afterUser, int limit) {
    return client.preparedQuery(SEALED).execute(Tuple.of(afterAccount, afterUser, (long) limit))
        .map(rows -> all(rows, row -> new SealedOf(row.getUUID(0), row.getUUID(1), sealed(row, 2))));
  }

  /** Replaces the keys of a user, each if it is still the same. */
  static Future<Void> reseal(SqlClient client, SealedOf from, Sealed to) {
    return client.preparedQuery(RESEAL).execute(Tuple.of(from.accountId, from.userId, buffer(from.keys.secret), buffer(to.secret),
        buffer(from.keys.pending), buffer(to.pending))).mapEmpty();
  }

  private static Future<Boolean> changed(SqlClient client, String sql, Tuple parameters) {
    return client.preparedQuery(sql).execute(parameters).map(rows -> rows.rowCount() > 0);
  }

  private static Sealed sealed(Row row, int column) {
    return new Sealed(bytes(row, column), bytes(row, column + 1));
  }

  private static byte[] bytes(Row row, int column) {
    Buffer value = row.getBuffer(column);
    return value == null ? null : value.getBytes();
  }

  private static Buffer buffer(byte[] bytes) {
    return bytes == null ? null : Buffer.buffer(bytes);
  }
}
