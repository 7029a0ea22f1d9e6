package io.keyhook.bus;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Requests about accounts, team members and API keys, and their responses. */
public interface Accounts {
  /**
   * Returns the holder of a bearer credential, which is a token or an API key. Fails with {@link Failure.Unauthorized}.
   *
   * @param address of the client; null: unknown
   */
  record Authenticate(String bearer, String address) {
    public Authenticate(String bearer) {
      this(bearer, null);
    }

    @Override
    public String toString() {
      return "Authenticate[]";
    }
  }

  /**
   * @param address of the client; null: unknown
   * @param device the device's cookie, from {@link Sessions.FindDevice}; a login on a known device does not wait behind those
   *     of strangers; null: unknown
   * @param code of the user's authenticator app, or a recovery code; null: none
   * @param userAgent as the program names itself; only its beginning is kept; null: unknown
   */
  record Login(String email, String password, String address, String device, String code, String userAgent) {
    public Login {
      email = email == null ? null : email.strip();
      userAgent = Sessions.shortened(userAgent);
      Check.that().required("email", email).text("email", email, Check.EMAIL)
          .knownPassword("password", password)
          .text("code", code, TwoFactor.CODE).text("userAgent", userAgent, Sessions.USER_AGENT).done();
    }

    public Login(String email, String password, String address, String device, String code) {
      this(email, password, address, device, code, null);
    }

    public Login(String email, String password, String address, String device) {
      this(email, password, address, device, null);
    }

    public Login(String email, String password, String address) {
      this(email, password, address, null);
    }

    /** Returns the same login on a known device. */
    public Login on(String device) {
      return new Login(email, password, address, device, code, userAgent);
    }

    /** Returns the same login by a program or browser that names itself. */
    public Login from(String program) {
      return new Login(email, password, address, device, code, program);
    }

    @Override
    public String toString() {
      return "Login[email=" + email + "]";
    }
  }

  record Token(String token, Instant expiresAt) {
    @Override
    public String toString() {
      return "Token[expiresAt=" + expiresAt + "]";
    }
  }

  record Create(Actor by, String name, String email, String password, String plan) {
    public Create {
      Check.that().name("name", name).required("email", email).email("email", email)
          .required("password", password).password("password", password).required("plan", plan).done();
    }

    @Override
    public String toString() {
      return "Create[name=" + name + ", plan=" + plan + "]";
    }
  }

  /** Signs up: creates an account, if the configuration allows it. */
  record SignUp(Create account) {
    /**
     * @param plan of every new account
     * @param ipAddress of the client; null: unknown
     */
    public static SignUp of(String name, String email, String password, String plan, String ipAddress) {
      return new SignUp(new Create(new Actor(email == null ? "" : email.strip(), null, ipAddress), name, email, password,
          plan));
    }
  }

  /** Creates the first account with its first API key, if there is no account yet. */
  record Bootstrap(Create account, String apiKey) {
    @Override
    public String toString() {
      return "Bootstrap[email=" + account.email + "]";
    }
  }

  /** An operator's change of an account. */
  record Update(
      Actor by, String id, Field<String> name, Field<String> email, Field<String> password, Field<String> plan) {
    public Update {
      Check.that().name("name", name).kept("email", email).email("email", email.value())
          .kept("password", password).password("password", password.value()).kept("plan", plan).done();
    }

    /** Returns the names of the fields that are present. */
    public List<String> changed() {
      return Field.present(Map.of("name", name, "email", email, "password", password, "plan", plan));
    }

    @Override
    public String toString() {
      return "Update[id=" + id + ", plan=" + plan + "]";
    }
  }

  /**
   * An account, for the administrator.
   *
   * @param email of its first team member; null: nobody is left
   * @param suspendedAt null: it is not suspended
   * @param suspensionReason why it was suspended, or resumed since; null: nobody said
   */
  record Account(String id, String name, String email, String plan, Instant createdAt, Instant suspendedAt,
      String suspensionReason) {}

  /**
   * Lists accounts, newest first.
   *
   * @param email part of the e-mail address of any team member, case-insensitive; null: all accounts
   */
  record ListAll(String email, Page.Request page) {
    public ListAll {
      Check.that().text("email", email, Check.EMAIL).done();
    }
  }

  /** Returns any account. */
  record Find(String id) {}

  /**
   * Suspends an account or ends its suspension. If it already has this state, changes nothing.
   *
   * <p>While an account is suspended, its validations, logins and API calls are refused with {@code ACCOUNT_SUSPENDED}, and its
   * events are not sent. Deliveries that were pending are canceled: they stay in the log and can be redelivered afterward.
   *
   * @param reason for administrators, up to {@value #REASON} characters; null: none
   */
  record SetSuspended(Actor by, String id, boolean suspended, String reason) {
    private static final int REASON = 500;

    public SetSuspended {
      reason = reason == null || reason.isBlank() ? null : reason.strip();
      Check.that().text("reason", reason, REASON).done();
    }

    /** Gives no reason. */
    public SetSuspended(Actor by, String id, boolean suspended) {
      this(by, id, suspended, null);
    }

    @Override
    public String toString() {
      return "SetSuspended[id=" + id + ", suspended=" + suspended + "]";
    }
  }

  /**
   * Erases a suspended account. Its credentials are deleted at once, the rest in the background, on this node or, if that stops, on
   * another. What remains is the audit log, without the names and addresses of those who acted.
   */
  record Erase(Actor by, String id) {}

  /** The files of an account's export, in their order. */
  enum ExportPart {
    ACCOUNT, TEAM, INVITATIONS, API_KEYS, LICENSES, POLICIES, PRODUCTS, ACTIVATIONS, WEBHOOKS, EVENTS, DELIVERIES, PENDING_DELIVERIES,
    STATISTICS, AUDIT;

    /** Returns the name of the file. */
    public String file() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-') + ".jsonl";
    }
  }

  /**
   * Reads a piece of an account's export.
   *
   * @param cursor from the piece before; null: the first of this part
   */
  record Export(Actor by, String id, ExportPart part, String cursor) {}

  /**
   * A piece of a file.
   *
   * @param lines JSON objects, one a line
   * @param nextCursor null: it was the last of its part
   */
  record Exported(String lines, String nextCursor) {}

  /**
   * Erases the personal data of a customer from licenses, activations and the log: names, e-mail addresses, names and IP addresses
   * of devices, and what endpoints returned for deliveries about the customer's licenses. Licenses and activations stay.
   *
   * @param email of the customer, case-insensitive
   */
  record EraseCustomer(Caller caller, String email) {
    public EraseCustomer {
      email = email == null ? null : email.strip();
      Check.that().required("email", email).email("email", email).done();
    }

    @Override
    public String toString() {
      return "EraseCustomer[]";
    }
  }

  /**
   * How much was erased.
   *
   * @param licenses that named the customer
   * @param events about these licenses, or others of the customer that have been deleted
   * @param deliveries whose responses were erased
   */
  record ErasedCustomer(long licenses, long events, long deliveries) {}

  record Get(Caller caller) {}

  /** An account, for its team members. */
  record Overview(String id, String name, String plan, Usage usage, int logRetentionDays) {}

  record Usage(Used licenses, Used webhooks) {}

  /**
   * @param max null: unlimited
   */
  record Used(long used, Integer max) {}

  record GetMe(Caller caller) {}

  /**
   * The caller of a request.
   *
   * @param user null: not a user who logged in here
   * @param apiKey null: not an API key
   * @param role what the caller may do
   */
  record Me(String accountId, String accountName, Person user, NamedKey apiKey, Role role) {}

  /**
   * @param twoFactor whether logins need a code
   */
  record Person(String id, String email, Instant createdAt, boolean twoFactor) {}

  record NamedKey(String id, String name) {}

  /**
   * @param scopes what the key may do; null: full access
   * @param expiresAt from when on the key is refused; null: never
   */
  record CreateApiKey(Caller caller, String name, List<String> scopes, Instant expiresAt) {
    public CreateApiKey {
      Check.that().name("name", name)
          .is("scopes", scopes == null || !scopes.isEmpty(), "is empty; leave it out for full access")
          .is("scopes", scopes == null || scopes.stream().allMatch(scope -> Scope.named(scope).isPresent()),
              "is not a list of " + String.join(", ", Scope.names(List.of(Scope.values()))))
          .is("scopes", scopes == null || scopes.size() <= Scope.values().length, "has too many entries")
          .is("expiresAt", expiresAt == null || expiresAt.isAfter(Instant.now()), "is in the past").done();
      scopes = scopes == null ? null : Scope.names(scopes.stream().distinct().map(scope -> Scope.named(scope).orElseThrow()).toList());
    }

    /** Creates a key with full access that never expires. */
    public CreateApiKey(Caller caller, String name) {
      this(caller, name, null, null);
    }
  }

  /** A new API key. Only this record contains the key itself. */
  record CreatedApiKey(String id, String name, String key, String hint, List<String> scopes, Instant createdAt,
      Instant expiresAt) {
    @Override
    public String toString() {
      return "CreatedApiKey[id=" + id + "]";
    }
  }

  /**
   * @param hint the first characters of the key, to distinguish keys
   * @param scopes null: full access
   * @param lastUsedAt to the minute; null: never
   * @param expiresAt null: never
   * @param createdBy a user's e-mail address, an API key's name, or another name; null: unknown
   * @param creatorId of the user or the API key; once that key has been revoked, of the key that created it, if one did. Null:
   *     unknown, or neither
   */
  record ApiKey(String id, String name, String hint, List<String> scopes, Instant createdAt, Instant lastUsedAt,
      Instant expiresAt, String createdBy, String creatorId) {}

  record GetApiKey(Caller caller, String id) {}

  record ListApiKeys(Caller caller, Page.Request page) {}

  /**
   * Revokes an API key.
   *
   * @param created whether the keys that it has created are revoked too, those that they have created, and so on. They are also if the
   *     key itself was revoked before
   */
  record DeleteApiKey(Caller caller, String id, boolean created) {
    /** Revokes one key. */
    public DeleteApiKey(Caller caller, String id) {
      this(caller, id, false);
    }
  }
}
