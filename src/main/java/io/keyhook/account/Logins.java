package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Sessions;
import io.keyhook.bus.Sessions.Opened;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Database;
import io.keyhook.db.Hashes;
import io.keyhook.fair.Admission;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who logs in, and stays so. Each use of a session's cookie replaces it; the use of one that was replaced shows that there
 * are two who hold it, and ends the session for both (RFC 9700, 4.14.2).
 */
final class Logins {
  private static final Logger log = LoggerFactory.getLogger(Logins.class);

  /** Two tabs may send one cookie at once, or a request may overtake the response to another. */
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final int EXPIRED_AT_ONCE = 1000;
  private static final Function<SqlClient, Future<Void>> NOTHING = tx -> Future.succeededFuture();

  private final Database database;
  private final Admission<Object> management;
  private final Passwords passwords;
  private final Tokens tokens;
  private final KeyhookOptions.Session options;
  private final DeviceCookies devices;
  private final Codes codes;
  private final SecureRandom random;

  /**
   * @param management admits work on shared connections, by client address
   */
  Logins(Database database, Admission<Object> management, Passwords passwords, Tokens tokens,
      KeyhookOptions.Session options, DeviceCookies devices, Codes codes, SecureRandom random) {
    this.database = database;
    this.management = management;
    this.passwords = passwords;
    this.tokens = tokens;
    this.options = options;
    this.devices = devices;
    this.codes = codes;
    this.random = random;
  }

  /** Issues a token of a session that nobody can renew: it lasts as long as the token, and its secret is given to nobody. */
  Future<Accounts.Token> login(Accounts.Login request) {
    return member(request).compose(user ->
        begin(user, request.address(), request.userAgent(), Ticket.secret(random), tokens.lifetime(), Action.LOGIN_SUCCEEDED,
            NOTHING).map(id -> tokens.issue(user, id, tokens.lifetime())));
  }

  Future<Opened> open(Sessions.Open request) {
    return member(request.login()).compose(user -> open(user, request.login().address(), request.userAgent(), NOTHING)
        .map(opened -> new Opened(opened.token(), opened.cookie(), opened.lasts(), devices.issue(user))));
  }

  /**
   * Starts a session of a user who has proven who they are without a password.
   *
   * @param first is done in the same transaction; if it fails, there is no session
   */
  Future<Opened> open(AccountStore.Member user, String address, String userAgent, Function<SqlClient, Future<Void>> first) {
    byte[] secret = Ticket.secret(random);
    return begin(user, address, userAgent, secret, options.lifetime(), Action.SESSION_STARTED, first)
        .map(id -> new Opened(tokens.issue(user, id, options.accessLifetime()), new Ticket(user.accountId(), id, secret).text(),
            options.lifetime(), null));
  }

  /** Starts a session and returns its id. */
  private Future<UUID> begin(AccountStore.Member user, String address, String userAgent, byte[] secret, Duration lifetime,
      Action action, Function<SqlClient, Future<Void>> first) {
    return inTurn(address, () -> database.transaction(tx -> first.apply(tx)
        .compose(done -> note(tx, user))
        .compose(noted -> SessionStore.insert(tx, user.accountId(), user.userId(), Hashes.sha256(secret), lifetime, userAgent,
            address))
        .compose(id -> audit(tx, user, address, action).map(id))));
  }

  /** Takes a turn on a shared connection. */
  private <T> Future<T> inTurn(String address, Supplier<Future<T>> work) {
    return management.run(ClientTenant.of(address), work);
  }

  /** Reads the database only for a cookie that was issued for this e-mail, in turns by e-mail. */
  Future<Optional<String>> findDevice(Sessions.FindDevice query) {
    Optional<DeviceCookies.Device> found = query.cookies().stream()
        .flatMap(cookie -> devices.parse(cookie, query.email()).stream()).findFirst();
    return found.isEmpty() ? Future.succeededFuture(Optional.empty())
        : management.run(query.email(), () -> AccountStore.findMember(database.pool(), query.email())).map(member ->
            member.filter(user -> found.get().isOf(user.passwordHash())).map(user -> found.get().cookie()));
  }

  /**
   * Checks whether anybody can log in here.
   *
   * @throws FailureException with LOGIN_ELSEWHERE
   */
  void checkIssues() {
    if (!tokens.canIssue()) {
      throw new Failure.Conflict("LOGIN_ELSEWHERE",
          "This server accepts tokens of another issuer and has no key to issue its own").exception();
    }
  }

  /** Checks a login. An unknown user gets the same response, after the same time, as a wrong password. */
  private Future<AccountStore.Member> member(Accounts.Login request) {
    checkIssues();
    return inTurn(request.address(), () -> AccountStore.findMember(database.pool(), request.email())).compose(member ->
        passwords.matches(asker(request, member), request.password(),
            member.map(AccountStore.Member::passwordHash).orElse(null)).map(matches -> {
          if (!matches) {
            member.ifPresent(user -> note(user, request.address(), Action.LOGIN_FAILED));
            throw wrong();
          }
          Suspension.check(member.get().suspended());
          return member.get();
        })).compose(user -> inTurn(request.address(), () ->
            codes.use(database.pool(), user.accountId(), user.userId(), request.code())
                .onFailure(e -> noteWrongCode(e, user, request.address()))
                .compose(recovered -> recovered ? audit(database.pool(), user, request.address(), Action.RECOVERY_CODE_USED)
                    : Future.<Void>succeededFuture()))
            .map(user));
  }

  /** Admits logins on known devices, which do not wait behind strangers who guess passwords. */
  private Passwords.Asker asker(Accounts.Login request, Optional<AccountStore.Member> member) {
    return member.filter(user -> request.device() != null
            && devices.parse(request.device(), request.email()).filter(device -> device.isOf(user.passwordHash())).isPresent())
        .map(user -> Passwords.Asker.known(user.accountId()))
        .orElseGet(() -> Passwords.Asker.anonymous(request.address()));
  }

  /**
   * Nobody waits for it: the time of an answer would tell that there is such a user. It takes no turn, so that a client that
   * floods cannot keep it out of the log; passwords are checked in turns.
   */
  void note(AccountStore.Member user, String address, Action action) {
    audit(database.pool(), user, address, action).onFailure(e ->
        log.warn("Could not write a failed login to the audit log: {}", e.getMessage()));
  }

  private void noteWrongCode(Throwable e, AccountStore.Member user, String address) {
    if (Codes.isWrong(e)) {
      note(user, address, Action.LOGIN_CODE_FAILED);
    } else if (e instanceof FailureException known && known.failure().code().equals(Codes.REQUIRED)) {
      note(user, address, Action.LOGIN_CODE_MISSING);
    }
  }

  /** Starts a session, unless the password has changed since it was checked. */
  private static Future<Void> note(SqlClient client, AccountStore.Member user) {
    return UserStore.loggedIn(client, user).map(noted -> {
      if (!noted) {
        throw wrong();
      }
      return null;
    });
  }

  private static FailureException wrong() {
    return new Failure.Unauthorized("The e-mail address or password is wrong").exception();
  }

  Future<Opened> refresh(Sessions.Refresh request) {
    return Ticket.parse(request.cookie()).map(cookie ->
            database.transaction(tx -> SessionStore.lock(tx, cookie, GRACE).compose(session -> session.isEmpty()
                ? Future.succeededFuture(Optional.<Opened>empty())
                : refresh(tx, cookie, session.get(), request.ipAddress()))))
        .orElse(Future.succeededFuture(Optional.empty()))
        .map(opened -> opened.orElseThrow(() -> new Failure.SessionEnded().exception()));
  }

  /** Empty where the session has ended by this; that is to be committed. */
  private Future<Optional<Opened>> refresh(
      SqlClient tx, Ticket cookie, SessionStore.Session session, String ipAddress) {
    Suspension.check(session.user().suspended());
    Accounts.Token token = tokens.issue(session.user(), cookie.rowId(), options.accessLifetime());
    if (cookie.matches(session.secretHash())) {
      Ticket next = new Ticket(cookie.accountId(), cookie.rowId(), Ticket.secret(random));
      return SessionStore.rotate(tx, next, ipAddress).map(Optional.of(new Opened(token, next.text(), session.rest(), null)));
    }
    if (session.justRotated() && cookie.matches(session.previousHash())) {
      return Future.succeededFuture(Optional.of(new Opened(token, null, session.rest(), null)));
    }
    return SessionStore.delete(tx, cookie)
        .compose(deleted -> audit(tx, session.user(), ipAddress, Action.SESSION_REUSED))
        .map(Optional.empty());
  }

  /** Ends a session. Needs its cookie. */
  Future<Void> end(Sessions.End request) {
    return Ticket.parse(request.cookie()).map(cookie ->
            database.transaction(tx -> SessionStore.lock(tx, cookie, GRACE).compose(found -> found
                .filter(session -> session.isOf(cookie))
                .map(session -> SessionStore.delete(tx, cookie).compose(deleted ->
                    audit(tx, session.user(), request.ipAddress(), Action.SESSION_ENDED)))
                .orElse(Future.succeededFuture()))))
        .orElse(Future.succeededFuture());
  }

  /** Lists the sessions of the caller. */
  Future<Page<Sessions.Session>> list(Sessions.ListSessions query) {
    UUID userId = query.caller().actor().id(Id.USER);
    return userId == null ? Future.succeededFuture(new Page<>(List.of(), null))
        : database.transaction(tx -> SessionStore.current(tx, query.caller(), query.cookie()).compose(current -> SessionStore.list(tx,
            query.caller().accountId(), userId, current.orElse(null), query.page())));
  }

  Future<Void> endOne(Sessions.EndOne request) {
    Caller caller = request.caller();
    UUID userId = caller.actor().id(Id.USER);
    UUID sessionId = Id.SESSION.parse(request.id());
    return userId == null ? Future.failedFuture(Id.SESSION.notFound())
        : database.transaction(tx -> SessionStore.delete(tx, caller.accountId(), userId, sessionId).compose(ended -> {
          if (!ended) {
            throw Id.SESSION.notFound();
          }
          return AuditStore.write(tx, caller, Action.SESSION_ENDED, Id.USER.of(userId), List.of());
        }));
  }

  Future<Void> endOthers(Sessions.EndOthers request) {
    Caller caller = request.caller();
    UUID userId = caller.actor().id(Id.USER);
    return userId == null ? Future.succeededFuture()
        : database.transaction(tx -> SessionStore.current(tx, caller, request.cookie())
            .compose(kept -> SessionStore.deleteOf(tx, caller.accountId(), userId, kept.orElse(null)))
            .compose(ended -> ended == 0 ? Future.<Void>succeededFuture()
                : AuditStore.write(tx, caller, Action.SESSION_ENDED, Id.USER.of(userId), List.of())));
  }

  /** Deletes expired sessions and links, in batches, until no more have expired. */
  Future<Void> deleteExpired() {
    return SessionStore.deleteExpired(database.pool(), EXPIRED_AT_ONCE)
        .compose(sessions -> LinkStore.deleteExpired(database.pool(), EXPIRED_AT_ONCE)
            .compose(links -> PortalStore.deleteExpired(database.pool(), EXPIRED_AT_ONCE)
                .map(portals -> Math.max(portals, Math.max(sessions, links)))))
        .compose(deleted -> deleted < EXPIRED_AT_ONCE ? Future.succeededFuture() : deleteExpired());
  }

  private static Future<Void> audit(SqlClient client, AccountStore.Member user, String address, Action action) {
    String userId = Id.USER.of(user.userId());
    return AuditStore.write(client, new Caller(user.accountId(), new Actor(user.email(), userId, address)), action, userId,
        List.of());
  }
}
