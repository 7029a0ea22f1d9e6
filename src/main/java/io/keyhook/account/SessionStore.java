package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.uuids;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of sessions. */
final class SessionStore {
  private static final String INSERT = """
      INSERT INTO keyhook.session (account_id, user_id, secret_hash, expires_at)
      VALUES ($1, $2, $3, now() + make_interval(secs => $4)) RETURNING session_id""";
  private static final String LOCK = """
      SELECT s.account_id, s.user_id, m.email, m.password_hash, a.suspended_at IS NOT NULL, m.role,
        s.secret_hash, s.previous_hash, s.rotated_at > now() - make_interval(secs => $3),
        extract(epoch FROM s.expires_at - now())::float8
      FROM keyhook.session s JOIN keyhook.account a ON a.account_id = s.account_id
      JOIN keyhook.member m ON m.account_id = s.account_id AND m.user_id = s.user_id
      WHERE s.account_id = $1 AND s.session_id = $2 AND s.expires_at > now() FOR UPDATE OF s""";
  private static final String ROTATE = """
      UPDATE keyhook.session SET previous_hash = secret_hash, secret_hash = $3, rotated_at = now()
      WHERE account_id = $1 AND session_id = $2""";
  private static final String DELETE = "DELETE FROM keyhook.session WHERE account_id = $1 AND session_id = $2";
  /** Of any session; it lets the index by person be used. */
  private static final String DELETE_OF = """
      DELETE FROM keyhook.session WHERE account_id = $1 AND user_id = $2 AND ($3::uuid IS NULL OR session_id <> $3)
        AND session_id > '00000000-0000-0000-0000-000000000000'""";
  private static final String EXPIRED = """
      SELECT account_id, session_id FROM keyhook.session WHERE expires_at <= now() ORDER BY expires_at LIMIT $1""";
  private static final String DELETE_EXPIRED = """
      DELETE FROM keyhook.session s USING unnest($1::uuid[], $2::uuid[]) q (account_id, session_id)
      WHERE s.account_id = q.account_id AND s.session_id = q.session_id AND s.expires_at <= now()""";

  private SessionStore() {}

  /**
   * A session that has not expired, locked.
   *
   * @param previousHash null: its secret has not been replaced yet
   * @param justRotated whether it was replaced so lately that another tab may not know
   * @param rest until it expires
   */
  record Session(
      AccountStore.Member user, byte[] secretHash, byte[] previousHash, boolean justRotated, Duration rest) {
    /** Whether the cookie is its latest, or was until that. */
    boolean isOf(Ticket cookie) {
      return cookie.matches(secretHash) || cookie.matches(previousHash);
    }
  }

  private record SessionId(UUID accountId, UUID sessionId) {}

  static Future<UUID> insert(SqlClient tx, UUID accountId, UUID userId, byte[] secretHash, Duration lifetime) {
    return tx.preparedQuery(INSERT)
        .execute(Tuple.of(accountId, userId, Buffer.buffer(secretHash), (double) lifetime.toSeconds()))
        .map(rows -> rows.iterator().next().getUUID(0));
  }

  /** Returns empty if there is none, or no longer. */
  static Future<Optional<Session>> lock(SqlClient tx, Ticket cookie, Duration grace) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(cookie.accountId(), cookie.rowId(), (double) grace.toSeconds()))
        .map(rows -> first(rows, row -> new Session(AccountStore.member(row), bytes(row, 6), bytes(row, 7),
            row.getBoolean(8), Duration.ofMillis(Math.round(row.getDouble(9) * 1000)))));
  }

  static Future<Void> rotate(SqlClient tx, Ticket next) {
    return tx.preparedQuery(ROTATE)
        .execute(Tuple.of(next.accountId(), next.rowId(), Buffer.buffer(next.hash()))).mapEmpty();
  }

  static Future<Void> delete(SqlClient tx, Ticket cookie) {
    return tx.preparedQuery(DELETE).execute(Tuple.of(cookie.accountId(), cookie.rowId())).mapEmpty();
  }

  /**
   * Which session a cookie is good for; empty where it is for none.
   *
   * @param cookie null: there is none
   */
  static Future<Optional<UUID>> find(SqlClient tx, String cookie) {
    return Ticket.parse(cookie).map(parsed -> lock(tx, parsed, Duration.ZERO).map(found -> found
            .filter(session -> session.isOf(parsed)).map(session -> parsed.rowId())))
        .orElse(Future.succeededFuture(Optional.empty()));
  }

  /**
   * Those of a person.
   *
   * @param kept but for this one; null: all
   */
  static Future<Void> deleteOf(SqlClient tx, UUID accountId, UUID userId, UUID kept) {
    return tx.preparedQuery(DELETE_OF).execute(Tuple.of(accountId, userId, kept)).mapEmpty();
  }

  /** Deletes at most {@code limit} expired sessions and returns how many it found. */
  static Future<Integer> deleteExpired(SqlClient client, int limit) {
    return client.preparedQuery(EXPIRED).execute(Tuple.of((long) limit)).compose(rows -> {
      List<SessionId> expired = all(rows, row -> new SessionId(row.getUUID(0), row.getUUID(1)));
      return expired.isEmpty() ? Future.succeededFuture(0) : client.preparedQuery(DELETE_EXPIRED)
          .execute(Tuple.tuple()
              .addArrayOfUUID(uuids(expired, SessionId::accountId))
              .addArrayOfUUID(uuids(expired, SessionId::sessionId)))
          .map(expired.size());
    });
  }

  private static byte[] bytes(Row row, int column) {
    Buffer value = row.getBuffer(column);
    return value == null ? null : value.getBytes();
  }
}
