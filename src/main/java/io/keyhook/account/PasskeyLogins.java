package io.keyhook.account;

import static io.keyhook.bus.Passkeys.bytes;
import static io.keyhook.bus.Passkeys.text;

import io.keyhook.account.PasskeyVerifier.Verified;
import io.keyhook.audit.Action;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Passkeys.BeginLogin;
import io.keyhook.bus.Passkeys.Login;
import io.keyhook.bus.Passkeys.Open;
import io.keyhook.bus.Sessions.Opened;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.net.URI;
import java.util.Optional;

/**
 * Logins with a passkey, for which nobody types an e-mail address: the passkey names its user. Failures lock nobody out, because no
 * number of guesses finds a signature.
 */
final class PasskeyLogins {
  private final Vertx vertx;
  private final Database database;
  private final Admission<Object> management;
  private final Logins logins;
  private final PasskeyChallenges challenges;
  private final Optional<URI> dashboard;

  /**
   * @param management admits work on shared connections, by client address
   * @param dashboard the URL for which passkeys are created; empty: that of the page
   */
  PasskeyLogins(Vertx vertx, Database database, Admission<Object> management, Logins logins, PasskeyChallenges challenges,
      Optional<URI> dashboard) {
    this.vertx = vertx;
    this.database = database;
    this.management = management;
    this.logins = logins;
    this.challenges = challenges;
    this.dashboard = dashboard;
  }

  Future<Login> begin(BeginLogin request) {
    logins.checkIssues();
    PasskeySite site = PasskeySite.of(dashboard, request.origin());
    return management.run(ClientTenant.of(request.address()), () -> PasskeyStore.now(database.pool()))
        .map(now -> new Login(text(challenges.issue(now)), site.rpId()));
  }

  Future<Opened> open(Open request) {
    logins.checkIssues();
    PasskeySite site = PasskeySite.of(dashboard, request.origin());
    UserHandle user = UserHandle.parse(bytes(request.userHandle())).orElseThrow(PasskeyLogins::wrong);
    return management.run(ClientTenant.of(request.address()), () ->
        PasskeyStore.find(database.pool(), user, bytes(request.credentialId())).compose(known -> {
          PasskeyStore.Found found = known.orElseThrow(PasskeyLogins::wrong);
          return vertx.executeBlocking(() -> PasskeyVerifier.open(site, request, found.key(),
              challenge -> isOf(site, found) && challenges.isForLogin(challenge, found.now())), false)
              .compose(verified -> verified.map(proof -> Future.succeededFuture(new Proven(found, proof)))
                  .orElseGet(() -> Future.failedFuture(refused(found, request))));
        })).compose(proven -> {
          Suspension.check(proven.found.user().suspended());
          return logins.open(proven.found.user(), request.address(), request.userAgent(), tx -> use(tx, user, proven, request));
        });
  }

  /**
   * Whether the passkey was created for this site. A page of another port of the same host can use it, too, and without a configured URL,
   * whoever sends the request chooses the origin.
   */
  private boolean isOf(PasskeySite site, PasskeyStore.Found found) {
    return dashboard.isPresent() || found.origin().equals(site.origin());
  }

  private FailureException refused(PasskeyStore.Found found, Open request) {
    logins.note(found.user(), request.address(), Action.LOGIN_PASSKEY_FAILED);
    return wrong();
  }

  private record Proven(PasskeyStore.Found found, Verified proof) {}

  /** In the transaction that starts the session, so that neither is without the other. */
  private Future<Void> use(SqlClient tx, UserHandle user, Proven proven, Open request) {
    return PasskeyStore.useChallenge(tx, user.accountId(), proven.proof.challenge())
        .compose(first -> first ? PasskeyStore.use(tx, user, proven.found.passkeyId(), proven.proof.key())
            : Future.succeededFuture(false))
        .map(used -> {
          if (!used) {
            throw refused(proven.found, request);
          }
          return null;
        });
  }

  private static FailureException wrong() {
    return new Failure.Unauthorized("The passkey was not accepted; try again, or log in with your password").exception();
  }
}
