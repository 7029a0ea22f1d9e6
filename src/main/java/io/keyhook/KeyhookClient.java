package io.keyhook;

import io.keyhook.bus.Accounts;
import io.keyhook.bus.Address;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Alerts;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Events;
import io.keyhook.bus.Info;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Links;
import io.keyhook.bus.Listening;
import io.keyhook.bus.Page;
import io.keyhook.bus.Passkeys;
import io.keyhook.bus.Policies;
import io.keyhook.bus.Portals;
import io.keyhook.bus.Products;
import io.keyhook.bus.Recoveries;
import io.keyhook.bus.Sessions;
import io.keyhook.bus.SigningKeys;
import io.keyhook.bus.Statistics;
import io.keyhook.bus.TestEndpoints;
import io.keyhook.bus.TwoFactor;
import io.keyhook.bus.Users;
import io.keyhook.bus.Webhooks;
import io.keyhook.event.EventFeed;
import io.keyhook.event.Subscription;
import io.keyhook.fair.Admissions;
import io.keyhook.fair.ClientTenant;
import io.keyhook.log.DeliveryFeed;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * All calls of Keyhook, for code in the same Vert.x: HTTP is one user of it, an embedding application another. Messages
 * stay on this node. Futures fail with {@link io.keyhook.bus.FailureException}; messages refuse invalid values when they are
 * created. Any thread; futures complete on the caller's context.
 */
public final class KeyhookClient {
  /** Takes turns for calls about accounts, as a tenant of its own. */
  private static final String ADMINISTRATOR = "administrator";

  private final Bus bus;
  private final EventFeed feed;
  private final DeliveryFeed deliveries;
  private final Admissions admissions;

  KeyhookClient(Bus bus, EventFeed feed, Admissions admissions) {
    this.bus = bus;
    this.feed = feed;
    this.deliveries = new DeliveryFeed(bus);
    this.admissions = admissions;
  }

  /**
   * Makes a call when it is the tenant's turn for a shared connection. Calls that wait for something else, such as a password
   * hash or a name server, take turns in the verticle that serves them.
   *
   * @param tenant an account's id, or a client's address
   */
  private <Q, A> Future<A> manage(Object tenant, Address<Q, A> address, Q question) {
    return admissions.management().run(tenant, () -> bus.request(address, question));
  }

  /** Validates a license for a device. A new device is activated unless the activation limit is reached. */
  public Future<Licenses.Validation> validate(Licenses.Validate request) {
    return bus.request(Addresses.VALIDATE, request);
  }

  /** Validates a license as {@link #validate} does, and signs the result with the key of the license's account. */
  public Future<Licenses.SignedValidation> validateSigned(Licenses.ValidateSigned request) {
    return bus.request(Addresses.VALIDATE_SIGNED, request);
  }

  /** Creates a license file for a device without a network, which it activates. Refusals fail with {@link io.keyhook.bus.Failure.Conflict}. */
  public Future<Licenses.LicenseFile> createLicenseFile(Licenses.CreateFile request) {
    return manage(request.caller().accountId(), Addresses.CREATE_LICENSE_FILE, request);
  }

  /** Frees the activation of a device, for the device itself. A team member's call is {@link #deleteActivation}. */
  public Future<Licenses.Deactivation> deactivate(Licenses.Deactivate request) {
    return manage(ClientTenant.of(request.ipAddress()), Addresses.DEACTIVATE, request);
  }

  /**
   * Subscribes to the events that this node raises. The handler is called after they are committed, on the caller's context.
   * Events are not kept for subscribers; what must arrive belongs to a webhook.
   *
   * @param events types, or {@code license.*} for all, as in {@link Webhooks.Create}
   */
  public Events.Subscription subscribe(Collection<String> events, Consumer<Events.Event> handler) {
    return feed.subscribe(Subscription.of(events), handler);
  }

  /** The same for license.activated, license.deactivated, license.disabled, license.expired and license.validated. */
  public Events.Subscription subscribe(Consumer<Events.Event> handler) {
    return feed.subscribe(Subscription.OLDER, handler);
  }

  /**
   * The same for the events that all nodes of a clustered Vert.x raise, each of them once. Nodes that run take part within a
   * moment of the call, and nodes that start later from their first event on. Without a cluster, this is {@link #subscribe}.
   */
  public Events.Subscription subscribeToAllNodes(Consumer<Events.Event> handler) {
    return feed.subscribeToAllNodes(Subscription.OLDER, handler);
  }

  /** The same for the types that {@link #subscribe(Collection, Consumer)} names. */
  public Events.Subscription subscribeToAllNodes(Collection<String> events, Consumer<Events.Event> handler) {
    return feed.subscribeToAllNodes(Subscription.of(events), handler);
  }

  public Future<Caller> authenticate(Accounts.Authenticate request) {
    return bus.request(Addresses.AUTHENTICATE, request);
  }

  public Future<Accounts.Token> login(Accounts.Login request) {
    return bus.request(Addresses.LOGIN, request);
  }

  /** Starts a session, which lasts longer than a token. */
  public Future<Sessions.Opened> openSession(Sessions.Open request) {
    return bus.request(Addresses.OPEN_SESSION, request);
  }

  public Future<Sessions.Opened> refreshSession(Sessions.Refresh request) {
    return manage(ClientTenant.of(request.ipAddress()), Addresses.REFRESH_SESSION, request);
  }

  public Future<Optional<String>> findDevice(Sessions.FindDevice query) {
    return bus.request(Addresses.FIND_DEVICE, query);
  }

  public Future<Void> endSession(Sessions.End request) {
    return manage(ClientTenant.of(request.ipAddress()), Addresses.END_SESSION, request);
  }

  /** Lists the sessions of the caller. */
  public Future<Page<Sessions.Session>> listSessions(Sessions.ListSessions query) {
    return manage(query.caller().accountId(), Addresses.LIST_SESSIONS, query);
  }

  /** Ends a session of the caller; its tokens are refused from then on. */
  public Future<Void> endSession(Sessions.EndOne request) {
    return manage(request.caller().accountId(), Addresses.END_ONE_SESSION, request);
  }

  public Future<Void> endOtherSessions(Sessions.EndOthers request) {
    return manage(request.caller().accountId(), Addresses.END_OTHER_SESSIONS, request);
  }

  /** Signs up: creates an account on the plan of new accounts. Fails if the configuration does not allow it. */
  public Future<Accounts.Account> signUp(Accounts.SignUp request) {
    return bus.request(Addresses.SIGN_UP, request);
  }

  public Future<Page<Users.User>> listUsers(Users.ListUsers query) {
    return manage(query.caller().accountId(), Addresses.LIST_USERS, query);
  }

  public Future<Users.User> createUser(Users.CreateUser request) {
    return bus.request(Addresses.CREATE_USER, request);
  }

  public Future<Users.User> changeRole(Users.ChangeRole request) {
    return manage(request.caller().accountId(), Addresses.CHANGE_ROLE, request);
  }

  public Future<Void> deleteUser(Users.DeleteUser request) {
    return manage(request.caller().accountId(), Addresses.DELETE_USER, request);
  }

  /** Creates a link by which a colleague becomes a team member within 7 days. Sending it is up to the caller. */
  public Future<Links.CreatedInvitation> invite(Links.Invite request) {
    return manage(request.caller().accountId(), Addresses.INVITE, request);
  }

  public Future<Page<Links.Invitation>> listInvitations(Links.ListInvitations query) {
    return manage(query.caller().accountId(), Addresses.LIST_INVITATIONS, query);
  }

  public Future<Void> revokeInvitation(Links.RevokeInvitation request) {
    return manage(request.caller().accountId(), Addresses.REVOKE_INVITATION, request);
  }

  /** Returns the invitation of a token. Fails with {@link io.keyhook.bus.Failure.NotFound} if it cannot be used any more. */
  public Future<Links.Invited> findInvitation(Links.FindInvitation query, String ipAddress) {
    return manage(ClientTenant.of(ipAddress), Addresses.FIND_INVITATION, query);
  }

  /** Creates the invited user. */
  public Future<Links.Accepted> acceptInvitation(Links.Accept request) {
    return bus.request(Addresses.ACCEPT_INVITATION, request);
  }

  /**
   * Creates a link by which another team member sets a new password within a day. Sending it is up to the caller, who must be a
   * user.
   */
  public Future<Links.PasswordReset> resetPassword(Links.ResetPassword request) {
    return bus.request(Addresses.RESET_PASSWORD, request);
  }

  /** Creates the same link for an administrator, or for an application that checks permissions itself. */
  public Future<Links.PasswordReset> resetPasswordOf(Links.ResetPasswordOf request) {
    return manage(request.caller().accountId(), Addresses.RESET_PASSWORD_OF, request);
  }

  /**
   * Mails a link to a user who forgot the password, if there is such a user. Succeeds before it has looked.
   */
  public Future<Links.Requested> mailPasswordReset(Links.MailPasswordReset request) {
    return bus.request(Addresses.MAIL_PASSWORD_RESET, request);
  }

  /** Lists the links to set a password that have not been used. */
  public Future<Page<Links.OpenPasswordReset>> listPasswordResets(Links.ListPasswordResets query) {
    return manage(query.caller().accountId(), Addresses.LIST_PASSWORD_RESETS, query);
  }

  public Future<Void> revokePasswordReset(Links.RevokePasswordReset request) {
    return manage(request.caller().accountId(), Addresses.REVOKE_PASSWORD_RESET, request);
  }

  /** Sets the password for which a link was created. */
  public Future<Links.PasswordSet> setPassword(Links.SetPassword request) {
    return bus.request(Addresses.SET_PASSWORD, request);
  }

  /** Creates a key for two-factor authentication, which {@link #enableTwoFactor} turns on. */
  public Future<TwoFactor.Setup> beginTwoFactor(TwoFactor.Begin request) {
    return bus.request(Addresses.BEGIN_TWO_FACTOR, request);
  }

  public Future<TwoFactor.RecoveryCodes> enableTwoFactor(TwoFactor.Enable request) {
    return manage(request.caller().accountId(), Addresses.ENABLE_TWO_FACTOR, request);
  }

  public Future<Void> disableTwoFactor(TwoFactor.Disable request) {
    return bus.request(Addresses.DISABLE_TWO_FACTOR, request);
  }

  /** Turns two-factor authentication off for a team member who lost the app and the recovery codes. */
  public Future<Void> disableTwoFactor(TwoFactor.DisableOf request) {
    return manage(request.caller().accountId(), Addresses.DISABLE_TWO_FACTOR_OF, request);
  }

  /** Begins to create a passkey. The caller must be a user, who enters the password again. */
  public Future<Passkeys.Creation> beginPasskey(Passkeys.Begin request) {
    return bus.request(Addresses.BEGIN_PASSKEY, request);
  }

  public Future<Passkeys.Passkey> createPasskey(Passkeys.Create request) {
    return manage(request.caller().accountId(), Addresses.CREATE_PASSKEY, request);
  }

  public Future<Page<Passkeys.Passkey>> listPasskeys(Passkeys.ListAll query) {
    return manage(query.caller().accountId(), Addresses.LIST_PASSKEYS, query);
  }

  public Future<Passkeys.Passkey> renamePasskey(Passkeys.Rename request) {
    return manage(request.caller().accountId(), Addresses.RENAME_PASSKEY, request);
  }

  public Future<Void> deletePasskey(Passkeys.Delete request) {
    return bus.request(Addresses.DELETE_PASSKEY, request);
  }

  public Future<Passkeys.Login> beginPasskeyLogin(Passkeys.BeginLogin request) {
    return bus.request(Addresses.BEGIN_PASSKEY_LOGIN, request);
  }

  /** Logs in with a passkey. Fails with {@link io.keyhook.bus.Failure.Unauthorized}. */
  public Future<Sessions.Opened> openSession(Passkeys.Open request) {
    return bus.request(Addresses.OPEN_PASSKEY_SESSION, request);
  }

  /**
   * Checks the password of a user before a call for which a stolen token must not be enough. Fails with
   * {@link io.keyhook.bus.Failure.Forbidden}.
   */
  public Future<Void> confirm(Users.Confirm request) {
    return bus.request(Addresses.CONFIRM, request);
  }

  public Future<Void> changePassword(Users.ChangePassword request) {
    return bus.request(Addresses.CHANGE_PASSWORD, request);
  }

  /** Returns the caller's identity. */
  public Future<Accounts.Me> getMe(Accounts.GetMe query) {
    return manage(query.caller().accountId(), Addresses.GET_ME, query);
  }

  public Future<Info.Settings> getSettings(Info.GetSettings query) {
    return bus.request(Addresses.GET_SETTINGS, query);
  }

  public Future<Page<Info.Plan>> listPlans(Info.ListPlans query) {
    return bus.request(Addresses.LIST_PLANS, query);
  }

  public Future<Page<Info.EventType>> listEventTypes(Info.ListEventTypes query) {
    return bus.request(Addresses.LIST_EVENT_TYPES, query);
  }

  /** For administrators: the host decides who may make this call. */
  public Future<Accounts.Account> createAccount(Accounts.Create request) {
    return bus.request(Addresses.CREATE_ACCOUNT, request);
  }

  /** For administrators: the host decides who may make this call. */
  public Future<Accounts.Account> updateAccount(Accounts.Update request) {
    return bus.request(Addresses.UPDATE_ACCOUNT, request);
  }

  /** For administrators: the host decides who may make this call. */
  public Future<Page<Accounts.Account>> listAccounts(Accounts.ListAll query) {
    return manage(ADMINISTRATOR, Addresses.LIST_ACCOUNTS, query);
  }

  /** For administrators: the host decides who may make this call. */
  public Future<Accounts.Account> findAccount(Accounts.Find query) {
    return manage(ADMINISTRATOR, Addresses.FIND_ACCOUNT, query);
  }

  /**
   * For administrators: the host decides who may make this call. Validations, logins and API calls of a suspended account are
   * refused; calls that a host makes for the account are not.
   */
  public Future<Accounts.Account> setAccountSuspended(Accounts.SetSuspended request) {
    return manage(ADMINISTRATOR, Addresses.SET_ACCOUNT_SUSPENDED, request);
  }

  /** For administrators: the host decides who may make this call. Completes when the erasure is certain to happen. */
  public Future<Void> eraseAccount(Accounts.Erase request) {
    return manage(ADMINISTRATOR, Addresses.ERASE_ACCOUNT, request);
  }

  /** For administrators: the host decides who may make this call. */
  public Future<Accounts.Exported> exportAccount(Accounts.Export query) {
    return manage(ADMINISTRATOR, Addresses.EXPORT_ACCOUNT, query);
  }

  /**
   * Completes when all of it is erased, which can take minutes for a long log. If it fails, call it again: it continues with
   * what is left.
   */
  public Future<Accounts.ErasedCustomer> eraseCustomer(Accounts.EraseCustomer request) {
    return admissions.exports().run(request.caller().accountId(), () -> bus.request(Addresses.ERASE_CUSTOMER, request));
  }

  public Future<Accounts.Overview> getAccount(Accounts.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_ACCOUNT, query);
  }

  public Future<Accounts.CreatedApiKey> createApiKey(Accounts.CreateApiKey request) {
    return manage(request.caller().accountId(), Addresses.CREATE_API_KEY, request);
  }

  public Future<Accounts.ApiKey> getApiKey(Accounts.GetApiKey query) {
    return manage(query.caller().accountId(), Addresses.GET_API_KEY, query);
  }

  public Future<Page<Accounts.ApiKey>> listApiKeys(Accounts.ListApiKeys query) {
    return manage(query.caller().accountId(), Addresses.LIST_API_KEYS, query);
  }

  public Future<Void> deleteApiKey(Accounts.DeleteApiKey request) {
    return manage(request.caller().accountId(), Addresses.DELETE_API_KEY, request);
  }

  /** Returns the audit log of the caller's account. */
  public Future<Page<Audit.Entry>> listAudit(Audit.ListEntries query) {
    return manage(query.caller().accountId(), Addresses.LIST_AUDIT, query);
  }

  public Future<Licenses.License> createLicense(Licenses.Create request) {
    return manage(request.caller().accountId(), Addresses.CREATE_LICENSE, request);
  }

  public Future<Page<Licenses.License>> createLicenses(Licenses.CreateMany request) {
    return manage(request.caller().accountId(), Addresses.CREATE_LICENSES, request);
  }

  public Future<Licenses.Imported> importLicenses(Licenses.Import request) {
    return manage(request.caller().accountId(), Addresses.IMPORT_LICENSES, request);
  }

  /** Returns what {@link #validate} would return, without changing anything. */
  public Future<Licenses.Checked> checkDevice(Licenses.CheckDevice query) {
    return manage(query.caller().accountId(), Addresses.CHECK_DEVICE, query);
  }

  public Future<Licenses.License> getLicense(Licenses.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_LICENSE, query);
  }

  /** Gets several licenses by their IDs, on one page. */
  public Future<Page<Licenses.License>> getLicenses(Licenses.GetAll query) {
    return manage(query.caller().accountId(), Addresses.GET_LICENSES, query);
  }

  public Future<Page<Licenses.License>> listLicenses(Licenses.List query) {
    return query.isSearch() ? bus.request(Addresses.LIST_LICENSES, query)
        : manage(query.caller().accountId(), Addresses.LIST_LICENSES, query);
  }

  public Future<Licenses.License> updateLicense(Licenses.Update request) {
    return manage(request.caller().accountId(), Addresses.UPDATE_LICENSE, request);
  }

  public Future<Void> deleteLicense(Licenses.Delete request) {
    return manage(request.caller().accountId(), Addresses.DELETE_LICENSE, request);
  }

  public Future<Licenses.License> setLicenseDisabled(Licenses.SetDisabled request) {
    return manage(request.caller().accountId(), Addresses.SET_LICENSE_DISABLED, request);
  }

  public Future<Policies.Policy> createPolicy(Policies.Create request) {
    return manage(request.caller().accountId(), Addresses.CREATE_POLICY, request);
  }

  public Future<Page<Policies.Policy>> listPolicies(Policies.List query) {
    return manage(query.caller().accountId(), Addresses.LIST_POLICIES, query);
  }

  public Future<Policies.Policy> getPolicy(Policies.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_POLICY, query);
  }

  /** Changes a policy. Validations of its licenses follow it from then on. */
  public Future<Policies.Policy> updatePolicy(Policies.Update request) {
    return manage(request.caller().accountId(), Addresses.UPDATE_POLICY, request);
  }

  public Future<Void> deletePolicy(Policies.Delete request) {
    return manage(request.caller().accountId(), Addresses.DELETE_POLICY, request);
  }

  public Future<Products.Product> createProduct(Products.Create request) {
    return manage(request.caller().accountId(), Addresses.CREATE_PRODUCT, request);
  }

  public Future<Page<Products.Product>> listProducts(Products.List query) {
    return manage(query.caller().accountId(), Addresses.LIST_PRODUCTS, query);
  }

  public Future<Products.Product> getProduct(Products.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_PRODUCT, query);
  }

  public Future<Products.Product> updateProduct(Products.Update request) {
    return manage(request.caller().accountId(), Addresses.UPDATE_PRODUCT, request);
  }

  public Future<Void> deleteProduct(Products.Delete request) {
    return manage(request.caller().accountId(), Addresses.DELETE_PRODUCT, request);
  }

  public Future<Page<Licenses.Activation>> listActivations(Licenses.ListActivations query) {
    return manage(query.caller().accountId(), Addresses.LIST_ACTIVATIONS, query);
  }

  public Future<Void> deleteActivation(Licenses.DeleteActivation request) {
    return manage(request.caller().accountId(), Addresses.DELETE_ACTIVATION, request);
  }

  public Future<Webhooks.WithSecret> createWebhook(Webhooks.Create request) {
    return bus.request(Addresses.CREATE_WEBHOOK, request);
  }

  public Future<Webhooks.Webhook> getWebhook(Webhooks.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_WEBHOOK, query);
  }

  public Future<Page<Webhooks.Webhook>> listWebhooks(Webhooks.ListAll query) {
    return manage(query.caller().accountId(), Addresses.LIST_WEBHOOKS, query);
  }

  public Future<Webhooks.Webhook> updateWebhook(Webhooks.Update request) {
    return bus.request(Addresses.UPDATE_WEBHOOK, request);
  }

  public Future<Void> deleteWebhook(Webhooks.Delete request) {
    return manage(request.caller().accountId(), Addresses.DELETE_WEBHOOK, request);
  }

  /** Other nodes start no attempt later than 1 s after a pause, and attempts in flight end. */
  public Future<Webhooks.Webhook> setWebhookPaused(Webhooks.SetPaused request) {
    return manage(request.caller().accountId(), Addresses.SET_WEBHOOK_PAUSED, request);
  }

  public Future<Webhooks.WithSecret> rotateSecret(Webhooks.RotateSecret request) {
    return manage(request.caller().accountId(), Addresses.ROTATE_SECRET, request);
  }

  /** Renders a message with sample data, and sends nothing. Fails if the template is wrong. */
  public Future<Webhooks.Previewed> previewWebhook(Webhooks.Preview request) {
    return manage(request.caller().accountId(), Addresses.PREVIEW_WEBHOOK, request);
  }

  /** Completes when the endpoint has responded. */
  public Future<Webhooks.TestResult> testWebhook(Webhooks.Test request) {
    return admissions.tests().run(request.caller().tenant(), () -> bus.request(Addresses.TEST_WEBHOOK, request));
  }

  public Future<Webhooks.Health> getHealth(Webhooks.GetHealth query) {
    return manage(query.caller().accountId(), Addresses.GET_HEALTH, query);
  }

  /** Creates the account's test endpoint, or extends the one that there is. */
  /** Reads the alerts that the calling user receives. */
  public Future<Alerts.Settings> getAlerts(Alerts.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_ALERTS, query);
  }

  /** Changes the alerts that the calling user receives. */
  public Future<Alerts.Settings> updateAlerts(Alerts.Update request) {
    return manage(request.caller().accountId(), Addresses.UPDATE_ALERTS, request);
  }

  /** Sends a test message to the calling user, by mail and Slack as they have set. */
  public Future<Alerts.TestResult> testAlerts(Alerts.Test request) {
    return admissions.tests().run(request.caller().accountId(), () -> bus.request(Addresses.TEST_ALERTS, request));
  }

  public Future<TestEndpoints.TestEndpoint> createTestEndpoint(TestEndpoints.Create request) {
    return manage(request.caller().accountId(), Addresses.CREATE_TEST_ENDPOINT, request);
  }

  public Future<TestEndpoints.TestEndpoint> getTestEndpoint(TestEndpoints.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_TEST_ENDPOINT, query);
  }

  public Future<Void> deleteTestEndpoint(TestEndpoints.Delete request) {
    return manage(request.caller().accountId(), Addresses.DELETE_TEST_ENDPOINT, request);
  }

  /** Waits up to {@link Listening#WAIT} for attempts of a webhook with the URL of listeners. Accounts share the waiting calls fairly. */
  public Future<Listening.Requests> listen(Listening.Listen query) {
    return bus.request(Addresses.LISTEN, query);
  }

  /** Ends an attempt that {@link #listen} has returned. Not found: it has ended already. */
  public Future<Void> respond(Listening.Respond request) {
    return bus.request(Addresses.RESPOND, request);
  }

  /** Lists the keys that sign validations, newest first. */
  public Future<Page<SigningKeys.SigningKey>> listSigningKeys(SigningKeys.ListAll query) {
    return manage(query.caller().accountId(), Addresses.LIST_SIGNING_KEYS, query);
  }

  /** Returns the public keys of an account, for everyone who verifies what it has signed. */
  public Future<Page<SigningKeys.SigningKey>> getPublicKeys(SigningKeys.GetPublic query, String ipAddress) {
    return manage(ClientTenant.of(ipAddress), Addresses.GET_PUBLIC_KEYS, query);
  }

  public Future<SigningKeys.SigningKey> rotateSigningKey(SigningKeys.Rotate request) {
    return manage(request.caller().accountId(), Addresses.ROTATE_SIGNING_KEY, request);
  }

  public Future<Void> deleteSigningKey(SigningKeys.Delete request) {
    return manage(request.caller().accountId(), Addresses.DELETE_SIGNING_KEY, request);
  }

  public Future<Page<Deliveries.Summary>> listDeliveries(Deliveries.ListOf query) {
    return manage(query.caller().accountId(), Addresses.LIST_DELIVERIES, query);
  }

  /** Lists the deliveries of all webhooks of the account. */
  public Future<Page<Deliveries.Summary>> listAllDeliveries(Deliveries.ListAll query) {
    return manage(query.caller().accountId(), Addresses.LIST_ALL_DELIVERIES, query);
  }

  /**
   * Subscribes to each delivery that is created or changes on any node, within about a second; if very many change, to the
   * newest. Calls back on the caller's context. Accounts share the streams of a node fairly.
   *
   * @param ended called when Keyhook stops, or when it ends the newest stream of the account with the most streams, because all
   *     are in use and an account without a stream opens one
   */
  public Future<Events.Subscription> watchDeliveries(
      Deliveries.Watch query, Consumer<Deliveries.Summary> changed, Runnable ended) {
    return deliveries.watch(query, changed, ended);
  }

  /** Groups the newest failed and retrying deliveries by webhook and cause. */
  public Future<Deliveries.Causes> listCauses(Deliveries.ListCauses query) {
    return manage(query.caller().accountId(), Addresses.LIST_CAUSES, query);
  }

  public Future<Deliveries.Delivery> getDelivery(Deliveries.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_DELIVERY, query);
  }

  public Future<Deliveries.Delivery> redeliver(Deliveries.Redeliver request) {
    return manage(request.caller().accountId(), Addresses.REDELIVER, request);
  }

  /** Returns the statistics of the caller's account. */
  public Future<Statistics.Overview> getStatistics(Statistics.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_STATISTICS, query);
  }

  /** Returns the statistics of each webhook of the account, newest first. */
  public Future<Page<Statistics.WebhookActivity>> getWebhookStatistics(Statistics.GetWebhooks query) {
    return manage(query.caller().accountId(), Addresses.GET_WEBHOOK_STATISTICS, query);
  }

  /** Redelivers all deliveries that can be redelivered, and returns the others with the reasons. */
  public Future<Deliveries.Redelivering> redeliverAll(Deliveries.RedeliverAll request) {
    return manage(request.caller().accountId(), Addresses.REDELIVER_ALL, request);
  }

  /** Returns the number of deliveries and the recovery that sends them in the background. */
  public Future<Deliveries.Recovering> recover(Deliveries.Recover request) {
    return manage(request.caller().accountId(), Addresses.RECOVER, request);
  }

  /** Counts what {@link #recover} would send. */
  public Future<Recoveries.Preview> previewRecovery(Recoveries.PreviewOf query) {
    return manage(query.caller().accountId(), Addresses.PREVIEW_RECOVERY, query);
  }

  /** Lists recoveries, newest first; of each webhook, all that are running and the last hundred. */
  public Future<Page<Recoveries.Recovery>> listRecoveries(Recoveries.ListAll query) {
    return manage(query.caller().accountId(), Addresses.LIST_RECOVERIES, query);
  }

  public Future<Recoveries.Recovery> getRecovery(Recoveries.Get query) {
    return manage(query.caller().accountId(), Addresses.GET_RECOVERY, query);
  }

  public Future<Recoveries.Recovery> stopRecovery(Recoveries.Stop request) {
    return manage(request.caller().accountId(), Addresses.STOP_RECOVERY, request);
  }

  /** Creates a link by which a customer of the account sees and manages their own webhooks. Sending it is up to the caller. */
  public Future<Portals.Created> createPortalLink(Portals.Create request) {
    return manage(request.caller().accountId(), Addresses.CREATE_PORTAL_LINK, request);
  }

  /** Lists the portal links that have not expired, newest first. */
  public Future<Page<Portals.Link>> listPortalLinks(Portals.ListAll query) {
    return manage(query.caller().accountId(), Addresses.LIST_PORTAL_LINKS, query);
  }

  public Future<Void> revokePortalLink(Portals.Revoke request) {
    return manage(request.caller().accountId(), Addresses.REVOKE_PORTAL_LINK, request);
  }

  /** Opens a portal link, once. Fails with {@link io.keyhook.bus.Failure.NotFound} if it cannot be opened any more. */
  public Future<Portals.Opened> openPortal(Portals.Open request) {
    return manage(ClientTenant.of(request.ipAddress()), Addresses.OPEN_PORTAL, request);
  }

  /** Fails with {@link io.keyhook.bus.Failure.SessionEnded} if there is no such session any more. */
  public Future<Portals.Opened> resumePortal(Portals.Resume request) {
    return manage(ClientTenant.of(request.ipAddress()), Addresses.RESUME_PORTAL, request);
  }

  /** Ends the session of a portal, and its link. Succeeds if there is none. */
  public Future<Void> endPortal(Portals.End request) {
    return manage(ClientTenant.of(request.ipAddress()), Addresses.END_PORTAL, request);
  }
}
