package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.query;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Statistics;
import io.vertx.core.http.HttpMethod;

/** What is counted, for charts. */
final class StatisticsRoutes {
  private final KeyhookClient client;

  StatisticsRoutes(KeyhookClient client) {
    this.client = client;
  }

  void mount(Calls calls) {
    calls.account(HttpMethod.GET, "/api/stats", 200, context -> client.getStatistics(query(context, in ->
        new Statistics.Get(caller(context), Statistics.Range.named(in.text("range"))))));
    calls.account(HttpMethod.GET, "/api/stats/webhooks", 200, context -> client.getWebhookStatistics(query(context, in ->
        new Statistics.GetWebhooks(caller(context)))));
  }
}
