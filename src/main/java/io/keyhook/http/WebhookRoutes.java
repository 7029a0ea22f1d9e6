package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.ClientCertificate;
import io.keyhook.bus.ClientCredentials;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Listening;
import io.keyhook.bus.Recoveries;
import io.keyhook.bus.TestEndpoints;
import io.keyhook.bus.Webhooks;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** Routes for webhooks, their health and their deliveries, and for the test endpoint. */
final class WebhookRoutes {
  private final KeyhookClient client;

  WebhookRoutes(KeyhookClient client) {
    this.client = client;
  }

  void mount(Calls calls) {
    calls.accountOnce("/api/webhooks", 201, context -> client.createWebhook(read(context, in ->
        new Webhooks.Create(caller(context), in.text("url"), in.texts("events"), in.bool("isActive"),
            in.text("description"), in.text("secret"), in.textsByName("headers"),
            in.inside("authentication", WebhookRoutes::authentication), in.part(() -> new Webhooks.Options(
                in.choice("format", Webhooks.Format.values()), in.textsByName("templates"), in.integer("rateLimit"),
                in.inside("filters", WebhookRoutes::filters), in.choice("ordering", Webhooks.Ordering.values()))), owner(in)))));
    calls.account(HttpMethod.POST, "/api/webhooks/preview", 200, context -> client.previewWebhook(read(context, in ->
        new Webhooks.Preview(caller(context), in.choice("format", Webhooks.Format.values()), in.text("event"), in.text("template")))));
    calls.accountOnce("/api/webhooks/test", 200, context -> client.testWebhook(read(context, in ->
        new Webhooks.Test(caller(context), in.text("webhookId"), in.text("event")))));
    calls.accountQuery("/api/webhooks", (context, in) -> new Webhooks.ListAll(caller(context), in.page(), in.text("customer")),
        client::listWebhooks);
    calls.account(HttpMethod.GET, "/api/webhooks/:id", 200, context ->
        client.getWebhook(new Webhooks.Get(caller(context), id(context))));
    calls.account(HttpMethod.PATCH, "/api/webhooks/:id", 200, context -> client.updateWebhook(read(context, in ->
        new Webhooks.Update(caller(context), id(context), in.change("url", in::text), in.change("events", in::texts),
            in.change("isActive", in::bool), in.change("description", in::text), in.change("headers", in::textsByName),
            in.change("authentication", name -> in.inside(name, WebhookRoutes::authentication)),
            in.part(() -> new Webhooks.OptionChanges(in.change("format", name -> in.choice(name, Webhooks.Format.values())),
                in.change("templates", in::textsByName), in.change("rateLimit", in::integer),
                in.change("filters", name -> in.inside(name, WebhookRoutes::filters)),
                in.change("ordering", name -> in.choice(name, Webhooks.Ordering.values())))),
            in.change("customerFilters", name -> in.inside(name, WebhookRoutes::filters))))));
    calls.account(HttpMethod.DELETE, "/api/webhooks/:id", 204, context ->
        client.deleteWebhook(new Webhooks.Delete(caller(context), id(context))));
    calls.account(HttpMethod.POST, "/api/webhooks/:id/pause", 200, context -> client.setWebhookPaused(
        read(context, in -> new Webhooks.SetPaused(caller(context), id(context), true))));
    calls.account(HttpMethod.POST, "/api/webhooks/:id/resume", 200, context -> client.setWebhookPaused(
        read(context, in -> new Webhooks.SetPaused(caller(context), id(context), false))));
    calls.accountOnce("/api/webhooks/:id/rotate-secret", 200, context -> client.rotateSecret(read(context, in ->
        new Webhooks.RotateSecret(caller(context), id(context), in.integer("overlapHours")))));
    calls.account(HttpMethod.GET, "/api/webhooks/:id/health", 200, context ->
        client.getHealth(new Webhooks.GetHealth(caller(context), id(context))));
    calls.accountOnce("/api/webhooks/:id/recover", 202, context -> client.recover(read(context, in ->
        new Deliveries.Recover(caller(context), id(context), filter(in)))));
    calls.account(HttpMethod.POST, "/api/webhooks/:id/recover/preview", 200, context -> client.previewRecovery(
        read(context, in -> new Recoveries.PreviewOf(caller(context), id(context), filter(in)))));
    calls.accountQuery("/api/recoveries", (context, in) ->
        new Recoveries.ListAll(caller(context), in.text("webhookId"), in.page()), client::listRecoveries);
    calls.account(HttpMethod.GET, "/api/recoveries/:id", 200, context ->
        client.getRecovery(new Recoveries.Get(caller(context), id(context))));
    calls.account(HttpMethod.POST, "/api/recoveries/:id/stop", 200, context -> client.stopRecovery(
        read(context, in -> new Recoveries.Stop(caller(context), id(context)))));
    calls.account(HttpMethod.POST, "/api/webhooks/:id/listen", 200, context ->
        client.listen(read(context, in -> new Listening.Listen(caller(context), id(context), ended(context)))));
    calls.account(HttpMethod.POST, "/api/webhooks/:id/respond", 204, context -> client.respond(read(context, in ->
        new Listening.Respond(caller(context), id(context), in.text("requestId"), in.part(() -> new Listening.Response(
            in.integer("statusCode"), in.choice("error", Listening.Problem.values()), in.textsByName("headers"),
            in.text("body")))))));
    calls.account(HttpMethod.POST, "/api/test-endpoint", 200, context ->
        client.createTestEndpoint(read(context, in -> new TestEndpoints.Create(caller(context)))));
    calls.account(HttpMethod.GET, "/api/test-endpoint", 200, context ->
        client.getTestEndpoint(new TestEndpoints.Get(caller(context))));
    calls.account(HttpMethod.DELETE, "/api/test-endpoint", 204, context ->
        client.deleteTestEndpoint(new TestEndpoints.Delete(caller(context))));
    calls.accountQuery("/api/webhooks/:id/deliveries", (context, in) ->
        new Deliveries.ListOf(caller(context), id(context), in.choice("status", Deliveries.Status.values()),
            in.text("event"), in.time("from"), in.time("to"), in.page()), client::listDeliveries);
  }

  private static Future<Void> ended(RoutingContext context) {
    Promise<Void> ended = Promise.promise();
    context.addEndHandler(done -> ended.tryComplete());
    return ended.future();
  }

  private static Webhooks.Authentication authentication(Input in) {
    List.of("subject", "issuer", "expiresAt", "fingerprint").forEach(in::text); // a response can be sent back
    return new Webhooks.Authentication(in.choice("type", Webhooks.Authentication.Type.values()), in.text("username"),
        in.text("password"), in.text("token"), new ClientCredentials(in.text("tokenUrl"), in.text("clientId"),
            in.text("clientSecret"), in.choice("clientAuthentication", ClientCredentials.Method.values()), in.text("scope"),
            in.text("audience"), in.text("resource")), new ClientCertificate(in.text("certificate"), in.text("privateKey")));
  }

  /** Whose a webhook or a portal is. */
  static Webhooks.Owner owner(Input in) {
    return in.part(() -> new Webhooks.Owner(in.text("customer"), in.inside("customerFilters", WebhookRoutes::filters)));
  }

  private static Webhooks.Filters filters(Input in) {
    return new Webhooks.Filters(in.texts("licenseIds"), in.texts("productIds"), in.texts("policyIds"), in.texts("customerEmails"),
        in.object("metadata"));
  }

  private static Recoveries.Filter filter(Input in) {
    return new Recoveries.Filter(in.time("since"), in.time("until"), in.texts("events"), in.texts("results"));
  }
}
