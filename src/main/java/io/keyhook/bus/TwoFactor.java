package io.keyhook.bus;

import java.util.List;

/**
 * Requests about two-factor authentication by codes of an authenticator app, and their responses. Keys, codes and passwords are
 * secrets and not part of any {@code toString}.
 */
public interface TwoFactor {
  int CODE = 30;

  /** Creates a key, which is used once {@link Enable} has received a code of it. */
  record Begin(Caller caller, String currentPassword) {
    public Begin {
      Check.that().knownPassword("currentPassword", currentPassword).done();
    }

    @Override
    public String toString() {
      return "Begin[]";
    }
  }

  /**
   * A key for an authenticator app. Only this record contains it.
   *
   * @param secret in base 32
   * @param uri the same as a {@code otpauth://} link, which apps open or read as a QR code
   * @param qr the QR code of the link; null: the user's e-mail address is too long for one
   */
  record Setup(String secret, String uri, Qr qr) {
    @Override
    public String toString() {
      return "Setup[]";
    }
  }

  /**
   * A QR code, to be drawn in black on a white square.
   *
   * @param size of the square, with the margin that readers need
   * @param path the black modules as data of an SVG path
   */
  record Qr(int size, String path) {
    @Override
    public String toString() {
      return "Qr[]";
    }
  }

  /**
   * Turns two-factor authentication on, and ends all sessions of the caller except the current one: they began without a code.
   *
   * @param cookie of the session that continues, if the caller's token has none; null: none
   */
  record Enable(Caller caller, String code, String cookie) {
    public Enable {
      Check.that().required("code", code).text("code", code, CODE).done();
    }

    @Override
    public String toString() {
      return "Enable[]";
    }
  }

  /** Codes that each replace one code of the app. Only this record contains them. */
  record RecoveryCodes(List<String> recoveryCodes) {
    @Override
    public String toString() {
      return "RecoveryCodes[]";
    }
  }

  /**
   * Turns two-factor authentication off.
   *
   * @param code of the app, or a recovery code
   */
  record Disable(Caller caller, String currentPassword, String code) {
    public Disable {
      Check.that().knownPassword("currentPassword", currentPassword)
          .required("code", code).text("code", code, CODE).done();
    }

    @Override
    public String toString() {
      return "Disable[]";
    }
  }

  /**
   * Turns two-factor authentication off for another team member, who lost the app and the recovery codes.
   *
   * @param currentPassword of the caller, who must be a user
   * @param code of the caller's authenticator app, or a recovery code; null: none
   */
  record DisableOf(Caller caller, String userId, String currentPassword, String code) {
    public DisableOf {
      Check.that().knownPassword("currentPassword", currentPassword).text("code", code, CODE).done();
    }

    public DisableOf(Caller caller, String userId, String currentPassword) {
      this(caller, userId, currentPassword, null);
    }

    @Override
    public String toString() {
      return "DisableOf[userId=" + userId + "]";
    }
  }
}
