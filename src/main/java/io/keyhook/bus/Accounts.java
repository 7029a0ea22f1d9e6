package io.keyhook.bus;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Requests about accounts, people and API keys, and what is answered. */
public interface Accounts {
  /**
   * Who holds this bearer credential: a token or an API key. Fails with {@link Failure.Unauthorized}.
   *
   * @param address where it came from; null: not known
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
   * @param address where the request came from; null: not known
   * @param device its cookie, as {@link Sessions.FindDevice} answers; a login on a known device does not wait behind those
   *     of strangers; null: not known
   */
  record Login(String email, String password, String address, String device) {
    public Login {
      email = email == null ? null : email.strip();
      Check.that().required("email", email).text("email", email, Check.EMAIL)
          .required("password", password).text("password", password, Check.PASSWORD_MAX).done();
    }

    public Login(String email, String password, String address) {
      this(email, password, address, null);
    }

    /** The same login on a known device. */
    public Login on(String device) {
      return new Login(email, password, address, device);
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

  /** Makes an account for oneself, where that is allowed. */
  record SignUp(Create account) {
    /**
     * @param plan that everybody begins with
     * @param ipAddress where the request came from; null: not known
     */
    public static SignUp of(String name, String email, String password, String plan, String ipAddress) {
      return new SignUp(new Create(new Actor(email == null ? "" : email.strip(), null, ipAddress), name, email, password,
          plan));
    }
  }

  /** The first account, with its first API key; made where there is no account yet. */
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
      Check check = Check.that();
      if (name.present()) {
        check.name("name", name.value());
      }
      if (email.present()) {
        check.required("email", email.value()).email("email", email.value());
      }
      if (password.present()) {
        check.required("password", password.value()).password("password", password.value());
      }
      if (plan.present()) {
        check.required("plan", plan.value());
      }
      check.done();
    }

    /** Names of the fields that it gives. */
    public List<String> changed() {
      return Field.present(Map.of("name", name, "email", email, "password", password, "plan", plan));
    }

    @Override
    public String toString() {
      return "Update[id=" + id + ", plan=" + plan + "]";
    }
  }

  /** An account as the operator sees it. */
  record Account(String id, String name, String email, String plan, Instant createdAt) {}

  record Get(Caller caller) {}

  /** An account as its owner sees it. */
  record Overview(String id, String name, String plan, Usage usage, int logRetentionDays) {}

  record Usage(Used licenses, Used webhooks) {}

  /**
   * @param max null: unlimited
   */
  record Used(long used, Integer max) {}

  record GetMe(Caller caller) {}

  /**
   * Who asks.
   *
   * @param user null: not a person who logged in here
   * @param apiKey null: it was no API key
   */
  record Me(String accountId, String accountName, Person user, NamedKey apiKey) {}

  record Person(String id, String email, Instant createdAt) {}

  record NamedKey(String id, String name) {}

  record CreateApiKey(Caller caller, String name) {
    public CreateApiKey {
      Check.that().name("name", name).done();
    }
  }

  /** An API key just made, and the only time that it is told. */
  record CreatedApiKey(String id, String name, String key, String hint, Instant createdAt) {
    @Override
    public String toString() {
      return "CreatedApiKey[id=" + id + "]";
    }
  }

  /**
   * @param hint how the key begins, to tell keys apart
   * @param lastUsedAt to the minute; null: never
   */
  record ApiKey(String id, String name, String hint, Instant createdAt, Instant lastUsedAt) {}

  record GetApiKey(Caller caller, String id) {}

  record ListApiKeys(Caller caller, Page.Request page) {}

  record DeleteApiKey(Caller caller, String id) {}
}
