package io.keyhook.bus;

import java.time.Instant;

/** Requests about the team members of an account, and their responses. Every team member has full access. */
public interface Users {
  record ListUsers(Caller caller, Page.Request page) {}

  /**
   * @param lastLoginAt null: never
   */
  record User(String id, String email, Instant createdAt, Instant lastLoginAt) {}

  record CreateUser(Caller caller, String email, String password) {
    public CreateUser {
      Check.that().required("email", email).email("email", email)
          .required("password", password).password("password", password).done();
    }

    @Override
    public String toString() {
      return "CreateUser[email=" + email + "]";
    }
  }

  /** Deletes a user and ends their sessions. Users cannot delete themselves or the last user. */
  record DeleteUser(Caller caller, String id) {}

  /**
   * Changes the caller's password, and ends all their sessions except one.
   *
   * @param cookie of the session that continues; null: none
   */
  record ChangePassword(Caller caller, String currentPassword, String newPassword, String cookie) {
    public ChangePassword {
      Check.that().required("currentPassword", currentPassword).text("currentPassword", currentPassword, Check.PASSWORD_MAX)
          .required("newPassword", newPassword).password("newPassword", newPassword).done();
    }

    @Override
    public String toString() {
      return "ChangePassword[]";
    }
  }
}
