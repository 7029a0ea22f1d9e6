package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Accounts.Account;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.util.List;

/** Creates and changes accounts for an administrator's commands, without a node. Hashes passwords on the calling thread. */
public final class AdministratedAccounts {
  private static final int PASSWORD_LENGTH = 20;

  private final Database database;
  private final SecureRandom random = new SecureRandom();
  private final Argon2 argon2 = new Argon2();

  public AdministratedAccounts(Database database) {
    this.database = database;
  }

  /** A new account with its credentials, which nobody can read again. */
  public record Created(Account account, String password, String apiKey) {
    @Override
    public String toString() {
      return "Created[account=" + account.id() + "]";
    }
  }

  /** Generates a password. */
  public String password() {
    return RandomText.of(random, PASSWORD_LENGTH);
  }

  /** Creates an account with an API key. Fails with {@link Failure.Conflict} if the e-mail address is taken. */
  public Future<Created> create(Accounts.Create request) {
    String hash = argon2.hash(request.password());
    String key = ApiKeys.generate(random);
    return database.transaction(tx -> AccountStore.insert(tx, request.name(), request.plan(), request.email().strip(), hash)
        .compose(account -> {
          Caller caller = new Caller(Id.ACCOUNT.parse(account.id()), request.by());
          return AuditStore.write(tx, caller, Action.ACCOUNT_CREATED, account.id(), List.of())
              .compose(written -> AccountStore.insertKey(tx, caller, "First key", key))
              .map(new Created(account, request.password(), key));
        })).recover(People::emailTaken);
  }

  /**
   * Gives a team member another password, ends their sessions, turns two-factor authentication off, and deletes
   * their passkeys.
   *
   * @param email in any case. Fails with {@link Failure.NotFound} if it is nobody's
   */
  public Future<Void> resetPassword(Actor by, String email, String password) {
    String hash = argon2.hash(password);
    return database.transaction(tx -> AccountStore.findMember(tx, email).compose(found -> {
      AccountStore.Member member = found.orElseThrow(() ->
          new Failure.NotFound("No team member has the e-mail address " + email).exception());
      return UserStore.changePassword(tx, member.accountId(), member.userId(), member.passwordHash(), hash)
          .compose(changed -> changed ? SessionStore.deleteOf(tx, member.accountId(), member.userId(), null)
              : Future.failedFuture("Their password was changed at the same time; run the command again"))
          .compose(ended -> LinkStore.deleteOf(tx, member.accountId(), member.userId()))
          .compose(deleted -> TotpStore.disable(tx, member.accountId(), member.userId()))
          .compose(disabled -> PasskeyStore.deleteOf(tx, member.accountId(), member.userId()))
          .compose(ended -> AuditStore.write(tx, new Caller(member.accountId(), by), Action.USER_PASSWORD_CHANGED,
              Id.USER.of(member.userId()), List.of("password")));
    }));
  }
}
