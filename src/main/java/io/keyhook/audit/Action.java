package io.keyhook.audit;

import java.util.Arrays;
import java.util.Optional;

/** The actions of the audit log. Their names are stored and public, so they never change. */
public enum Action {
  LICENSE_CREATED("license.created"),
  LICENSE_UPDATED("license.updated"),
  LICENSE_DISABLED("license.disabled"),
  LICENSE_ENABLED("license.enabled"),
  LICENSE_DELETED("license.deleted"),
  /** For a device without a network. */
  LICENSE_FILE_CREATED("license.file_created"),
  /** Of a license, as the activation itself is gone. */
  ACTIVATION_DELETED("activation.deleted"),
  POLICY_CREATED("policy.created"),
  POLICY_UPDATED("policy.updated"),
  POLICY_DELETED("policy.deleted"),
  PRODUCT_CREATED("product.created"),
  PRODUCT_UPDATED("product.updated"),
  PRODUCT_DELETED("product.deleted"),
  WEBHOOK_CREATED("webhook.created"),
  WEBHOOK_UPDATED("webhook.updated"),
  WEBHOOK_SECRET_ROTATED("webhook.secret_rotated"),
  WEBHOOK_DELETED("webhook.deleted"),
  WEBHOOK_TESTED("webhook.tested"),
  WEBHOOK_PAUSED("webhook.paused"),
  WEBHOOK_RESUMED("webhook.resumed"),
  /** Deactivation by Keyhook, because of the endpoint's responses. A user's deactivation is an update. */
  WEBHOOK_DEACTIVATED("webhook.deactivated"),
  /** Sending again all that failed was asked for; once for all of it. */
  WEBHOOK_RECOVERED("webhook.recovered"),
  /** Of the webhook, as the one before. */
  WEBHOOK_RECOVERY_STOPPED("webhook.recovery_stopped"),
  DELIVERY_REDELIVERED("delivery.redelivered"),
  /** Of the account, as is the next. */
  TEST_ENDPOINT_CREATED("test_endpoint.created"),
  TEST_ENDPOINT_DELETED("test_endpoint.deleted"),
  API_KEY_CREATED("api_key.created"),
  API_KEY_DELETED("api_key.deleted"),
  /** Of the new key. */
  SIGNING_KEY_ROTATED("signing_key.rotated"),
  SIGNING_KEY_DELETED("signing_key.deleted"),
  ACCOUNT_CREATED("account.created"),
  ACCOUNT_UPDATED("account.updated"),
  ACCOUNT_SUSPENDED("account.suspended"),
  ACCOUNT_RESUMED("account.resumed"),
  /** All data of the account was requested as a file. */
  ACCOUNT_EXPORTED("account.exported"),
  /** From now on nobody can log in or use an API key of the account. */
  ACCOUNT_ERASURE_STARTED("account.erasure_started"),
  /** Nothing of the account is left but its audit log, without the names of those who acted. */
  ACCOUNT_ERASED("account.erased"),
  /** A customer's personal data was erased. The subject is the account, because the customer must not be named. */
  CUSTOMER_ERASED("customer.erased"),
  /** Of the user, as is the next. */
  LOGIN_SUCCEEDED("login.succeeded"),
  /** A login with a wrong password. An unknown e-mail belongs to no account and is not recorded. */
  LOGIN_FAILED("login.failed"),
  /** A login with the right password and a wrong code of two-factor authentication. */
  LOGIN_CODE_FAILED("login.code_failed"),
  /** A login with the right password and without the code that it needs, as the dashboard makes it before it asks for one. */
  LOGIN_CODE_MISSING("login.code_missing"),
  /** A logged-in user's wrong password, where a call asks for the current one. The subject is the user, as is the next. */
  CONFIRMATION_FAILED("confirmation.failed"),
  /** The right password with a wrong code of two-factor authentication. */
  CONFIRMATION_CODE_FAILED("confirmation.code_failed"),
  /** Of the invitation, as is the next. */
  INVITATION_CREATED("invitation.created"),
  INVITATION_REVOKED("invitation.revoked"),
  /** Of the user who was created by it. */
  INVITATION_ACCEPTED("invitation.accepted"),
  USER_CREATED("user.created"),
  USER_DELETED("user.deleted"),
  USER_ROLE_CHANGED("user.role_changed"),
  /** A link for a new password was created. Its use is a change of the password. */
  USER_PASSWORD_RESET("user.password_reset"),
  /** Such a link was mailed to a user who asked for it without a login. The subject is the user. */
  USER_PASSWORD_RESET_REQUESTED("user.password_reset_requested"),
  /** Of the link. */
  PASSWORD_RESET_REVOKED("password_reset.revoked"),
  TWO_FACTOR_ENABLED("two_factor.enabled"),
  TWO_FACTOR_DISABLED("two_factor.disabled"),
  /** A recovery code was used in place of a code of the app. */
  RECOVERY_CODE_USED("two_factor.recovery_code_used"),
  USER_PASSWORD_CHANGED("user.password_changed"),
  /** Of the user whose alerts they are, as is the next. */
  ALERTS_UPDATED("alerts.updated"),
  ALERTS_TESTED("alerts.tested"),
  /** The subject is the user who logged in, as for the next two. */
  SESSION_STARTED("session.started"),
  SESSION_ENDED("session.ended"),
  /** A replaced cookie was used again: someone has a copy, and the session was ended. */
  SESSION_REUSED("session.reused"),
  /** Of the user, as are the next two. */
  PASSKEY_CREATED("passkey.created"),
  PASSKEY_DELETED("passkey.deleted"),
  PASSKEY_RENAMED("passkey.renamed"),
  /** A login with a passkey of the user that was refused. An unknown passkey belongs to no account and is not recorded. */
  LOGIN_PASSKEY_FAILED("login.passkey_failed"),
  /** Of the link, as are the next two. */
  PORTAL_LINK_CREATED("portal_link.created"),
  /** The customer opened the link. What they do after that is recorded in their name. */
  PORTAL_LINK_OPENED("portal_link.opened"),
  PORTAL_LINK_REVOKED("portal_link.revoked");

  private final String wireName;

  Action(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  static Optional<Action> named(String wireName) {
    return Arrays.stream(values()).filter(action -> action.wireName.equals(wireName)).findAny();
  }
}
