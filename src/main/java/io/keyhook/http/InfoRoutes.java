package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Info;
import io.vertx.core.http.HttpMethod;

/** Routes for public information about the server. */
final class InfoRoutes {
  private final KeyhookClient client;

  InfoRoutes(KeyhookClient client) {
    this.client = client;
  }

  void mount(Calls calls) {
    calls.open(HttpMethod.GET, "/api/settings", 200, context -> client.getSettings(new Info.GetSettings()));
    calls.open(HttpMethod.GET, "/api/plans", 200, context -> client.listPlans(new Info.ListPlans()));
    calls.open(HttpMethod.GET, "/api/event-types", 200, context -> client.listEventTypes(new Info.ListEventTypes()));
  }
}
