package io.keyhook.account;

import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.UUID;

/**
 * Checks callers again in the transaction of their change. Hashing a password takes its time, in which a caller may have been
 * removed, demoted or revoked: what they let in afterwards would stay.
 */
final class Standing {
  private Standing() {}

  /**
   * Locks the account of a caller until the transaction ends, as all do who change its team or its API keys, and checks the caller:
   * a user is still a team member, in a role that includes the one of their authentication, and the session goes on; an API key has
   * not been revoked. Callers who are neither, such as tokens of another issuer, are not checked.
   *
   * @return fails with {@link Failure.Unauthorized}, or with ROLE_REQUIRED
   */
  static Future<Void> lock(SqlClient tx, Caller caller) {
    Actor actor = caller.actor();
    UUID userId = actor.id(Id.USER);
    UUID keyId = actor.id(Id.API_KEY);
    return UserStore.lock(tx, caller.accountId()).compose(locked ->
        userId != null ? checkUser(tx, caller, userId)
            : keyId != null ? AccountStore.hasKey(tx, caller.accountId(), keyId).map(there -> check(there))
            : Future.succeededFuture());
  }

  private static Future<Void> checkUser(SqlClient tx, Caller caller, UUID userId) {
    UUID session = caller.session();
    return (session == null ? AccountStore.member(tx, caller.accountId(), userId)
        : AccountStore.member(tx, caller.accountId(), userId, session)).map(found -> {
          check(found.isPresent());
          found.get().role().require(caller.role());
          return null;
        });
  }

  private static Void check(boolean there) {
    if (!there) {
      throw unauthorized();
    }
    return null;
  }

  /** Returns the error of a credential that is wrong or no longer accepted. */
  static FailureException unauthorized() {
    return new Failure.Unauthorized("The credential is invalid or has expired").exception();
  }
}
