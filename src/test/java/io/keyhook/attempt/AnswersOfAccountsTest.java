package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two accounts have webhooks at one host, which answers slowly, with interim responses, and too much. */
class AnswersOfAccountsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(
      new JsonObject().put("delivery", new JsonObject().put("retryDelays", new JsonArray())));

  private static String webhook(Api api, RawReceiver receiver) {
    return api.post("/api/webhooks",
        new JsonObject().put("url", receiver.url()).put("events", new JsonArray().add("license.activated")))
        .expect(201).json().getString("id");
  }

  private static JsonObject logged(Api api, String webhook) {
    JsonArray all = api.get("/api/webhooks/" + webhook + "/deliveries").expect(200).json().getJsonArray("data");
    return all.isEmpty() ? new JsonObject() : api.get("/api/deliveries/" + all.getJsonObject(0).getString("id"))
        .expect(200).json();
  }

  private static JsonObject awaitEnded(Api api, String webhook) {
    await("the delivery has ended").atMost(Waiting.LONG)
        .until(() -> !logged(api, webhook).getString("status", "pending").equals("pending"));
    return logged(api, webhook);
  }

  private static void assertAnswered(JsonObject delivery, String status, int code, String body) {
    assertThat(delivery.getString("status")).isEqualTo(status);
    assertThat(delivery.getJsonArray("attempts")).hasSize(1);
    JsonObject attempt = delivery.getJsonArray("attempts").getJsonObject(0);
    assertThat(attempt.getInteger("statusCode")).isEqualTo(code);
    assertThat(attempt.getString("responseBody")).isEqualTo(body);
  }

  @Test
  void eachDeliveryIsLoggedWithItsOwnAnswer() {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    CompletableFuture<Void> othersEnded = new CompletableFuture<>();
    Api first = keyhook.api();
    Api second = keyhook.account("enterprise");
    try (RawReceiver receiver = new RawReceiver(c -> {
      c.request();
      if (c.number() == 1) {
        c.write("HTTP/1.1 102 Processing\r\n\r\n");
        asked.complete(null);
        othersEnded.orTimeout(Waiting.LONG.toSeconds(), TimeUnit.SECONDS).join();
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore");
      } else {
        c.write("HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nsecond");
      }
      c.awaitClose();
    })) {
      String ones = webhook(first, receiver);
      String others = webhook(second, receiver);
      first.validate(keyhook.license(1).key(), "device").expect(200);
      asked.orTimeout(Waiting.LONG.toSeconds(), TimeUnit.SECONDS).join();
      JsonObject license = new JsonObject().put("name", "A license").put("maxActivations", 1);
      second.validate(keyhook.license(second, license).key(), "device").expect(200);
      assertAnswered(awaitEnded(second, others), "failed", 500, "second");
      othersEnded.complete(null);
      assertAnswered(awaitEnded(first, ones), "delivered", 200, "first");
      assertThat(receiver.requests()).hasSize(2);
    }
  }
}
