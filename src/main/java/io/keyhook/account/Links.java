package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.Links.Accept;
import io.keyhook.bus.Links.Accepted;
import io.keyhook.bus.Links.CreatedInvitation;
import io.keyhook.bus.Links.FindInvitation;
import io.keyhook.bus.Links.Invite;
import io.keyhook.bus.Links.Invited;
import io.keyhook.bus.Links.PasswordReset;
import io.keyhook.bus.Links.PasswordSet;
import io.keyhook.bus.Links.ResetPassword;
import io.keyhook.bus.Links.ResetPasswordOf;
import io.keyhook.bus.Links.RevokeInvitation;
import io.keyhook.bus.Links.RevokePasswordReset;
import io.keyhook.bus.Links.SetPassword;
import io.keyhook.db.Database;
import io.keyhook.db.Hashes;
import io.keyhook.fair.Admission;
import io.keyhook.fair.ClientTenant;
import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Links that are good for one use: an invitation creates a team member, and another link sets a new password. */
final class Links {
  private static final Duration INVITATION_LIFETIME = Duration.ofDays(7);
  private static final Duration RESET_LIFETIME = Duration.ofDays(1);
  private static final int MOST_INVITATIONS = 100;

  private final Database database;
  private final Admission<Object> management;
  private final Idempotency idempotency;
  private final Passwords passwords;
  private final CurrentPassword currentPassword;
  private final DeviceCookies devices;
  private final SecureRandom random;

  /**
   * @param management admits work on shared connections, by account or client address
   */
  Links(Database database, Admission<Object> management, Idempotency idempotency, Passwords passwords,
      CurrentPassword currentPassword, DeviceCookies devices, SecureRandom random) {
    this.database = database;
    this.management = management;
    this.idempotency = idempotency;
    this.passwords = passwords;
    this.currentPassword = currentPassword;
    this.devices = devices;
    this.random = random;
  }

  Future<CreatedInvitation> invite(Invite request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    byte[] secret = Ticket.secret(random);
    return database.transaction(tx -> Standing.lock(tx, caller)
        .compose(locked -> AccountStore.findMember(tx, request.email()))
        .compose(taken -> {
          if (taken.filter(user -> user.accountId().equals(accountId)).isPresent()) { // another account's is told to nobody
            throw new Failure.Conflict("EMAIL_TAKEN", "A user with this e-mail address already exists").exception();
          }
          return LinkStore.insert(tx, accountId, request.email(), request.role(), null, Hashes.sha256(secret), caller.actor(),
              INVITATION_LIFETIME);
        })
        .compose(made -> LinkStore.count(tx, accountId).compose(count -> {
          if (count > MOST_INVITATIONS) {
            throw new Failure.Conflict("TOO_MANY_INVITATIONS", "An account can have at most " + MOST_INVITATIONS
                + " open invitations; revoke some").exception();
          }
          return AuditStore.write(tx, caller, Action.INVITATION_CREATED, made.id(), List.of());
        }).compose(written -> {
          String token = new Ticket(accountId, Id.INVITATION.parse(made.id()), secret).text();
          return idempotency.keep(tx, caller, new CreatedInvitation(made.id(), made.email(), made.role(), made.createdBy(),
              made.createdAt(), made.expiresAt(), token, "/#/invitation/" + token));
        })));
  }

  Future<Void> revoke(RevokeInvitation request) {
    return revoke(request.caller(), Id.INVITATION, request.id(), Action.INVITATION_REVOKED);
  }

  Future<Void> revokeReset(RevokePasswordReset request) {
    return revoke(request.caller(), Id.PASSWORD_RESET, request.id(), Action.PASSWORD_RESET_REVOKED);
  }

  private Future<Void> revoke(Caller caller, Id kind, String id, Action action) {
    UUID accountId = caller.accountId();
    UUID linkId = kind.parse(id);
    return database.transaction(tx -> LinkStore.revoke(tx, accountId, linkId, kind == Id.INVITATION).compose(revoked -> {
      if (!revoked) {
        throw kind.notFound();
      }
      return AuditStore.write(tx, caller, action, id, List.of());
    }));
  }

  Future<Invited> find(FindInvitation query) {
    Optional<Ticket> ticket = Ticket.parse(query.token());
    return find(database.pool(), ticket, true).map(link ->
        new Invited(link.accountName(), link.email(), link.role(), link.expiresAt()));
  }

  Future<Accepted> accept(Accept request) {
    Optional<Ticket> ticket = Ticket.parse(request.token());
    Object tenant = ClientTenant.of(request.ipAddress());
    return management.run(tenant, () -> find(database.pool(), ticket, true))
        .compose(link -> passwords.hash(Passwords.Asker.anonymous(request.ipAddress()), request.password())
            .compose(hash -> management.run(tenant, () -> database.transaction(tx -> use(tx, ticket.get())
                .compose(used -> UserStore.insert(tx, ticket.get().accountId(), link.email(), request.name(), hash, link.role()))
                .compose(user -> AuditStore.write(tx, as(ticket.get(), user.email(), user.id(), request.ipAddress()),
                    Action.INVITATION_ACCEPTED, user.id(), List.of())
                    .map(new Accepted(user, devices.issue(user.email(), hash))))))))
        .recover(People::emailTaken);
  }

  Future<PasswordReset> resetPassword(ResetPassword request) {
    UUID accountId = request.caller().accountId();
    UUID userId = Id.USER.parse(request.userId());
    return currentPassword.confirmForOther(request.caller(), userId, request.currentPassword(), request.code())
        .compose(checked -> management.run(accountId, () -> database.transaction(tx ->
            Standing.lock(tx, request.caller()).compose(locked -> UserStore.lock(tx, accountId, userId))
                .compose(member -> resetPassword(tx, request.caller(), member)))));
  }

  Future<PasswordReset> resetPasswordOf(ResetPasswordOf request) {
    UUID accountId = request.caller().accountId();
    return database.transaction(tx -> AccountStore.findMember(tx, request.email())
        .compose(found -> UserStore.lock(tx, accountId, found.orElseThrow(Id.USER::notFound).userId()))
        .compose(member -> resetPassword(tx, request.caller(), member)));
  }

  /**
   * @param found locked, so that there is one link for it at a time
   */
  private Future<PasswordReset> resetPassword(SqlClient tx, Caller caller, Optional<AccountStore.Member> found) {
    AccountStore.Member member = found.orElseThrow(Id.USER::notFound);
    byte[] secret = Ticket.secret(random);
    return LinkStore.insert(tx, member.accountId(), member.email(), null, member.userId(), Hashes.sha256(secret), caller.actor(),
        RESET_LIFETIME).compose(made -> {
          UUID linkId = Id.INVITATION.parse(made.id());
          String id = Id.USER.of(member.userId());
          String token = new Ticket(member.accountId(), linkId, secret).text();
          return AuditStore.write(tx, caller, Action.USER_PASSWORD_RESET, id, List.of())
              .map(new PasswordReset(Id.PASSWORD_RESET.of(linkId), id, member.email(), made.expiresAt(), token, "/#/new-password/" + token));
        });
  }

  Future<PasswordSet> setPassword(SetPassword request) {
    Optional<Ticket> ticket = Ticket.parse(request.token());
    Object tenant = ClientTenant.of(request.ipAddress());
    return management.run(tenant, () -> find(database.pool(), ticket, false))
        .compose(link -> passwords.hash(Passwords.Asker.anonymous(request.ipAddress()), request.newPassword())
            .compose(hash -> management.run(tenant, () -> database.transaction(tx ->
                UserStore.setPassword(tx, ticket.get().accountId(), link.userId(), hash)
                .compose(set -> set ? use(tx, ticket.get()) : Future.failedFuture(over()))
                .compose(used -> SessionStore.deleteOf(tx, ticket.get().accountId(), link.userId(), null))
                .compose(ended -> LinkStore.deleteOf(tx, ticket.get().accountId(), link.userId()))
                .compose(ended -> AuditStore.write(tx,
                    as(ticket.get(), link.email(), Id.USER.of(link.userId()), request.ipAddress()),
                    Action.USER_PASSWORD_CHANGED, Id.USER.of(link.userId()), List.of("password")))))
                .map(new PasswordSet(devices.issue(link.email(), hash)))));
  }

  private static Caller as(Ticket ticket, String email, String userId, String ipAddress) {
    return new Caller(ticket.accountId(), new Actor(email, userId, ipAddress));
  }

  private static Future<LinkStore.Link> find(SqlClient client, Optional<Ticket> ticket, boolean invitation) {
    return ticket.map(parsed -> LinkStore.find(client, parsed, invitation)).orElse(Future.succeededFuture(Optional.empty()))
        .map(found -> {
          LinkStore.Link link = found.orElseThrow(Links::over);
          Suspension.check(link.suspended());
          return link;
        });
  }

  private static Future<Void> use(SqlClient tx, Ticket ticket) {
    return LinkStore.use(tx, ticket).map(used -> {
      if (!used) {
        throw over();
      }
      return null;
    });
  }

  private static FailureException over() {
    return new Failure.NotFound("This link was used or revoked, or has expired; ask for a new one").exception();
  }
}
