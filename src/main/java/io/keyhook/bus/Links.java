package io.keyhook.bus;

import java.time.Instant;

/**
 * Requests about links that are good for one use, and their responses: invitations to an account, and new passwords. A token is a
 * secret and not part of any {@code toString}.
 */
public interface Links {
  int NAME = 100;

  /**
   * @param role of the invited person
   * @param createdBy the inviter's e-mail address, or another name
   */
  record Invitation(String id, String email, Role role, String createdBy, Instant createdAt, Instant expiresAt) {}

  /**
   * Invites a colleague to an account. The invitation replaces an earlier one to the same address.
   */
  record Invite(Caller caller, String email, Role role) {
    public Invite {
      email = email == null ? null : email.strip();
      Check.that().required("email", email).email("email", email).required("role", role).done();
    }
  }

  /**
   * A new invitation. Only this record contains the token.
   *
   * @param path of the page for the invited person, to append to the address of the dashboard; the token is its fragment, which
   *     browsers do not send to servers
   */
  record CreatedInvitation(String id, String email, Role role, String createdBy, Instant createdAt, Instant expiresAt,
      String token, String path) {
    @Override
    public String toString() {
      return "CreatedInvitation[id=" + id + "]";
    }
  }

  record ListInvitations(Caller caller, Page.Request page) {}

  record RevokeInvitation(Caller caller, String id) {}

  /** Finds the invitation of a token. */
  record FindInvitation(String token) {
    public FindInvitation {
      Check.that().required("token", token).text("token", token, Check.NAME).done();
    }

    @Override
    public String toString() {
      return "FindInvitation[]";
    }
  }

  /** An invitation, for the invited person. */
  record Invited(String accountName, String email, Role role, Instant expiresAt) {}

  /**
   * Creates the invited user.
   *
   * @param ipAddress of the client; null: unknown
   */
  record Accept(String token, String name, String password, String ipAddress) {
    public Accept {
      name = name == null ? null : name.strip();
      Check.that().required("token", token).text("token", token, Check.NAME).required("name", name).text("name", name, NAME)
          .is("name", name == null || !name.isBlank(), "is blank")
          .required("password", password).password("password", password).done();
    }

    @Override
    public String toString() {
      return "Accept[]";
    }
  }

  /**
   * The invited user.
   *
   * @param deviceCookie as in {@link Sessions.Opened}
   */
  record Accepted(Users.User user, String deviceCookie) {
    @Override
    public String toString() {
      return "Accepted[user=" + user + "]";
    }
  }

  /**
   * A password was set.
   *
   * @param deviceCookie as in {@link Sessions.Opened}
   */
  record PasswordSet(String deviceCookie) {
    @Override
    public String toString() {
      return "PasswordSet[]";
    }
  }

  /**
   * Creates a link by which another team member sets a new password. It replaces an earlier one.
   *
   * @param currentPassword of the caller, who must be a user
   * @param code of the caller's authenticator app, or a recovery code; null: none
   */
  record ResetPassword(Caller caller, String userId, String currentPassword, String code) {
    public ResetPassword {
      Check.that().knownPassword("currentPassword", currentPassword).text("code", code, TwoFactor.CODE).done();
    }

    public ResetPassword(Caller caller, String userId, String currentPassword) {
      this(caller, userId, currentPassword, null);
    }

    @Override
    public String toString() {
      return "ResetPassword[userId=" + userId + "]";
    }
  }

  /** Creates the same link for an administrator, or for an application that embeds Keyhook. */
  record ResetPasswordOf(Caller caller, String email) {
    public ResetPasswordOf {
      email = email == null ? null : email.strip();
      Check.that().required("email", email).email("email", email).done();
    }
  }

  /**
   * A link to set a new password. Only this record contains the token.
   *
   * @param path as in {@link CreatedInvitation}
   */
  record PasswordReset(String id, String userId, String email, Instant expiresAt, String token, String path) {
    @Override
    public String toString() {
      return "PasswordReset[id=" + id + ", userId=" + userId + "]";
    }
  }

  /**
   * Asks for a mail with a link by which a user who forgot the password sets a new one.
   *
   * @param ipAddress of the client; null: unknown
   */
  record MailPasswordReset(String email, String ipAddress) {
    public MailPasswordReset {
      email = email == null ? null : email.strip();
      Check.that().required("email", email).email("email", email).done();
    }
  }

  /**
   * The response to whoever asks for a mail, the same whether there is such a user or not.
   *
   * @param lifetime how long the link of a mail works, as an ISO 8601 duration
   */
  record Requested(String lifetime) {}

  record ListPasswordResets(Caller caller, Page.Request page) {}

  /**
   * A link to set a new password that has not been used.
   *
   * @param userId whose password it sets
   * @param createdBy an owner's e-mail address, or another name
   */
  record OpenPasswordReset(String id, String userId, String email, String createdBy, Instant createdAt, Instant expiresAt) {}

  record RevokePasswordReset(Caller caller, String id) {}

  /**
   * Sets a new password, and ends all sessions of the user.
   *
   * @param ipAddress of the client; null: unknown
   */
  record SetPassword(String token, String newPassword, String ipAddress) {
    public SetPassword {
      Check.that().required("token", token).text("token", token, Check.NAME)
          .required("newPassword", newPassword).password("newPassword", newPassword).done();
    }

    @Override
    public String toString() {
      return "SetPassword[]";
    }
  }
}
