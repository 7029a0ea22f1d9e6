package io.keyhook.bus;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Requests about sessions of users who have logged in, and their responses. A cookie is a secret and not part of any {@code toString}. */
public interface Sessions {
  int USER_AGENT = 300;

  /** Returns the beginning of how a browser names itself. */
  static String shortened(String userAgent) {
    return userAgent == null ? null : userAgent.substring(0, Math.min(USER_AGENT, userAgent.length()));
  }

  /**
   * Logs in.
   *
   * @param userAgent as the browser names itself; only its beginning is kept; null: unknown
   */
  record Open(Accounts.Login login, String userAgent) {
    public Open {
      userAgent = shortened(userAgent);
      Check.that().text("userAgent", userAgent, USER_AGENT).done();
    }

    public Open(Accounts.Login login) {
      this(login, null);
    }
  }

  /**
   * Lists the sessions of the caller, who has none unless they logged in with a password.
   *
   * @param cookie of the current session, if the caller's token has none; null: none
   */
  record ListSessions(Caller caller, String cookie, Page.Request page) {
    @Override
    public String toString() {
      return "ListSessions[]";
    }
  }

  /**
   * A session.
   *
   * @param userAgent null: unknown
   * @param ipAddress of the latest use, or the login of a program; null: unknown
   * @param lastUsedAt when its token was last renewed; for a program, whose token is not, when it logged in
   * @param current whether the request comes from it
   */
  record Session(String id, String userAgent, String ipAddress, Instant createdAt, Instant lastUsedAt, boolean current) {}

  /** Ends a session of the caller. Its tokens are refused from then on. */
  record EndOne(Caller caller, String id) {}

  /**
   * Ends all sessions of the caller except the current one.
   *
   * @param cookie of the session that continues, if the caller's token has none; null: none
   */
  record EndOthers(Caller caller, String cookie) {
    @Override
    public String toString() {
      return "EndOthers[]";
    }
  }

  /**
   * @param token for the calls of the next minutes
   * @param cookie to {@link Refresh} with, replacing the previous one; null: it has already been replaced
   * @param lasts how long the cookie is valid
   * @param deviceCookie by which {@link FindDevice} recognizes this device; null: no password was entered
   */
  record Opened(Accounts.Token token, String cookie, Duration lasts, String deviceCookie) {
    @Override
    public String toString() {
      return "Opened[token=" + token + ", lasts=" + lasts + "]";
    }
  }

  /**
   * Renews the token. Fails with {@link Failure.SessionEnded}.
   *
   * @param cookie null: none
   */
  record Refresh(String cookie, String ipAddress) {
    @Override
    public String toString() {
      return "Refresh[]";
    }
  }

  /**
   * Finds out whether a user has logged in with this e-mail on this device, and has not changed the password since. Returns the
   * cookie that proves it, or empty.
   *
   * @param cookies of this device; the first {@value #MAX_COOKIES} are read
   */
  record FindDevice(String email, List<String> cookies) {
    public static final int MAX_COOKIES = 8;

    public FindDevice {
      cookies = cookies.stream().limit(MAX_COOKIES).toList();
    }

    @Override
    public String toString() {
      return "FindDevice[email=" + email + "]";
    }
  }

  /**
   * Logs out, if there is a session.
   *
   * @param cookie null: none
   */
  record End(String cookie, String ipAddress) {
    @Override
    public String toString() {
      return "End[]";
    }
  }
}
