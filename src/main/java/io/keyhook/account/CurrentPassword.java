package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;

/** Asks callers for their password again, and for a code if their logins need one, before calls for which a stolen token must not be enough. */
final class CurrentPassword {
  private final Database database;
  private final Admission<Object> management;
  private final Passwords passwords;
  private final Codes codes;

  /**
   * @param management admits work on shared connections, by account
   */
  CurrentPassword(Database database, Admission<Object> management, Passwords passwords, Codes codes) {
    this.database = database;
    this.management = management;
    this.passwords = passwords;
    this.codes = codes;
  }

  /** Returns the calling user. Fails with USER_ONLY for API keys and other callers without a user. */
  static Future<UUID> user(Caller caller) {
    UUID userId = caller.actor().id(Id.USER);
    return userId != null ? Future.succeededFuture(userId) : Future.failedFuture(
        new Failure.Forbidden("USER_ONLY", "This call is for users who have logged in with a password").exception());
  }

  /** Returns the calling user if this is their password. Fails with USER_ONLY or WRONG_PASSWORD. */
  Future<UUID> check(Caller caller, String password) {
    UUID accountId = caller.accountId();
    return user(caller).compose(userId -> management.run(accountId, () ->
            UserStore.passwordHash(database.pool(), accountId, userId))
        .compose(hash -> passwords.matches(Passwords.Asker.known(accountId), password, hash.orElse(null)))
        .map(matches -> {
          if (!matches) {
            throw People.wrongPassword();
          }
          return userId;
        }));
  }

  /**
   * Checks the password and uses up the code.
   *
   * @param code null: none was given, which fails with CODE_REQUIRED if the caller's logins need one
   */
  Future<Void> confirm(Caller caller, String password, String code) {
    UUID accountId = caller.accountId();
    return check(caller, password).compose(userId -> management.run(accountId, () ->
        codes.use(database.pool(), accountId, userId, code).compose(recovered -> recovered
            ? AuditStore.write(database.pool(), caller, Action.RECOVERY_CODE_USED, Id.USER.of(userId), List.of())
            : Future.succeededFuture())));
  }

  /**
   * Does the same for a caller who changes how another user logs in. Fails also with OWN_USER: for the caller's own login,
   * there are calls of their own.
   */
  Future<Void> confirmForOther(Caller caller, UUID otherId, String password, String code) {
    return user(caller).compose(userId -> userId.equals(otherId)
        ? Future.failedFuture(new Failure.Conflict("OWN_USER",
            "This call is for other team members; change your own password and two-factor authentication in your settings").exception())
        : confirm(caller, password, code));
  }
}
