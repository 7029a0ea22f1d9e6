package io.keyhook.http;

import static io.keyhook.http.Authentication.actor;
import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.fair.Admissions;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;

/** Routes for accounts, their API keys and their audit log. */
final class AccountRoutes {
  private final KeyhookClient client;
  private final Admissions admissions;
  private final Confirmation confirmation;

  AccountRoutes(KeyhookClient client, Admissions admissions, Confirmation confirmation) {
    this.client = client;
    this.admissions = admissions;
    this.confirmation = confirmation;
  }

  /** The operator, on behalf of the account in the path. */
  private static Caller account(RoutingContext context) {
    return new Caller(Id.ACCOUNT.parse(id(context)), actor(context));
  }

  void mount(Calls calls) {
    calls.operatorOnce("/api/admin/accounts", 201, context -> client.createAccount(read(context, in ->
        new Accounts.Create(actor(context), in.text("name"), in.text("email"), in.text("password"), in.text("plan")))));
    calls.operator(HttpMethod.PATCH, "/api/admin/accounts/:id", 200, context -> client.updateAccount(read(context, in ->
        new Accounts.Update(actor(context), id(context), in.change("name", in::text), in.change("email", in::text),
            in.change("password", in::text), in.change("plan", in::text)))));
    calls.operatorQuery("/api/admin/accounts", (context, in) -> new Accounts.ListAll(in.text("email"), in.page()),
        client::listAccounts);
    calls.operator(HttpMethod.GET, "/api/admin/accounts/:id", 200, context ->
        client.findAccount(new Accounts.Find(id(context))));
    calls.operator(HttpMethod.DELETE, "/api/admin/accounts/:id", 202, context ->
        client.eraseAccount(new Accounts.Erase(actor(context), id(context))).map(begun -> Map.of("id", id(context))));
    calls.operator(HttpMethod.POST, "/api/admin/accounts/:id/suspend", 200, context -> client.setAccountSuspended(
        read(context, in -> new Accounts.SetSuspended(actor(context), id(context), true, in.text("reason")))));
    calls.operator(HttpMethod.POST, "/api/admin/accounts/:id/resume", 200, context -> client.setAccountSuspended(
        read(context, in -> new Accounts.SetSuspended(actor(context), id(context), false, in.text("reason")))));
    calls.operatorStream("/api/admin/accounts/:id/export", context -> admissions.exports().run(
        caller(context).accountId(), () -> StreamedFile.send(context, "application/octet-stream", "account.zip",
            new AccountArchive(client, context.vertx(), actor(context), id(context))::first)));
    calls.operatorQuery("/api/admin/accounts/:id/audit", (context, in) ->
        new Audit.ListEntries(account(context), in.text("action"), in.text("subjectId"), in.page()), client::listAudit);
    calls.operator(HttpMethod.POST, "/api/admin/accounts/:id/erase-customer", 200, context -> client.eraseCustomer(
        read(context, in -> new Accounts.EraseCustomer(account(context), in.text("email")))));
    calls.account(HttpMethod.POST, "/api/customers/erase", 200, context -> client.eraseCustomer(
        read(context, in -> new Accounts.EraseCustomer(caller(context), in.text("email")))));
    calls.account(HttpMethod.GET, "/api/account", 200, context -> client.getAccount(new Accounts.Get(caller(context))));
    calls.accountConfirmed("/api/api-keys", 201, context -> confirmation.beforeKey(context, Confirmation.read(context, in ->
        new Accounts.CreateApiKey(caller(context), in.text("name"), in.texts("scopes"), in.time("expiresAt"))),
        client::createApiKey));
    calls.accountQuery("/api/api-keys", (context, in) -> new Accounts.ListApiKeys(caller(context), in.page()),
        client::listApiKeys);
    calls.account(HttpMethod.GET, "/api/api-keys/:id", 200, context ->
        client.getApiKey(new Accounts.GetApiKey(caller(context), id(context))));
    calls.accountQuery(HttpMethod.DELETE, "/api/api-keys/:id", 204, (context, in) ->
        new Accounts.DeleteApiKey(caller(context), id(context), in.bool("created")), client::deleteApiKey);
    calls.accountQuery("/api/audit", (context, in) ->
        new Audit.ListEntries(caller(context), in.text("action"), in.text("subjectId"), in.page()), client::listAudit);
  }
}
