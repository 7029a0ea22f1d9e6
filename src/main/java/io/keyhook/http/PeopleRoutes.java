package io.keyhook.http;

import static io.keyhook.http.Authentication.actor;
import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Alerts;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.bus.Links;
import io.keyhook.bus.Role;
import io.keyhook.bus.TwoFactor;
import io.keyhook.bus.Users;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;

/** Routes for the team members of an account, for the caller, and for sign-up. */
final class PeopleRoutes {
  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final ApiRouter.Limits limits;
  private final Confirmation confirmation;

  PeopleRoutes(KeyhookClient client, ClientAddress addresses, ApiRouter.Limits limits, Confirmation confirmation) {
    this.client = client;
    this.addresses = addresses;
    this.limits = limits;
    this.confirmation = confirmation;
  }

  void mount(Calls calls) {
    calls.open(HttpMethod.POST, "/api/auth/signup", 201, context -> {
      String address = addresses.of(context.request());
      Accounts.SignUp signUp = read(context, in -> Accounts.SignUp.of(
          in.text("name"), in.text("email"), in.text("password"), KeyhookOptions.Signup.PLAN, address));
      limits.signUps().check(ClientTenant.of(address));
      return client.signUp(signUp);
    });
    calls.account(HttpMethod.GET, "/api/auth/me", 200, context -> client.getMe(new Accounts.GetMe(caller(context))));
    calls.account(HttpMethod.POST, "/api/auth/password", 204, context -> {
      Users.ChangePassword change = read(context, in -> new Users.ChangePassword(
          caller(context), in.text("currentPassword"), in.text("newPassword"), SessionCookies.read(context)));
      confirmation.checkTries(context);
      return client.changePassword(change);
    });
    calls.accountQuery("/api/users", (context, in) -> new Users.ListUsers(caller(context), in.page()), client::listUsers);
    calls.accountConfirmed("/api/users", 201, context -> {
      Confirmation.Request<Users.CreateUser> create = Confirmation.read(context, in ->
          new Users.CreateUser(caller(context), in.text("email"), in.text("password"), role(in)));
      return confirmation.beforeRole(context, create.message().role(), create, client::createUser);
    });
    calls.account(HttpMethod.PATCH, "/api/users/:id", 200, context -> {
      Confirmation.Request<Users.ChangeRole> change = Confirmation.read(context, in ->
          new Users.ChangeRole(caller(context), id(context), role(in)));
      return confirmation.beforeRole(context, change.message().role(), change, client::changeRole);
    });
    calls.account(HttpMethod.DELETE, "/api/users/:id", 204, context ->
        client.deleteUser(new Users.DeleteUser(caller(context), id(context))));
    links(calls);
    twoFactor(calls);
    alerts(calls);
  }

  private void alerts(Calls calls) {
    calls.account(HttpMethod.GET, "/api/alerts", 200, context -> client.getAlerts(new Alerts.Get(caller(context))));
    calls.account(HttpMethod.PATCH, "/api/alerts", 200, context -> client.updateAlerts(read(context, in ->
        new Alerts.Update(caller(context), in.change("causes", in::texts), in.change("mail", in::bool),
            in.change("slackUrl", in::text)))));
    calls.account(HttpMethod.POST, "/api/alerts/test", 200, context -> {
      Alerts.Test test = read(context, in -> new Alerts.Test(caller(context)));
      limits.checkAlertTest(caller(context));
      return client.testAlerts(test);
    });
  }

  private void twoFactor(Calls calls) {
    calls.account(HttpMethod.POST, "/api/auth/two-factor", 200, context -> {
      TwoFactor.Begin begin = read(context, in -> new TwoFactor.Begin(caller(context), in.text("currentPassword")));
      confirmation.checkTries(context);
      return client.beginTwoFactor(begin);
    });
    calls.account(HttpMethod.POST, "/api/auth/two-factor/enable", 200, context -> {
      TwoFactor.Enable enable = read(context, in -> new TwoFactor.Enable(caller(context), in.text("code"), SessionCookies.read(context)));
      confirmation.checkTries(context);
      return client.enableTwoFactor(enable);
    });
    calls.account(HttpMethod.POST, "/api/auth/two-factor/disable", 204, context -> {
      TwoFactor.Disable disable = read(context, in ->
          new TwoFactor.Disable(caller(context), in.text("currentPassword"), in.text("code")));
      confirmation.checkTries(context);
      return client.disableTwoFactor(disable);
    });
    calls.account(HttpMethod.POST, "/api/users/:id/two-factor/disable", 204, context -> {
      TwoFactor.DisableOf disable = read(context, in ->
          new TwoFactor.DisableOf(caller(context), id(context), in.text("currentPassword"), in.text("code")));
      confirmation.checkTries(context);
      return client.disableTwoFactor(disable);
    });
  }

  private void links(Calls calls) {
    calls.accountConfirmed("/api/invitations", 201, context -> {
      Confirmation.Request<Links.Invite> invite = Confirmation.read(context, in ->
          new Links.Invite(caller(context), in.text("email"), role(in)));
      return confirmation.beforeRole(context, invite.message().role(), invite, client::invite);
    });
    calls.accountQuery("/api/invitations", (context, in) -> new Links.ListInvitations(caller(context), in.page()),
        client::listInvitations);
    calls.account(HttpMethod.DELETE, "/api/invitations/:id", 204, context ->
        client.revokeInvitation(new Links.RevokeInvitation(caller(context), id(context))));
    calls.account(HttpMethod.POST, "/api/users/:id/password-reset", 201, context -> {
      Links.ResetPassword reset = read(context, in ->
          new Links.ResetPassword(caller(context), id(context), in.text("currentPassword"), in.text("code")));
      confirmation.checkTries(context);
      return client.resetPassword(reset);
    });
    calls.accountQuery("/api/password-resets", (context, in) -> new Links.ListPasswordResets(caller(context), in.page()),
        client::listPasswordResets);
    calls.account(HttpMethod.DELETE, "/api/password-resets/:id", 204, context ->
        client.revokePasswordReset(new Links.RevokePasswordReset(caller(context), id(context))));
    calls.operator(HttpMethod.POST, "/api/admin/accounts/:id/password-reset", 201, context ->
        client.resetPasswordOf(read(context, in -> new Links.ResetPasswordOf(
            new Caller(Id.ACCOUNT.parse(id(context)), actor(context)), in.text("email")))));
    calls.open(HttpMethod.POST, "/api/auth/invitation", 200, context -> {
      Links.FindInvitation find = read(context, in -> new Links.FindInvitation(in.text("token")));
      return client.findInvitation(find, tried(context));
    });
    calls.open(HttpMethod.POST, "/api/auth/invitation/accept", 201, context -> {
      Links.Accept accept = read(context, in -> new Links.Accept(in.text("token"), in.text("name"), in.text("password"),
          addresses.of(context.request())));
      tried(context);
      return client.acceptInvitation(accept).map(accepted -> {
        SessionCookies.setDevice(context, addresses, accepted.deviceCookie());
        return accepted.user();
      });
    });
    calls.open(HttpMethod.POST, "/api/auth/password-reset", 202, context -> {
      Links.MailPasswordReset reset = read(context, in ->
          new Links.MailPasswordReset(in.text("email"), addresses.of(context.request())));
      limits.checkPasswordReset(reset.email(), ClientTenant.of(reset.ipAddress()));
      return client.mailPasswordReset(reset);
    });
    calls.open(HttpMethod.POST, "/api/auth/new-password", 204, context -> {
      Links.SetPassword set = read(context, in -> new Links.SetPassword(in.text("token"), in.text("newPassword"),
          addresses.of(context.request())));
      tried(context);
      return client.setPassword(set).map(done -> {
        SessionCookies.setDevice(context, addresses, done.deviceCookie());
        return null;
      });
    });
  }

  /** Counts a use of a link as a login from the same address, and returns the address. */
  private String tried(RoutingContext context) {
    String address = addresses.of(context.request());
    limits.loginsOfAddress().check(ClientTenant.of(address));
    return address;
  }

  private static Role role(Input in) {
    return in.choice("role", Role.values(), Role::wireName);
  }
}
