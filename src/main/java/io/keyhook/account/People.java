package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Role;
import io.keyhook.bus.Users;
import io.keyhook.bus.Users.User;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.UUID;

/** The team members of an account: creates and deletes them, and changes their own password. */
final class People {
  private final Database database;
  private final Admission<Object> management;
  private final Idempotency idempotency;
  private final Passwords passwords;
  private final CurrentPassword currentPassword;

  /**
   * @param management admits work on shared connections, by account
   */
  People(Database database, Admission<Object> management, Idempotency idempotency, Passwords passwords,
      CurrentPassword currentPassword) {
    this.database = database;
    this.management = management;
    this.idempotency = idempotency;
    this.passwords = passwords;
    this.currentPassword = currentPassword;
  }

  Future<User> create(Users.CreateUser request) {
    UUID accountId = request.caller().accountId();
    return passwords.hash(Passwords.Asker.known(accountId), request.password())
        .compose(hash -> management.run(accountId, () ->
            database.transaction(tx -> Standing.lock(tx, request.caller())
                .compose(locked -> UserStore.insert(tx, accountId, request.email(), null, hash, request.role()))
                .compose(user -> AuditStore.write(tx, request.caller(), Action.USER_CREATED, user.id(), List.of())
                    .compose(written -> idempotency.keep(tx, request.caller(), user))))))
        .recover(People::emailTaken);
  }

  Future<Void> delete(Users.DeleteUser request) {
    UUID accountId = request.caller().accountId();
    UUID userId = Id.USER.parse(request.id());
    return database.transaction(tx -> Standing.lock(tx, request.caller())
        .compose(locked -> AccountStore.member(tx, accountId, userId))
        .compose(there -> {
          there.orElseThrow(Id.USER::notFound);
          if (userId.equals(request.caller().actor().id(Id.USER))) {
            throw new Failure.Conflict("OWN_USER", "You cannot remove yourself; ask another owner").exception();
          }
          return UserStore.hasOthers(tx, accountId, userId).compose(others -> {
            if (!others) {
              throw new Failure.Conflict("LAST_USER", "You cannot remove the last team member").exception();
            }
            return keepAnOwner(tx, there.get());
          });
        })
        .compose(checked -> UserStore.delete(tx, accountId, userId))
        .compose(deleted -> SessionStore.deleteOf(tx, accountId, userId, null))
        .compose(deleted -> LinkStore.deleteOf(tx, accountId, userId))
        .compose(deleted -> LinkStore.deleteBy(tx, accountId, List.of(request.id())))
        .compose(deleted -> PortalStore.deleteBy(tx, accountId, List.of(request.id())))
        .compose(deleted -> AuditStore.write(tx, request.caller(), Action.USER_DELETED, request.id(), List.of())));
  }

  Future<User> changeRole(Users.ChangeRole request) {
    UUID accountId = request.caller().accountId();
    UUID userId = Id.USER.parse(request.id());
    return database.transaction(tx -> Standing.lock(tx, request.caller())
        .compose(locked -> AccountStore.member(tx, accountId, userId))
        .compose(there -> {
          AccountStore.Member member = there.orElseThrow(Id.USER::notFound);
          return request.role() == Role.OWNER ? Future.succeededFuture(member) : keepAnOwner(tx, member).map(member);
        })
        .compose(member -> (request.role() == Role.OWNER ? Future.<Void>succeededFuture()
            : LinkStore.deleteBy(tx, accountId, List.of(request.id()))).map(member))
        .compose(member -> (request.role().includes(Role.MEMBER) ? Future.<Void>succeededFuture()
            : PortalStore.deleteBy(tx, accountId, List.of(request.id()))).map(member))
        .compose(member -> UserStore.setRole(tx, accountId, userId, request.role())
            .compose(user -> (member.role() == request.role() ? Future.<Void>succeededFuture()
                : AuditStore.write(tx, request.caller(), Action.USER_ROLE_CHANGED, request.id(), List.of("role"))).map(user))));
  }

  /** Fails if an account has no owner but this one. The account is locked, so that this stays so until the transaction ends. */
  private static Future<Void> keepAnOwner(SqlClient tx, AccountStore.Member member) {
    return member.role() != Role.OWNER ? Future.succeededFuture()
        : UserStore.hasOtherOwners(tx, member.accountId(), member.userId()).map(others -> {
          if (!others) {
            throw new Failure.Conflict("LAST_OWNER",
                "The last owner cannot be removed or get another role; make another team member an owner first").exception();
          }
          return null;
        });
  }

  Future<Void> changePassword(Users.ChangePassword request) {
    UUID accountId = request.caller().accountId();
    return currentPassword.check(request.caller(), request.currentPassword()).compose(known ->
        passwords.hash(Passwords.Asker.known(accountId), request.newPassword()).compose(newHash ->
            management.run(accountId, () -> change(request, known.userId(), known.passwordHash(), newHash))));
  }

  private Future<Void> change(Users.ChangePassword request, UUID userId, String oldHash, String newHash) {
    UUID accountId = request.caller().accountId();
    return database.transaction(tx -> UserStore.changePassword(tx, accountId, userId, oldHash, newHash)
        .compose(changed -> changed ? SessionStore.current(tx, request.caller(), request.cookie()) : Future.failedFuture(CurrentPassword.wrong()))
        .compose(kept -> SessionStore.deleteOf(tx, accountId, userId, kept.orElse(null)))
        .compose(deleted -> LinkStore.deleteOf(tx, accountId, userId))
        .compose(deleted -> AuditStore.write(tx, request.caller(), Action.USER_PASSWORD_CHANGED, Id.USER.of(userId),
            List.of("password"))));
  }

  static <T> Future<T> emailTaken(Throwable e) {
    return Future.failedFuture(Database.isUniqueViolation(e)
        ? new Failure.Conflict("EMAIL_TAKEN", "A user with this e-mail address already exists").exception() : e);
  }
}
