package io.keyhook.bus;

import java.time.Duration;

/** Requests about who is logged in to the dashboard, and what is answered. A cookie is a secret: it is in no text. */
public interface Sessions {
  /** Logs in. */
  record Open(Accounts.Login login) {}

  /**
   * @param token for the calls of the next minutes
   * @param cookie to {@link Refresh} with, in place of the one before; null: that one has been replaced already
   * @param lasts how long the cookie is good for
   */
  record Opened(Accounts.Token token, String cookie, Duration lasts) {
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
