package io.keyhook.bus;

import java.time.Duration;
import java.util.List;

/** Requests about dashboard sessions, and their responses. A cookie is a secret and not part of any {@code toString}. */
public interface Sessions {
  /** Logs in. */
  record Open(Accounts.Login login) {}

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
