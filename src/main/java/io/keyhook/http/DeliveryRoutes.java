package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Deliveries;
import io.vertx.core.http.HttpMethod;

/** Routes for the deliveries of all webhooks, and the stream of their changes. */
final class DeliveryRoutes {
  private final KeyhookClient client;
  private final Authentication authentication;

  DeliveryRoutes(KeyhookClient client, Authentication authentication) {
    this.client = client;
    this.authentication = authentication;
  }

  void mount(Calls calls) {
    calls.accountQuery("/api/deliveries", (context, in) ->
        new Deliveries.ListAll(caller(context), in.text("webhookId"), in.choice("status", Deliveries.Status.values()),
            in.text("event"), in.text("licenseId"), in.time("from"), in.time("to"), in.page(), in.text("search"),
            in.boolOrNull("failing"), Deliveries.Attempted.of(in.time("attemptedFrom"), in.time("attemptedTo")),
            in.boolOrNull("paused")), client::listAllDeliveries);
    calls.accountQuery("/api/deliveries/causes", (context, in) ->
        new Deliveries.ListCauses(caller(context), in.text("webhookId"), in.time("from"), in.time("to")), client::listCauses);
    calls.accountStream("/api/deliveries/stream", (context, in) -> {
      Deliveries.Watch watch = new Deliveries.Watch(caller(context), in.text("webhookId"));
      return () -> DeliveryStream.open(context, client, authentication, watch);
    });
    calls.accountOnce("/api/deliveries/redeliver", 202, context -> client.redeliverAll(read(context, in ->
        new Deliveries.RedeliverAll(caller(context), in.texts("ids")))));
    calls.account(HttpMethod.GET, "/api/deliveries/:id", 200, context ->
        client.getDelivery(new Deliveries.Get(caller(context), id(context))));
    calls.accountOnce("/api/deliveries/:id/redeliver", 202, context -> client.redeliver(read(context, in ->
        new Deliveries.Redeliver(caller(context), id(context)))));
  }
}
