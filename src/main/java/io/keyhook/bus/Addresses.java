package io.keyhook.bus;

import java.time.Duration;
import java.util.Optional;

/** Every address of the bus. */
public final class Addresses {
  /** For requests that wait for an endpoint or for a long queue. */
  private static final Duration LONG = Duration.ofSeconds(30);
  /** For a mail server that looks at a mail for long before it accepts it. */
  private static final Duration MAIL = Duration.ofMinutes(5);
  /** Reads the whole log of an account. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  public static final Address<Accounts.Authenticate, Caller> AUTHENTICATE = new Address<>("account.authenticate");
  public static final Address<Accounts.Login, Accounts.Token> LOGIN = new Address<>("account.login", LONG);
  public static final Address<Accounts.Create, Accounts.Account> CREATE_ACCOUNT = new Address<>("account.create", LONG);
  public static final Address<Accounts.Update, Accounts.Account> UPDATE_ACCOUNT = new Address<>("account.update", LONG);
  /** The response is empty if there was an account already. */
  public static final Address<Accounts.Bootstrap, Optional<Accounts.Account>> BOOTSTRAP =
      new Address<>("account.bootstrap");
  public static final Address<Accounts.ListAll, Page<Accounts.Account>> LIST_ACCOUNTS = new Address<>("account.list", LONG);
  public static final Address<Accounts.Find, Accounts.Account> FIND_ACCOUNT = new Address<>("account.find");
  public static final Address<Accounts.SetSuspended, Accounts.Account> SET_ACCOUNT_SUSPENDED =
      new Address<>("account.set-suspended", LONG);
  public static final Address<Accounts.Erase, Void> ERASE_ACCOUNT = new Address<>("account.erase");
  public static final Address<Accounts.Export, Accounts.Exported> EXPORT_ACCOUNT = new Address<>("account.export");
  public static final Address<Accounts.EraseCustomer, Accounts.ErasedCustomer> ERASE_CUSTOMER =
      new Address<>("account.erase-customer", LONGEST);
  public static final Address<Accounts.Get, Accounts.Overview> GET_ACCOUNT = new Address<>("account.get");
  public static final Address<Accounts.SignUp, Accounts.Account> SIGN_UP = new Address<>("account.sign-up", LONG);
  public static final Address<Users.ListUsers, Page<Users.User>> LIST_USERS = new Address<>("user.list");
  public static final Address<Users.CreateUser, Users.User> CREATE_USER = new Address<>("user.create", LONG);
  public static final Address<Users.ChangeRole, Users.User> CHANGE_ROLE = new Address<>("user.change-role");
  public static final Address<Users.DeleteUser, Void> DELETE_USER = new Address<>("user.delete");
  public static final Address<Users.ChangePassword, Void> CHANGE_PASSWORD = new Address<>("user.change-password", LONG);
  public static final Address<Links.Invite, Links.CreatedInvitation> INVITE = new Address<>("invitation.create");
  public static final Address<Links.ListInvitations, Page<Links.Invitation>> LIST_INVITATIONS =
      new Address<>("invitation.list");
  public static final Address<Links.RevokeInvitation, Void> REVOKE_INVITATION = new Address<>("invitation.revoke");
  public static final Address<Links.FindInvitation, Links.Invited> FIND_INVITATION = new Address<>("invitation.find");
  public static final Address<Links.Accept, Links.Accepted> ACCEPT_INVITATION = new Address<>("invitation.accept", LONG);
  public static final Address<Links.ResetPassword, Links.PasswordReset> RESET_PASSWORD = new Address<>("user.reset-password", LONG);
  public static final Address<Links.ListPasswordResets, Page<Links.OpenPasswordReset>> LIST_PASSWORD_RESETS =
      new Address<>("password-reset.list");
  public static final Address<Links.RevokePasswordReset, Void> REVOKE_PASSWORD_RESET = new Address<>("password-reset.revoke");
  public static final Address<Users.Confirm, Void> CONFIRM = new Address<>("user.confirm", LONG);
  public static final Address<Links.ResetPasswordOf, Links.PasswordReset> RESET_PASSWORD_OF = new Address<>("user.reset-password-of");
  public static final Address<Links.MailPasswordReset, Links.Requested> MAIL_PASSWORD_RESET =
      new Address<>("user.mail-password-reset");
  public static final Address<Mails.Send, Void> SEND_MAIL = new Address<>("mail.send", MAIL);
  public static final Address<Links.SetPassword, Links.PasswordSet> SET_PASSWORD = new Address<>("user.set-password", LONG);
  public static final Address<TwoFactor.Begin, TwoFactor.Setup> BEGIN_TWO_FACTOR = new Address<>("two-factor.begin", LONG);
  public static final Address<TwoFactor.Enable, TwoFactor.RecoveryCodes> ENABLE_TWO_FACTOR =
      new Address<>("two-factor.enable");
  public static final Address<TwoFactor.Disable, Void> DISABLE_TWO_FACTOR = new Address<>("two-factor.disable", LONG);
  public static final Address<TwoFactor.DisableOf, Void> DISABLE_TWO_FACTOR_OF = new Address<>("two-factor.disable-of", LONG);
  public static final Address<Accounts.GetMe, Accounts.Me> GET_ME = new Address<>("account.me");
  public static final Address<Sessions.Open, Sessions.Opened> OPEN_SESSION = new Address<>("session.open", LONG);
  public static final Address<Sessions.Refresh, Sessions.Opened> REFRESH_SESSION = new Address<>("session.refresh");
  public static final Address<Sessions.End, Void> END_SESSION = new Address<>("session.end");
  public static final Address<Sessions.ListSessions, Page<Sessions.Session>> LIST_SESSIONS = new Address<>("session.list");
  public static final Address<Sessions.EndOne, Void> END_ONE_SESSION = new Address<>("session.end-one");
  public static final Address<Sessions.EndOthers, Void> END_OTHER_SESSIONS = new Address<>("session.end-others");
  public static final Address<Sessions.FindDevice, Optional<String>> FIND_DEVICE = new Address<>("session.findDevice");
  public static final Address<Passkeys.Begin, Passkeys.Creation> BEGIN_PASSKEY = new Address<>("passkey.begin");
  public static final Address<Passkeys.Create, Passkeys.Passkey> CREATE_PASSKEY = new Address<>("passkey.create");
  public static final Address<Passkeys.ListAll, Page<Passkeys.Passkey>> LIST_PASSKEYS = new Address<>("passkey.list");
  public static final Address<Passkeys.Rename, Passkeys.Passkey> RENAME_PASSKEY = new Address<>("passkey.rename");
  public static final Address<Passkeys.Delete, Void> DELETE_PASSKEY = new Address<>("passkey.delete");
  public static final Address<Passkeys.BeginLogin, Passkeys.Login> BEGIN_PASSKEY_LOGIN = new Address<>("passkey.begin-login");
  public static final Address<Passkeys.Open, Sessions.Opened> OPEN_PASSKEY_SESSION = new Address<>("passkey.open-session");
  public static final Address<Info.GetSettings, Info.Settings> GET_SETTINGS = new Address<>("info.settings");
  public static final Address<Info.ListPlans, Page<Info.Plan>> LIST_PLANS = new Address<>("info.plans");
  public static final Address<Info.ListEventTypes, Page<Info.EventType>> LIST_EVENT_TYPES =
      new Address<>("info.event-types");
  public static final Address<Accounts.CreateApiKey, Accounts.CreatedApiKey> CREATE_API_KEY =
      new Address<>("api-key.create");
  public static final Address<Accounts.GetApiKey, Accounts.ApiKey> GET_API_KEY = new Address<>("api-key.get");
  public static final Address<Accounts.ListApiKeys, Page<Accounts.ApiKey>> LIST_API_KEYS = new Address<>("api-key.list");
  public static final Address<Accounts.DeleteApiKey, Void> DELETE_API_KEY = new Address<>("api-key.delete");
  public static final Address<Alerts.Get, Alerts.Settings> GET_ALERTS = new Address<>("alert.get");
  public static final Address<Alerts.Update, Alerts.Settings> UPDATE_ALERTS = new Address<>("alert.update");
  public static final Address<Alerts.Test, Alerts.TestResult> TEST_ALERTS = new Address<>("alert.test", LONG);
  public static final Address<SigningKeys.ListAll, Page<SigningKeys.SigningKey>> LIST_SIGNING_KEYS =
      new Address<>("signing-key.list");
  public static final Address<SigningKeys.GetPublic, Page<SigningKeys.SigningKey>> GET_PUBLIC_KEYS =
      new Address<>("signing-key.public");
  public static final Address<SigningKeys.Rotate, SigningKeys.SigningKey> ROTATE_SIGNING_KEY =
      new Address<>("signing-key.rotate");
  public static final Address<SigningKeys.Delete, Void> DELETE_SIGNING_KEY = new Address<>("signing-key.delete");
  public static final Address<Audit.ListEntries, Page<Audit.Entry>> LIST_AUDIT = new Address<>("audit.list");

  public static final Address<Licenses.Validate, Licenses.Validation> VALIDATE = new Address<>("license.validate");
  public static final Address<Licenses.ValidateSigned, Licenses.SignedValidation> VALIDATE_SIGNED =
      new Address<>("license.validate-signed");
  public static final Address<Licenses.CreateFile, Licenses.LicenseFile> CREATE_LICENSE_FILE =
      new Address<>("license.create-file");
  public static final Address<Licenses.Deactivate, Licenses.Deactivation> DEACTIVATE = new Address<>("license.deactivate");
  public static final Address<Licenses.Create, Licenses.License> CREATE_LICENSE = new Address<>("license.create");
  public static final Address<Licenses.CreateMany, Page<Licenses.License>> CREATE_LICENSES =
      new Address<>("license.create-many", LONG);
  public static final Address<Licenses.Import, Licenses.Imported> IMPORT_LICENSES = new Address<>("license.import", LONG);
  public static final Address<Licenses.CheckDevice, Licenses.Checked> CHECK_DEVICE = new Address<>("license.check");
  public static final Address<Licenses.List, Page<Licenses.License>> LIST_LICENSES = new Address<>("license.list", LONG);
  public static final Address<Licenses.Get, Licenses.License> GET_LICENSE = new Address<>("license.get");
  public static final Address<Licenses.GetAll, Page<Licenses.License>> GET_LICENSES = new Address<>("license.get_all");
  public static final Address<Licenses.Update, Licenses.License> UPDATE_LICENSE = new Address<>("license.update");
  public static final Address<Licenses.Delete, Void> DELETE_LICENSE = new Address<>("license.delete");
  public static final Address<Licenses.SetDisabled, Licenses.License> SET_LICENSE_DISABLED =
      new Address<>("license.set-disabled");
  public static final Address<Licenses.ListActivations, Page<Licenses.Activation>> LIST_ACTIVATIONS =
      new Address<>("activation.list");
  public static final Address<Licenses.DeleteActivation, Void> DELETE_ACTIVATION = new Address<>("activation.delete");

  public static final Address<Policies.Create, Policies.Policy> CREATE_POLICY = new Address<>("policy.create");
  public static final Address<Policies.List, Page<Policies.Policy>> LIST_POLICIES = new Address<>("policy.list");
  public static final Address<Policies.Get, Policies.Policy> GET_POLICY = new Address<>("policy.get");
  public static final Address<Policies.Update, Policies.Policy> UPDATE_POLICY = new Address<>("policy.update");
  public static final Address<Policies.Delete, Void> DELETE_POLICY = new Address<>("policy.delete");
  public static final Address<Products.Create, Products.Product> CREATE_PRODUCT = new Address<>("product.create");
  public static final Address<Products.List, Page<Products.Product>> LIST_PRODUCTS = new Address<>("product.list");
  public static final Address<Products.Get, Products.Product> GET_PRODUCT = new Address<>("product.get");
  public static final Address<Products.Update, Products.Product> UPDATE_PRODUCT = new Address<>("product.update");
  public static final Address<Products.Delete, Void> DELETE_PRODUCT = new Address<>("product.delete");

  public static final Address<Webhooks.Create, Webhooks.WithSecret> CREATE_WEBHOOK = new Address<>("webhook.create");
  public static final Address<Webhooks.ListAll, Page<Webhooks.Webhook>> LIST_WEBHOOKS = new Address<>("webhook.list");
  public static final Address<Webhooks.Get, Webhooks.Webhook> GET_WEBHOOK = new Address<>("webhook.get");
  public static final Address<Webhooks.Update, Webhooks.Webhook> UPDATE_WEBHOOK = new Address<>("webhook.update");
  public static final Address<Webhooks.Delete, Void> DELETE_WEBHOOK = new Address<>("webhook.delete");
  public static final Address<Webhooks.SetPaused, Webhooks.Webhook> SET_WEBHOOK_PAUSED =
      new Address<>("webhook.set-paused");
  public static final Address<Webhooks.RotateSecret, Webhooks.WithSecret> ROTATE_SECRET =
      new Address<>("webhook.rotate-secret");
  public static final Address<Webhooks.Preview, Webhooks.Previewed> PREVIEW_WEBHOOK = new Address<>("webhook.preview");
  public static final Address<Webhooks.Test, Webhooks.TestResult> TEST_WEBHOOK = new Address<>("webhook.test", LONG);
  public static final Address<Webhooks.GetHealth, Webhooks.Health> GET_HEALTH = new Address<>("webhook.health");

  public static final Address<TestEndpoints.Create, TestEndpoints.TestEndpoint> CREATE_TEST_ENDPOINT =
      new Address<>("test-endpoint.create");
  public static final Address<TestEndpoints.Get, TestEndpoints.TestEndpoint> GET_TEST_ENDPOINT =
      new Address<>("test-endpoint.get");
  public static final Address<TestEndpoints.Delete, Void> DELETE_TEST_ENDPOINT = new Address<>("test-endpoint.delete");
  /** An attempt to a test endpoint. */
  public static final Address<TestEndpoints.Receive, TestEndpoints.Outcome> RECEIVE_TEST =
      new Address<>("test-endpoint.receive");

  public static final Address<Listening.Listen, Listening.Requests> LISTEN = new Address<>("listener.listen", LONG);
  public static final Address<Listening.Respond, Void> RESPOND = new Address<>("listener.respond");
  /** An attempt to a listener. */
  public static final Address<Listening.Offer, Listening.Response> OFFER = new Address<>("listener.offer", LONG);

  public static final Address<Deliveries.ListOf, Page<Deliveries.Summary>> LIST_DELIVERIES =
      new Address<>("delivery.list");
  public static final Address<Deliveries.ListAll, Page<Deliveries.Summary>> LIST_ALL_DELIVERIES =
      new Address<>("delivery.list-all", LONG);
  public static final Address<Deliveries.ListCauses, Deliveries.Causes> LIST_CAUSES =
      new Address<>("delivery.list-causes");
  public static final Address<Deliveries.Get, Deliveries.Delivery> GET_DELIVERY = new Address<>("delivery.get");
  public static final Address<Deliveries.Redeliver, Deliveries.Delivery> REDELIVER = new Address<>("delivery.redeliver");
  public static final Address<Deliveries.RedeliverAll, Deliveries.Redelivering> REDELIVER_ALL =
      new Address<>("delivery.redeliver-all", LONG);
  public static final Address<Deliveries.Recover, Deliveries.Recovering> RECOVER = new Address<>("delivery.recover");
  public static final Address<Recoveries.PreviewOf, Recoveries.Preview> PREVIEW_RECOVERY =
      new Address<>("recovery.preview");
  public static final Address<Recoveries.ListAll, Page<Recoveries.Recovery>> LIST_RECOVERIES =
      new Address<>("recovery.list");
  public static final Address<Recoveries.Get, Recoveries.Recovery> GET_RECOVERY = new Address<>("recovery.get");
  public static final Address<Recoveries.Stop, Recoveries.Recovery> STOP_RECOVERY = new Address<>("recovery.stop");
  public static final Address<Deliveries.CancelPending, Void> CANCEL_PENDING = 
      new Address<>("delivery.cancel-pending", LONG);
  /** Published when deliveries that wait on this node for an attempt are canceled. */
  public static final Address<Deliveries.CancelPending, Void> CANCELED = new Address<>("delivery.canceled");
  /** Published when a webhook's settings have to be read again before anything is sent. */
  public static final Address<Deliveries.WebhookChanged, Void> WEBHOOK_CHANGED = new Address<>("delivery.webhook-changed");
  /** Published when no further attempt may start. */
  public static final Address<Deliveries.Stopping, Void> STOPPING = new Address<>("delivery.stopping");
  public static final Address<Deliveries.SendTest, Webhooks.TestResult> SEND_TEST = 
      new Address<>("delivery.send-test", LONG);

  public static final Address<Statistics.Get, Statistics.Overview> GET_STATISTICS = new Address<>("statistics.get");
  public static final Address<Statistics.GetWebhooks, Page<Statistics.WebhookActivity>> GET_WEBHOOK_STATISTICS =
      new Address<>("statistics.webhooks");

  public static final Address<Portals.Create, Portals.Created> CREATE_PORTAL_LINK = new Address<>("portal.create-link");
  public static final Address<Portals.ListAll, Page<Portals.Link>> LIST_PORTAL_LINKS = new Address<>("portal.list-links");
  public static final Address<Portals.Revoke, Void> REVOKE_PORTAL_LINK = new Address<>("portal.revoke-link");
  public static final Address<Portals.Open, Portals.Opened> OPEN_PORTAL = new Address<>("portal.open");
  public static final Address<Portals.Resume, Portals.Opened> RESUME_PORTAL = new Address<>("portal.resume");
  public static final Address<Portals.End, Void> END_PORTAL = new Address<>("portal.end");

  private Addresses() {}
}
