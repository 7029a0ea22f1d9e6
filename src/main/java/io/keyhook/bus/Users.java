package io.keyhook.bus;

import java.time.Instant;

/** Requests about the team members of an account, and their responses. */
public interface Users {
  record ListUsers(Caller caller, Page.Request page) {}

  /**
   * @param name null: unknown
   * @param twoFactor whether logins need a code
   * @param lastLoginAt null: never
   */
  record User(String id, String email, String name, Role role, boolean twoFactor, Instant createdAt,
      Instant lastLoginAt) {}

  /**
   * @param role null: owner
   */
  record CreateUser(Caller caller, String email, String password, Role role) {
    public CreateUser {
      role = role == null ? Role.OWNER : role;
      Check.that().required("email", email).email("email", email)
          .required("password", password).password("password", password).done();
    }

    /** Creates an owner. */
    public CreateUser(Caller caller, String email, String password) {
      this(caller, email, password, null);
    }

    @Override
    public String toString() {
      return "CreateUser[email=" + email + "]";
    }
  }

  /**
   * Asks whether the caller is a user who knows their password, and has a code if their logins need one. A code works once.
   *
   * @param code of the app, or a recovery code; null: none
   */
  record Confirm(Caller caller, String currentPassword, String code) {
    public Confirm {
      Check.that().knownPassword("currentPassword", currentPassword).text("code", code, TwoFactor.CODE).done();
    }

    @Override
    public String toString() {
      return "Confirm[]";
    }
  }

  /** Gives a user another role, from their next request on. The last owner stays one. */
  record ChangeRole(Caller caller, String id, Role role) {
    public ChangeRole {
      Check.that().required("role", role).done();
    }
  }

  /** Deletes a user and ends their sessions. Users cannot delete themselves, the last user or the last owner. */
  record DeleteUser(Caller caller, String id) {}

  /**
   * Changes the caller's password, and ends all their tokens and sessions except the current session.
   *
   * @param cookie of the session that continues, if the caller's token has none; null: none
   */
  record ChangePassword(Caller caller, String currentPassword, String newPassword, String cookie) {
    public ChangePassword {
      Check.that().knownPassword("currentPassword", currentPassword)
          .required("newPassword", newPassword).password("newPassword", newPassword).done();
    }

    @Override
    public String toString() {
      return "ChangePassword[]";
    }
  }
}
