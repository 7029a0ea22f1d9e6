package io.keyhook.account;

import static io.keyhook.bus.Passkeys.MAX_PASSKEYS;
import static io.keyhook.bus.Passkeys.text;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Passkeys.Begin;
import io.keyhook.bus.Passkeys.Create;
import io.keyhook.bus.Passkeys.Creation;
import io.keyhook.bus.Passkeys.Delete;
import io.keyhook.bus.Passkeys.ListAll;
import io.keyhook.bus.Passkeys.Passkey;
import io.keyhook.bus.Passkeys.Rename;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The passkeys of users: creates, lists, renames and deletes them. */
final class Passkeys {
  private final Vertx vertx;
  private final Database database;
  private final Admission<Object> management;
  private final CurrentPassword currentPassword;
  private final PasskeyChallenges challenges;
  private final Optional<URI> dashboard;

  /**
   * @param management admits work on shared connections, by account
   * @param dashboard the URL for which passkeys are created; empty: that of the page
   */
  Passkeys(Vertx vertx, Database database, Admission<Object> management, CurrentPassword currentPassword,
      PasskeyChallenges challenges, Optional<URI> dashboard) {
    this.vertx = vertx;
    this.database = database;
    this.management = management;
    this.currentPassword = currentPassword;
    this.challenges = challenges;
    this.dashboard = dashboard;
  }

  Future<Creation> begin(Begin request) {
    Caller caller = request.caller();
    return currentPassword.confirm(caller, request.currentPassword(), request.code()).compose(userId -> {
      PasskeySite site = PasskeySite.of(dashboard, request.origin());
      UserHandle user = new UserHandle(caller.accountId(), userId);
      return management.run(caller.accountId(), () -> PasskeyStore.state(database.pool(), user)).map(state -> {
        checkNumber(state);
        return new Creation(text(challenges.issue(user, state.now())), site.rpId(), text(user.bytes()), caller.name(),
            state.credentialIds().stream().map(io.keyhook.bus.Passkeys::text).toList());
      });
    });
  }

  Future<Passkey> create(Create request) {
    Caller caller = request.caller();
    return CurrentPassword.user(caller).compose(userId -> {
      PasskeySite site = PasskeySite.of(dashboard, request.origin());
      UserHandle user = new UserHandle(caller.accountId(), userId);
      return PasskeyStore.now(database.pool()).compose(now -> vertx.executeBlocking(() ->
              PasskeyVerifier.create(site, request, challenge -> challenges.isFor(user, challenge, now)), false))
          .compose(verified -> database.transaction(tx -> create(tx, request, user, site, verified.orElseThrow(Passkeys::refused))));
    });
  }

  private static Future<Passkey> create(
      SqlClient tx, Create request, UserHandle user, PasskeySite site, PasskeyVerifier.Verified verified) {
    return Standing.lock(tx, request.caller()).compose(locked -> PasskeyStore.state(tx, user)).compose(state -> {
      checkNumber(state);
      if (state.has(verified.key().credentialId())) {
        throw Check.invalid("attestationObject", "is that of a passkey that you already have");
      }
      return PasskeyStore.useChallenge(tx, user.accountId(), verified.challenge());
    }).compose(first -> {
      if (!first) {
        throw refused();
      }
      return PasskeyStore.insert(tx, user, request.name().strip(), site.origin(), verified.key());
    }).compose(passkey -> audit(tx, request.caller(), Action.PASSKEY_CREATED, user.userId()).map(passkey));
  }

  Future<Page<Passkey>> list(ListAll query) {
    UUID userId = query.caller().actor().id(Id.USER);
    return userId == null ? Future.succeededFuture(new Page<>(List.of(), null))
        : PasskeyStore.list(database.pool(), new UserHandle(query.caller().accountId(), userId))
            .map(passkeys -> new Page<>(passkeys, null));
  }

  Future<Passkey> rename(Rename request) {
    Caller caller = request.caller();
    UUID passkeyId = Id.PASSKEY.parse(request.id());
    return CurrentPassword.user(caller).compose(userId -> database.transaction(tx -> {
      UserHandle user = new UserHandle(caller.accountId(), userId);
      return Standing.lock(tx, caller).compose(locked -> PasskeyStore.rename(tx, user, passkeyId, request.name().strip()))
          .compose(renamed -> renamed.isPresent() ? audit(tx, caller, Action.PASSKEY_RENAMED, userId).map(renamed.get())
              : PasskeyStore.get(tx, user, passkeyId).map(same -> same.orElseThrow(Id.PASSKEY::notFound)));
    }));
  }

  Future<Void> delete(Delete request) {
    Caller caller = request.caller();
    UUID passkeyId = Id.PASSKEY.parse(request.id());
    return currentPassword.confirm(caller, request.currentPassword(), request.code()).compose(userId ->
        management.run(caller.accountId(), () -> database.transaction(tx ->
            PasskeyStore.delete(tx, new UserHandle(caller.accountId(), userId), passkeyId).compose(deleted -> {
              if (!deleted) {
                throw Id.PASSKEY.notFound();
              }
              return audit(tx, caller, Action.PASSKEY_DELETED, userId);
            }))));
  }

  private static void checkNumber(PasskeyStore.State state) {
    if (state.credentialIds().size() >= MAX_PASSKEYS) {
      throw new Failure.Conflict("TOO_MANY_PASSKEYS", "You can have at most " + MAX_PASSKEYS + " passkeys; delete one").exception();
    }
  }

  private static FailureException refused() {
    return Check.invalid("attestationObject", "was refused: it is of another site or user, took longer than "
        + PasskeyChallenges.LIFETIME.toMinutes() + " minutes, was used before, or lacks the verification of the user");
  }

  private static Future<Void> audit(SqlClient tx, Caller caller, Action action, UUID userId) {
    return AuditStore.write(tx, caller, action, Id.USER.of(userId), List.of());
  }
}
