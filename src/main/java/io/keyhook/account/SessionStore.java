package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Sessions;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlResult;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of sessions. */
final class SessionStore {
  private static final String INSERT = """
      INSERT INTO keyhook.session (account_id, user_id, secret_hash, expires_at, user_agent, ip_address)
      VALUES ($1, $2, $3, now() + make_interval(secs => $4), $5, $6) RETURNING session_id""";
  private static final String LOCK = """
      SELECT s.account_id, s.user_id, m.email, m.password_hash, a.suspended_at IS NOT NULL, m.role,
        s.secret_hash, s.previous_hash, s.rotated_at > now() - make_interval(secs => $3),
        extract(epoch FROM s.expires_at - now())::float8
      FROM keyhook.session s JOIN keyhook.account a ON a.account_id = s.account_id
      JOIN keyhook.member m ON m.account_id = s.account_id AND m.user_id = s.user_id
      WHERE s.account_id = $1 AND s.session_id = $2 AND s.expires_at > now() FOR UPDATE OF s""";
  private static final String ROTATE = """
      UPDATE keyhook.session SET previous_hash = secret_hash, secret_hash = $3, rotated_at = now(),
        ip_address = coalesce($4, ip_address)
      WHERE account_id = $1 AND session_id = $2""";
  private static final String DELETE = "DELETE FROM keyhook.session WHERE account_id = $1 AND session_id = $2";
  /** Of any session; it lets the index by person be used. */
  private static final String DELETE_OF = """
      DELETE FROM keyhook.session WHERE account_id = $1 AND user_id = $2 AND ($3::uuid IS NULL OR session_id <> $3)
        AND session_id > '00000000-0000-0000-0000-000000000000'""";
  private static final String LIST = """
      SELECT session_id, user_agent, ip_address, rotated_at FROM keyhook.session
      WHERE account_id = $1 AND user_id = $2 AND expires_at > now() AND session_id < $3
        AND session_id > '00000000-0000-0000-0000-000000000000'
      ORDER BY session_id DESC LIMIT $4""";
  private static final String DELETE_ONE = """
      DELETE FROM keyhook.session WHERE account_id = $1 AND user_id = $2 AND session_id = $3 AND expires_at > now()""";
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

  static Future<UUID> insert(SqlClient tx, UUID accountId, UUID userId, byte[] secretHash, Duration lifetime,
      String userAgent, String ipAddress) {
    return tx.preparedQuery(INSERT)
        .execute(Tuple.of(accountId, userId, Buffer.buffer(secretHash), (double) lifetime.toSeconds(), userAgent, ipAddress))
        .map(rows -> rows.iterator().next().getUUID(0));
  }

  /** Returns empty if there is none, or no longer. */
  static Future<Optional<Session>> lock(SqlClient tx, Ticket cookie, Duration grace) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(cookie.accountId(), cookie.rowId(), (double) grace.toSeconds()))
        .map(rows -> first(rows, row -> new Session(AccountStore.member(row), bytes(row, 6), bytes(row, 7),
            row.getBoolean(8), Duration.ofMillis(Math.round(row.getDouble(9) * 1000)))));
  }

  /**
   * @param ipAddress null: unknown
   */
  static Future<Void> rotate(SqlClient tx, Ticket next, String ipAddress) {
    return tx.preparedQuery(ROTATE)
        .execute(Tuple.of(next.accountId(), next.rowId(), Buffer.buffer(next.hash()), ipAddress)).mapEmpty();
  }

  static Future<Void> delete(SqlClient tx, Ticket cookie) {
    return tx.preparedQuery(DELETE).execute(Tuple.of(cookie.accountId(), cookie.rowId())).mapEmpty();
  }

  /**
   * Which session a cookie is good for; empty where it is for none.
   *
   * @param cookie null: there is none
   */
  private static Future<Optional<UUID>> find(SqlClient tx, String cookie) {
    return Ticket.parse(cookie).map(parsed -> lock(tx, parsed, Duration.ZERO).map(found -> found
            .filter(session -> session.isOf(parsed)).map(session -> parsed.rowId())))
        .orElse(Future.succeededFuture(Optional.empty()));
  }

  /**
   * Returns the session of a request: that of the caller's token, or else the one that the cookie is good for; empty: none.
   *
   * @param cookie null: there is none
   */
  static Future<Optional<UUID>> current(SqlClient tx, Caller caller, String cookie) {
    return caller.session() != null ? Future.succeededFuture(Optional.of(caller.session())) : find(tx, cookie);
  }

  /**
   * Those of a person.
   *
   * @param kept but for this one; null: all
   * @return how many there were
   */
  static Future<Integer> deleteOf(SqlClient tx, UUID accountId, UUID userId, UUID kept) {
    return tx.preparedQuery(DELETE_OF).execute(Tuple.of(accountId, userId, kept)).map(SqlResult::rowCount);
  }

  /**
   * Lists those of a person, newest first.
   *
   * @param current which of them the request comes from; null: none
   */
  static Future<Page<Sessions.Session>> list(SqlClient client, UUID accountId, UUID userId, UUID current, Page.Request page) {
    return client.preparedQuery(LIST).execute(Tuple.of(accountId, userId, page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, row -> new Sessions.Session(Id.SESSION.of(row.getUUID(0)), row.getString(1),
            row.getString(2), Instant.ofEpochMilli(Id.millis(row.getUUID(0))), instant(row, 3), row.getUUID(0).equals(current))),
            page.limit(), session -> Id.SESSION.parse(session.id())));
  }

  /** Returns false if the person has no such session. */
  static Future<Boolean> delete(SqlClient tx, UUID accountId, UUID userId, UUID sessionId) {
    return tx.preparedQuery(DELETE_ONE).execute(Tuple.of(accountId, userId, sessionId)).map(deleted -> deleted.rowCount() > 0);
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
