package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Another account's thing is not found, by whatever call. */
class IsolationTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Api stranger;
  static License license;
  static Webhook webhook;
  static String activation;
  static String delivery;
  static String apiKey;

  @BeforeAll
  static void own() {
    stranger = keyhook.account("professional");
    Receiver receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated");
    license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    delivery = receiver.take().id();
    keyhook.awaitStatus(delivery, "delivered");
    activation = keyhook.api().get("/api/licenses/" + license.id() + "/activations").data().get(0).getString("id");
    apiKey = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "k")).expect(201).json().getString("id");
  }

  static Stream<String> calls() {
    return Stream.of(
        "GET /api/licenses/LICENSE", "PATCH /api/licenses/LICENSE {\"name\":\"mine\"}", "DELETE /api/licenses/LICENSE",
        "POST /api/licenses/LICENSE/disable {}", "POST /api/licenses/LICENSE/enable {}",
        "GET /api/licenses/LICENSE/activations", "DELETE /api/licenses/LICENSE/activations/ACTIVATION",
        "GET /api/webhooks/WEBHOOK", "PATCH /api/webhooks/WEBHOOK {\"isActive\":false}", "DELETE /api/webhooks/WEBHOOK",
        "POST /api/webhooks/WEBHOOK/rotate-secret {}", "GET /api/webhooks/WEBHOOK/health",
        "POST /api/webhooks/WEBHOOK/recover {\"since\":\"2025-01-03T14:25:30Z\"}",
        "GET /api/webhooks/WEBHOOK/deliveries", "GET /api/deliveries?webhookId=WEBHOOK",
        "GET /api/deliveries/stream?webhookId=WEBHOOK", "POST /api/webhooks/test {\"webhookId\":\"WEBHOOK\"}",
        "GET /api/deliveries/DELIVERY", "POST /api/deliveries/DELIVERY/redeliver {}",
        "GET /api/api-keys/APIKEY", "DELETE /api/api-keys/APIKEY");
  }

  @ParameterizedTest
  @MethodSource("calls")
  void anotherAccountsThingIsNotFound(String call) {
    String[] parts = call.replace("LICENSE", license.id()).replace("ACTIVATION", activation)
        .replace("WEBHOOK", webhook.id()).replace("DELIVERY", delivery).replace("APIKEY", apiKey).split(" ", 3);
    Api api = parts.length == 3 ? stranger.header("Content-Type", "application/json") : stranger;
    Api.join(api.send(parts[0], parts[1], parts.length == 3 ? parts[2] : null)).expect(404, "NOT_FOUND");
    keyhook.api().get("/api/licenses/" + license.id()).expect(200);
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.id()).expect(200).json().getBoolean("isActive")).isTrue();
  }

  @Test
  void listsHoldTheAccountsOwnThings() {
    for (String path : List.of("/api/licenses", "/api/webhooks", "/api/api-keys")) {
      assertThat(stranger.get(path).expect(200).data()).as(path).isEmpty();
      assertThat(keyhook.api().get(path).expect(200).data()).as(path).isNotEmpty();
    }
    assertThat(stranger.get("/api/licenses?search=license").expect(200).data()).isEmpty();
  }

  @Test
  void aWebhookOfAPlanWithoutThemIsNotFoundForOthersToo() {
    Api free = keyhook.account("free");
    free.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())).expect(404);
    free.patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", true)).expect(404);
  }

  @Test
  void aLicenseKeyIsTakenWhoeverHasIt() {
    stranger.post("/api/licenses", new JsonObject().put("name", "Copy").put("key", license.key()))
        .expect(409, "LICENSE_KEY_TAKEN");
  }
}
