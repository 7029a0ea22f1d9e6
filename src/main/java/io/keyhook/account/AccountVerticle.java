package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Accounts.Account;
import io.keyhook.bus.Accounts.Overview;
import io.keyhook.bus.Accounts.Used;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.Info;
import io.keyhook.bus.Portals;
import io.keyhook.bus.StopBudget;
import io.keyhook.bus.Version;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.fair.Admissions;
import io.keyhook.fair.ClientTenant;
import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves accounts, team members and API keys, and authenticates callers. */
public final class AccountVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(AccountVerticle.class);
  private static final Duration LAST_USED_INTERVAL = Duration.ofMinutes(1);
  private static final Duration EXPIRED_INTERVAL = Duration.ofHours(1);
  /** Erasures of nodes that stopped before they had finished. */
  private static final Duration ERASURES_INTERVAL = Duration.ofMinutes(10);
  private static final int MAX_USED = 10_000;
  private static final Comparator<AccountStore.KeyId> LOCK_ORDER =
      Comparator.comparing(AccountStore.KeyId::accountId).thenComparing(AccountStore.KeyId::keyId);

  private final Bus bus;
  private final Database database;
  private final Pool pool;
  private final Cipher cipher;
  private final Idempotency idempotency;
  private final Plans plans;
  private final KeyhookOptions options;
  private final Admissions admissions;
  private final StopBudget budget;
  private final SecureRandom random = new SecureRandom();
  private Set<AccountStore.KeyId> used = new HashSet<>();
  /** For authentications: an account that floods management calls must not keep others from being known. */
  private Pool connections;
  private Passwords passwords;
  private Tokens tokens;
  private PasswordMails passwordMails;
  private AccountLifecycle lifecycle;

  public AccountVerticle(
      Bus bus, Database database, Cipher cipher, Idempotency idempotency, Plans plans, KeyhookOptions options,
      Admissions admissions, StopBudget budget) {
    this.bus = bus;
    this.database = database;
    this.pool = database.pool();
    this.cipher = cipher;
    this.idempotency = idempotency;
    this.plans = plans;
    this.options = options;
    this.admissions = admissions;
    this.budget = budget;
  }

  @Override
  public Future<?> start() {
    passwords = new Passwords(vertx, admissions);
    connections = database.connections(admissions.authentications().atOnce(), "authentications");
    tokens = new Tokens(vertx, options.auth().jwt());
    Codes codes = new Codes(cipher);
    CurrentPassword currentPassword = new CurrentPassword(database, admissions.management(), passwords, codes);
    SecondFactor secondFactor = new SecondFactor(database, admissions.management(), currentPassword, cipher, random);
    DeviceCookies devices = new DeviceCookies(options.secrets(), random);
    Logins logins = new Logins(database, admissions.management(), passwords, tokens, options.auth().session(),
        devices, codes, random);
    People people = new People(database, admissions.management(), idempotency, passwords, currentPassword);
    Links links = new Links(database, admissions.management(), idempotency, passwords, currentPassword, devices, random);
    passwordMails = new PasswordMails(bus, database, admissions.management(), random,
        options.mail().host().filter(host -> tokens.canIssue()).flatMap(host -> options.mail().dashboardUrl()));
    PasskeyChallenges challenges = new PasskeyChallenges(new DerivedMac(options.secrets(), "keyhook passkey challenge"), random);
    Passkeys passkeys = new Passkeys(vertx, database, admissions.management(), currentPassword, challenges,
        options.mail().dashboardUrl());
    PasskeyLogins passkeyLogins = new PasskeyLogins(vertx, database, admissions.management(), logins, challenges,
        options.mail().dashboardUrl());
    KeyRing keys = new KeyRing(database, idempotency, random);
    PortalLinks portals = new PortalLinks(bus, database, idempotency, plans, random, options.mail().dashboardUrl());
    bus.answer(Addresses.AUTHENTICATE, request ->
        admissions.authentications().run(String.valueOf(request.address()), () -> authenticate(request)));
    bus.answer(Addresses.LOGIN, logins::login);
    bus.answer(Addresses.OPEN_SESSION, logins::open);
    bus.answer(Addresses.REFRESH_SESSION, logins::refresh);
    bus.answer(Addresses.END_SESSION, logins::end);
    bus.answer(Addresses.LIST_SESSIONS, logins::list);
    bus.answer(Addresses.END_ONE_SESSION, logins::endOne);
    bus.answer(Addresses.END_OTHER_SESSIONS, logins::endOthers);
    bus.answer(Addresses.FIND_DEVICE, logins::findDevice);
    bus.answer(Addresses.LIST_USERS, query -> UserStore.list(pool, query));
    bus.answer(Addresses.CREATE_USER, people::create);
    bus.answer(Addresses.CHANGE_ROLE, people::changeRole);
    bus.answer(Addresses.DELETE_USER, people::delete);
    bus.answer(Addresses.CHANGE_PASSWORD, people::changePassword);
    bus.answer(Addresses.INVITE, links::invite);
    bus.answer(Addresses.LIST_INVITATIONS, query -> LinkStore.list(pool, query));
    bus.answer(Addresses.REVOKE_INVITATION, links::revoke);
    bus.answer(Addresses.FIND_INVITATION, links::find);
    bus.answer(Addresses.ACCEPT_INVITATION, links::accept);
    bus.answer(Addresses.RESET_PASSWORD, links::resetPassword);
    bus.answer(Addresses.LIST_PASSWORD_RESETS, query -> LinkStore.listResets(pool, query));
    bus.answer(Addresses.REVOKE_PASSWORD_RESET, links::revokeReset);
    bus.answer(Addresses.CONFIRM, request ->
        currentPassword.confirm(request.caller(), request.currentPassword(), request.code()).mapEmpty());
    bus.answer(Addresses.RESET_PASSWORD_OF, links::resetPasswordOf);
    bus.answer(Addresses.MAIL_PASSWORD_RESET, passwordMails::send);
    bus.answer(Addresses.SET_PASSWORD, links::setPassword);
    bus.answer(Addresses.BEGIN_TWO_FACTOR, secondFactor::begin);
    bus.answer(Addresses.ENABLE_TWO_FACTOR, secondFactor::enable);
    bus.answer(Addresses.DISABLE_TWO_FACTOR, secondFactor::disable);
    bus.answer(Addresses.DISABLE_TWO_FACTOR_OF, secondFactor::disableOf);
    bus.answer(Addresses.BEGIN_PASSKEY, passkeys::begin);
    bus.answer(Addresses.CREATE_PASSKEY, passkeys::create);
    bus.answer(Addresses.LIST_PASSKEYS, passkeys::list);
    bus.answer(Addresses.RENAME_PASSKEY, passkeys::rename);
    bus.answer(Addresses.DELETE_PASSKEY, passkeys::delete);
    bus.answer(Addresses.BEGIN_PASSKEY_LOGIN, passkeyLogins::begin);
    bus.answer(Addresses.OPEN_PASSKEY_SESSION, passkeyLogins::open);
    bus.answer(Addresses.SIGN_UP, this::signUp);
    bus.answer(Addresses.CREATE_ACCOUNT, this::create);
    bus.answer(Addresses.UPDATE_ACCOUNT, this::update);
    lifecycle = new AccountLifecycle(bus, database);
    bus.answer(Addresses.LIST_ACCOUNTS, query -> AccountStore.list(pool, query));
    bus.answer(Addresses.FIND_ACCOUNT, query -> AccountStore.get(pool, Id.ACCOUNT.parse(query.id())));
    bus.answer(Addresses.SET_ACCOUNT_SUSPENDED, lifecycle::setSuspended);
    bus.answer(Addresses.ERASE_ACCOUNT, lifecycle::erase);
    bus.answer(Addresses.BOOTSTRAP, this::bootstrap);
    bus.answer(Addresses.GET_ACCOUNT, this::get);
    bus.answer(Addresses.GET_ME, query -> AccountStore.me(pool, query.caller()));
    bus.answer(Addresses.GET_SETTINGS, query -> Future.succeededFuture(settings()));
    bus.answer(Addresses.LIST_PLANS, query -> Future.succeededFuture(plans.all()));
    bus.answer(Addresses.CREATE_API_KEY, keys::create);
    bus.answer(Addresses.GET_API_KEY, query ->
        AccountStore.getKey(pool, query.caller().accountId(), Id.API_KEY.parse(query.id())));
    bus.answer(Addresses.LIST_API_KEYS, query -> AccountStore.listKeys(pool, query));
    bus.answer(Addresses.DELETE_API_KEY, keys::delete);
    bus.answer(Addresses.CREATE_PORTAL_LINK, portals::create);
    bus.answer(Addresses.LIST_PORTAL_LINKS, query -> PortalStore.list(pool, query));
    bus.answer(Addresses.REVOKE_PORTAL_LINK, portals::revoke);
    bus.answer(Addresses.OPEN_PORTAL, portals::open);
    bus.answer(Addresses.RESUME_PORTAL, portals::resume);
    bus.answer(Addresses.END_PORTAL, portals::end);
    vertx.setPeriodic(0, ERASURES_INTERVAL.toMillis(), timer -> lifecycle.finishErasures());
    vertx.setPeriodic(LAST_USED_INTERVAL.toMillis(), timer -> writeUsed());
    vertx.setPeriodic(0, EXPIRED_INTERVAL.toMillis(), timer -> logins.deleteExpired().onFailure(e ->
        log.warn("Could not delete expired sessions and links; retrying later: {}", e.getMessage())));
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    lifecycle.stop();
    return writeUsed().timeout(budget.left(StopBudget.Work.CHORES).toMillis(), TimeUnit.MILLISECONDS).otherwiseEmpty().eventually(passwords::close)
        .eventually(() -> database.release(connections));
  }

  private Future<Caller> authenticate(Accounts.Authenticate request) {
    if (request.bearer().startsWith(ApiKeys.PREFIX)) {
      return AccountStore.findKey(connections, request.bearer()).map(found -> {
        AccountStore.FoundKey key = found.orElseThrow(Standing::unauthorized);
        Suspension.check(key.suspended());
        if (used.size() < MAX_USED) {
          used.add(key.id());
        }
        return AccountStore.caller(key);
      });
    }
    if (request.bearer().startsWith(Portals.PREFIX)) {
      return PortalLinks.authenticate(connections, request.bearer());
    }
    return tokens.read(request.bearer())
        .compose(claims -> caller(claims.orElseThrow(Standing::unauthorized)));
  }

  /** A token issued here ends with its user, password and session; another issuer's with its account. */
  private Future<Caller> caller(Tokens.Claims claims) {
    UUID accountId = idOrUnauthorized(Id.ACCOUNT, claims.accountId());
    if (claims.userId() != null) {
      UUID sessionId = claims.sessionId() == null ? null : idOrUnauthorized(Id.SESSION, claims.sessionId());
      return AccountStore.member(connections, accountId, idOrUnauthorized(Id.USER, claims.userId()), sessionId)
          .map(found -> {
            AccountStore.Member user = found.filter(member -> claims.isOf(member.passwordHash()))
                .orElseThrow(Standing::unauthorized);
            Suspension.check(user.suspended());
            return new Caller(accountId, new Actor(user.email(), claims.userId(), null), claims.expiresAt()).as(user.role())
                .in(sessionId);
          });
    }
    return AccountStore.isSuspended(connections, accountId).map(suspended -> {
      Suspension.check(suspended.orElseThrow(Standing::unauthorized));
      return new Caller(accountId, Actor.named(claims.name()), claims.expiresAt());
    });
  }

  private static UUID idOrUnauthorized(Id kind, String id) {
    try {
      return kind.parse(id);
    } catch (FailureException e) {
      throw Standing.unauthorized();
    }
  }

  private Future<Account> signUp(Accounts.SignUp request) {
    return options.signup().enabled()
        ? create(request.account(), Passwords.Asker.anonymous(request.account().by().address())) : Future.failedFuture(
        new Failure.Forbidden("SIGNUP_DISABLED", "Sign-up is disabled on this server; contact your administrator").exception());
  }

  private Future<Account> create(Accounts.Create request) {
    return create(request, Passwords.Asker.known(ClientTenant.of(request.by().address())));
  }

  private Future<Account> create(Accounts.Create request, Passwords.Asker asker) {
    plans.checkExists(request.plan());
    String client = ClientTenant.of(request.by().address());
    return passwords.hash(asker, request.password())
        .compose(hash -> admissions.management().run(client, () ->
            database.transaction(tx -> insert(tx, request, request.email().strip(), hash))))
        .recover(People::emailTaken);
  }

  private static Future<Account> insert(SqlClient tx, Accounts.Create request, String email, String passwordHash) {
    return AccountStore.insert(tx, request.name(), request.plan(), email, passwordHash)
        .compose(account -> AuditStore.write(tx, new Caller(Id.ACCOUNT.parse(account.id()), request.by()),
            Action.ACCOUNT_CREATED, account.id(), List.of()).map(account));
  }

  private Future<Account> update(Accounts.Update request) {
    UUID accountId = Id.ACCOUNT.parse(request.id());
    String plan = request.plan().value();
    if (plan != null) {
      plans.checkExists(plan);
    }
    return (request.password().present() ? passwords.hash(Passwords.Asker.known(accountId), request.password().value())
        : Future.<String>succeededFuture())
        .compose(hash -> admissions.management().run(accountId, () ->
            database.transaction(tx -> AccountStore.update(tx, accountId, request.name().value(), plan,
                request.email().present() ? request.email().value().strip() : null, hash)
                .compose(changed -> changed ? AuditStore.write(tx, new Caller(accountId, request.by()),
                    Action.ACCOUNT_UPDATED, request.id(), request.changed()) : Future.succeededFuture())
                .compose(written -> AccountStore.get(tx, accountId)))))
        .recover(People::emailTaken)
        .compose(account -> plan == null || plans.of(plan).hasWebhooks() ? Future.succeededFuture(account)
            : bus.request(Addresses.CANCEL_PENDING, new CancelPending(accountId, null)).map(account));
  }

  /** Creates the first account with its API key, if there is no account yet. */
  private Future<Optional<Account>> bootstrap(Accounts.Bootstrap request) {
    plans.checkExists(request.account().plan());
    return AccountStore.any(pool).compose(any -> any ? Future.succeededFuture(Optional.empty())
        : passwords.hash(Passwords.Asker.known(""), request.account().password()).compose(hash -> database.transaction(tx ->
            AccountStore.lockEmpty(tx).compose(empty -> !empty ? Future.succeededFuture(Optional.<Account>empty())
                : insert(tx, request.account(), request.account().email(), hash)
                    .compose(account -> AccountStore.insertKey(tx,
                        new Caller(Id.ACCOUNT.parse(account.id()), request.account().by()), "First key",
                        request.apiKey()).map(Optional.of(account)))))));
  }

  private Info.Settings settings() {
    KeyhookOptions.Delivery delivery = options.delivery();
    return new Info.Settings(Version.VERSION, options.signup().enabled(), delivery.allowInsecureTargets(),
        delivery.retryDelays().stream().map(Duration::toString).toList(), delivery.timeout().toString(),
        passwordMails.isAvailable());
  }

  private Future<Overview> get(Accounts.Get query) {
    return AccountStore.usage(pool, query.caller().accountId()).map(usage -> {
      KeyhookOptions.Plan plan = plans.of(usage.plan());
      return new Overview(Id.ACCOUNT.of(usage.accountId()), usage.name(), usage.plan(),
          new Accounts.Usage(new Used(usage.licenses(), plan.maxLicenses().orElse(null)),
              new Used(usage.webhooks(), plan.maxWebhooks().orElse(null))),
          plan.logRetentionDays());
    });
  }

  private Future<Void> writeUsed() {
    List<AccountStore.KeyId> keys = used.stream().sorted(LOCK_ORDER).toList();
    used = new HashSet<>();
    return (keys.isEmpty() ? Future.<Void>succeededFuture() : AccountStore.keysUsed(pool, keys)).otherwise(e -> {
      log.warn("Could not write when API keys were last used; a minute of it is lost: {}", e.getMessage());
      return null;
    });
  }
}
