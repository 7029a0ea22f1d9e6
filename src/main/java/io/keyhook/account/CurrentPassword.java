package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks callers for their password again, and for a code if their logins need one, before calls for which a stolen token must not be enough. */
final class CurrentPassword {
  private static final Logger log = LoggerFactory.getLogger(CurrentPassword.class);

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

  /**
   * A caller who has entered their password.
   *
   * @param passwordHash that it was compared with
   */
  record Known(UUID userId, String passwordHash) {}

  /** Returns the calling user if this is their password. Fails with USER_ONLY or WRONG_PASSWORD. */
  Future<Known> check(Caller caller, String password) {
    UUID accountId = caller.accountId();
    return user(caller).compose(userId -> management.run(accountId, () ->
            UserStore.passwordHash(database.pool(), accountId, userId))
        .compose(hash -> passwords.matches(Passwords.Asker.known(accountId), password, hash.orElse(null))
            .compose(matches -> matches ? Future.succeededFuture(new Known(userId, hash.get()))
                : noted(caller, Action.CONFIRMATION_FAILED, userId, wrong()))));
  }

  /**
   * Checks the password and uses up the code.
   *
   * @param code null: none was given, which fails with CODE_REQUIRED if the caller's logins need one
   */
  Future<UUID> confirm(Caller caller, String password, String code) {
    UUID accountId = caller.accountId();
    return check(caller, password).compose(known -> management.run(accountId, () ->
        codes.use(database.pool(), accountId, known.userId, code)
            .recover(e -> Codes.isWrong(e) ? noted(caller, Action.CONFIRMATION_CODE_FAILED, known.userId, e) : Future.failedFuture(e))
            .compose(recovered -> recovered
                ? AuditStore.write(database.pool(), caller, Action.RECOVERY_CODE_USED, Id.USER.of(known.userId), List.of())
                : Future.succeededFuture()))
        .map(known.userId));
  }

  /**
   * Records a failure, and fails with it. The record takes no turn, so that a client that floods cannot keep it out of the log;
   * passwords are checked in turns.
   */
  private <T> Future<T> noted(Caller caller, Action action, UUID userId, Throwable failure) {
    return AuditStore.write(database.pool(), caller, action, Id.USER.of(userId), List.of()).otherwise(e -> {
      log.warn("Could not write a failed confirmation to the audit log: {}", e.getMessage());
      return null;
    }).compose(written -> Future.failedFuture(failure));
  }

  /** Returns the error of a password that is not the caller's. */
  static FailureException wrong() {
    return new Failure.Forbidden("WRONG_PASSWORD", "The current password is wrong").exception();
  }

  /**
   * Does the same for a caller who changes how another user logs in. Fails also with OWN_USER: for the caller's own login,
   * there are calls of their own.
   */
  Future<UUID> confirmForOther(Caller caller, UUID otherId, String password, String code) {
    return user(caller).compose(userId -> userId.equals(otherId)
        ? Future.failedFuture(new Failure.Conflict("OWN_USER",
            "This call is for other team members; change your own password and two-factor authentication in your settings").exception())
        : confirm(caller, password, code));
  }
}
