package io.keyhook.bus;

import java.time.Duration;
import java.util.List;

/** Requests about who is logged in to the dashboard, and what is answered. A cookie is a secret: it is in no text. */
public interface Sessions {
  /** Logs in. */
  record Open(Accounts.Login login) {}

  /**
   * @param token for the calls of the next minutes
   * @param cookie to {@link Refresh} with, in place of the one before; null: that one has been replaced already
   * @param lasts how long the cookie is good for
   * @param deviceCookie by which {@link FindDevice} knows this device again; null: nobody has entered a password
   */
  record Opened(Accounts.Token token, String cookie, Duration lasts, String deviceCookie) {
    @Override
    public String toString() {
      return "Opened[token=" + token + ", lasts=" + lasts + "]";
    }
  }

  /**
   * Gives another token. Fails with {@link Failure.SessionEnded}.
   *
   * @param cookie null: there is none
   */
  record Refresh(String cookie, String ipAddress) {
    @Override
    public String toString() {
      return "Refresh[]";
    }
  }

  /**
   * Has somebody logged in with this e-mail on this device, and not changed the password since? The answer is the cookie that
   * says so; empty: none does.
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
   * Logs out; there need not be a session.
   *
   * @param cookie null: there is none
   */
  record End(String cookie, String ipAddress) {
    @Override
    public String toString() {
      return "End[]";
    }
  }
}
