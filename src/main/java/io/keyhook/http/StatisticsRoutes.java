package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Statistics;
import io.vertx.core.http.HttpMethod;

/** Routes for statistics. */
final class StatisticsRoutes {
  private final KeyhookClient client;

  StatisticsRoutes(KeyhookClient client) {
    this.client = client;
  }

  void mount(Calls calls) {
    calls.accountQuery("/api/stats", (context, in) ->
        new Statistics.Get(caller(context), Statistics.Range.named(in.text("range"))), client::getStatistics);
    calls.account(HttpMethod.GET, "/api/stats/webhooks", 200, context ->
        client.getWebhookStatistics(new Statistics.GetWebhooks(caller(context))));
  }
}
