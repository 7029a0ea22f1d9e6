package io.keyhook.account;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import java.util.UUID;

/** Asks callers for their password again, before calls for which a stolen token must not be enough. */
final class CurrentPassword {
  private final Database database;
  private final Admission<Object> management;
  private final Passwords passwords;

  /**
   * @param management admits work on shared connections, by account
   */
  CurrentPassword(Database database, Admission<Object> management, Passwords passwords) {
    this.database = database;
    this.management = management;
    this.passwords = passwords;
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
   * Checks the password of a caller who changes how another user logs in. Fails also with OWN_USER: for the caller's own login,
   * there are calls that need the password and the code.
   */
  Future<Void> checkForOther(Caller caller, UUID otherId, String password) {
    return user(caller).compose(userId -> userId.equals(otherId)
        ? Future.failedFuture(new Failure.Conflict("OWN_USER",
            "This call is for other team members; change your own password and two-factor authentication in your settings").exception())
        : check(caller, password).<Void>mapEmpty());
  }
}
