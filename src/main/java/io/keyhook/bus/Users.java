package io.keyhook.bus;

import java.time.Instant;

/** Requests about the people of an account, and what is answered. All of them may do all that there is to do. */
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

  /** Ends their sessions, too. Nobody deletes themselves, nor the last one. */
  record DeleteUser(Caller caller, String id) {}

  /**
   * Changes the caller's own password, and ends all sessions of theirs but one.
   *
   * @param cookie of the session that goes on; null: none
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
