package io.keyhook.http;

import static io.keyhook.http.Authentication.actor;
import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Audit;
import io.vertx.core.http.HttpMethod;

/** Routes for accounts, their API keys and their audit log. */
final class AccountRoutes {
  private final KeyhookClient client;

  AccountRoutes(KeyhookClient client) {
    this.client = client;
  }

  void mount(Calls calls) {
    calls.operatorOnce("/api/admin/accounts", 201, context -> client.createAccount(read(context, in ->
        new Accounts.Create(actor(context), in.text("name"), in.text("email"), in.text("password"), in.text("plan")))));
    calls.operator(HttpMethod.PATCH, "/api/admin/accounts/:id", 200, context -> client.updateAccount(read(context, in ->
        new Accounts.Update(actor(context), id(context), in.change("name", in::text), in.change("email", in::text),
            in.change("password", in::text), in.change("plan", in::text)))));
    calls.account(HttpMethod.GET, "/api/account", 200, context -> client.getAccount(new Accounts.Get(caller(context))));
    calls.accountOnce("/api/api-keys", 201, context -> client.createApiKey(read(context, in ->
        new Accounts.CreateApiKey(caller(context), in.text("name")))));
    calls.accountQuery("/api/api-keys", (context, in) -> new Accounts.ListApiKeys(caller(context), in.page()),
        client::listApiKeys);
    calls.account(HttpMethod.GET, "/api/api-keys/:id", 200, context ->
        client.getApiKey(new Accounts.GetApiKey(caller(context), id(context))));
    calls.account(HttpMethod.DELETE, "/api/api-keys/:id", 204, context ->
        client.deleteApiKey(new Accounts.DeleteApiKey(caller(context), id(context))));
    calls.accountQuery("/api/audit", (context, in) ->
        new Audit.ListEntries(caller(context), in.text("action"), in.text("subjectId"), in.page()), client::listAudit);
  }
}
