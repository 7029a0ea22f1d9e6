package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Role;
import io.keyhook.bus.Users;
import io.keyhook.bus.Users.User;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.Optional;
import java.util.UUID;

/** The SQL of an account's people. */
final class UserStore {
  private static final String COLUMNS = "user_id, email, name, role, totp_secret IS NOT NULL, created_at, last_login_at";
  private static final String INSERT = """
      INSERT INTO keyhook.member (account_id, email, name, password_hash, role) VALUES ($1, $2, $3, $4, $5) RETURNING\s""" + COLUMNS;
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.member WHERE account_id = $1 AND user_id < $2 ORDER BY user_id DESC LIMIT $3""";
  // Changes of one team wait for each other, so that two owners cannot remove or demote each other and leave none.
  private static final String LOCK = "SELECT FROM keyhook.account WHERE account_id = $1 FOR NO KEY UPDATE";
  private static final String LOCK_USER = """
      SELECT FROM keyhook.member WHERE account_id = $1 AND user_id = $2 FOR NO KEY UPDATE""";
  private static final String SOMEBODY_ELSE = """
      SELECT FROM keyhook.member WHERE account_id = $1 AND user_id <> $2 LIMIT 1""";
  private static final String LOCK_OWNERS = """
      SELECT user_id FROM keyhook.member WHERE account_id = $1 AND role = 'owner' ORDER BY user_id FOR UPDATE""";
  private static final String SET_ROLE = """
      UPDATE keyhook.member SET role = $3 WHERE account_id = $1 AND user_id = $2 RETURNING\s""" + COLUMNS;
  private static final String DELETE = "DELETE FROM keyhook.member WHERE account_id = $1 AND user_id = $2";
  private static final String DELETE_ALERTS = "DELETE FROM keyhook.alert_message WHERE account_id = $1 AND user_id = $2";
  private static final String DELETE_ALERT_SETTINGS = "DELETE FROM keyhook.alert_setting WHERE account_id = $1 AND user_id = $2";
  private static final String PASSWORD = """
      SELECT password_hash FROM keyhook.member WHERE account_id = $1 AND user_id = $2""";
  private static final String CHANGE_PASSWORD = """
      UPDATE keyhook.member SET password_hash = $4 WHERE account_id = $1 AND user_id = $2 AND password_hash = $3""";
  private static final String SET_PASSWORD = """
      UPDATE keyhook.member SET password_hash = $3 WHERE account_id = $1 AND user_id = $2""";
  private static final String LOGGED_IN = """
      UPDATE keyhook.member SET last_login_at = now() WHERE account_id = $1 AND user_id = $2 AND password_hash = $3""";

  private UserStore() {}

  /**
   * @param name null: unknown
   */
  static Future<User> insert(SqlClient tx, UUID accountId, String email, String name, String passwordHash, Role role) {
    return tx.preparedQuery(INSERT).execute(Tuple.of(accountId, email, name, passwordHash, role.wireName()))
        .map(rows -> user(rows.iterator().next()));
  }

  static Future<Page<User>> list(SqlClient client, Users.ListUsers query) {
    Page.Request page = query.page();
    return client.preparedQuery(LIST)
        .execute(Tuple.of(query.caller().accountId(), page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, UserStore::user), page.limit(), user -> Id.USER.parse(user.id())));
  }

  static Future<Void> lock(SqlClient tx, UUID accountId) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(accountId)).mapEmpty();
  }

  /** Returns a user, locked; empty: there is none. */
  static Future<Optional<AccountStore.Member>> lock(SqlClient tx, UUID accountId, UUID userId) {
    return tx.preparedQuery(LOCK_USER).execute(Tuple.of(accountId, userId))
        .compose(locked -> AccountStore.member(tx, accountId, userId));
  }

  static Future<Boolean> hasOthers(SqlClient tx, UUID accountId, UUID userId) {
    return tx.preparedQuery(SOMEBODY_ELSE).execute(Tuple.of(accountId, userId)).map(rows -> rows.size() > 0);
  }

  static Future<Boolean> hasOtherOwners(SqlClient tx, UUID accountId, UUID userId) {
    return tx.preparedQuery(LOCK_OWNERS).execute(Tuple.of(accountId))
        .map(rows -> all(rows, row -> row.getUUID(0)).stream().anyMatch(owner -> !owner.equals(userId)));
  }

  static Future<User> setRole(SqlClient tx, UUID accountId, UUID userId, Role role) {
    return tx.preparedQuery(SET_ROLE).execute(Tuple.of(accountId, userId, role.wireName()))
        .map(rows -> user(rows.iterator().next()));
  }

  /** Deletes a user, their passkeys, and what alerts them. */
  static Future<Void> delete(SqlClient tx, UUID accountId, UUID userId) {
    Tuple user = Tuple.of(accountId, userId);
    return tx.preparedQuery(DELETE).execute(user)
        .compose(deleted -> tx.preparedQuery(DELETE_ALERT_SETTINGS).execute(user))
        .compose(deleted -> tx.preparedQuery(DELETE_ALERTS).execute(user))
        .compose(deleted -> PasskeyStore.deleteOf(tx, accountId, userId));
  }

  static Future<Optional<String>> passwordHash(SqlClient client, UUID accountId, UUID userId) {
    return client.preparedQuery(PASSWORD).execute(Tuple.of(accountId, userId))
        .map(rows -> first(rows, row -> row.getString(0)));
  }

  /** Returns false if the hash has changed. */
  static Future<Boolean> changePassword(SqlClient tx, UUID accountId, UUID userId, String oldHash, String newHash) {
    return tx.preparedQuery(CHANGE_PASSWORD).execute(Tuple.of(accountId, userId, oldHash, newHash))
        .map(changed -> changed.rowCount() > 0);
  }

  /** Returns false if there is no such user. */
  static Future<Boolean> setPassword(SqlClient tx, UUID accountId, UUID userId, String hash) {
    return tx.preparedQuery(SET_PASSWORD).execute(Tuple.of(accountId, userId, hash)).map(set -> set.rowCount() > 0);
  }

  /** Returns false if the compared password has changed. */
  static Future<Boolean> loggedIn(SqlClient client, AccountStore.Member user) {
    return client.preparedQuery(LOGGED_IN).execute(Tuple.of(user.accountId(), user.userId(), user.passwordHash()))
        .map(noted -> noted.rowCount() > 0);
  }

  private static User user(Row row) {
    return new User(Id.USER.of(row.getUUID(0)), row.getString(1), row.getString(2), role(row.getString(3)),
        row.getBoolean(4), instant(row, 5), instant(row, 6));
  }

  /** Reads a stored role. */
  static Role role(String wireName) {
    return Role.named(wireName).orElseThrow(() -> new IllegalStateException("Unknown role " + wireName));
  }
}
