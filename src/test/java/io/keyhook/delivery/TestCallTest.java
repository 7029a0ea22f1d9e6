package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code POST /api/webhooks/test}: sent at once, answered when the receiver has, never retried, in the log. */
class TestCallTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Exchange test(Webhook webhook) {
    return keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id()));
  }

  @Test
  void aSuccessIsTold() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.expired");
    JsonObject result = test(webhook).expect(200).json();
    assertThat(List.copyOf(result.fieldNames())).containsExactly("success", "deliveryId", "statusCode", "responseTime",
        "responseBody");
    assertThat(result.getString("responseBody")).isEmpty();
    assertThat(result.getBoolean("success")).isTrue();
    assertThat(result.getString("deliveryId")).matches("delivery_test_[0-9a-z]{26}");
    assertThat(result.getInteger("statusCode")).isEqualTo(200);
    Delivery delivery = receiver.take();
    assertThat(delivery.id()).isEqualTo(result.getString("deliveryId"));
    assertThat(delivery.event()).isEqualTo("webhook.test");
    assertThat(delivery.attempt()).isEqualTo(1);
    assertThat(List.copyOf(delivery.data().fieldNames())).containsExactly("webhookId", "message");
    assertThat(delivery.data().getString("webhookId")).isEqualTo(webhook.id());
  }

  @Test
  void aFailureIsToldAndNotRetried() {
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(500, "no"));
    JsonObject result = test(keyhook.webhook(receiver, "license.expired")).expect(200).json();
    assertThat(result.getBoolean("success")).isFalse();
    assertThat(result.getInteger("statusCode")).isEqualTo(500);
    assertThat(result.getString("responseBody")).isEqualTo("no");
    JsonObject logged = keyhook.logged(result.getString("deliveryId"));
    assertThat(logged.getString("status")).isEqualTo("failed");
    assertThat(logged.getJsonArray("attempts").getJsonObject(0).getString("responseBody")).isEqualTo("no");
    assertThat(keyhook.database().count("delivery_queue")).isZero();
    assertThat(receiver.all()).hasSize(1);
  }

  @Test
  void anInactiveWebhookCanBeTested() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.expired");
    keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", false)).expect(200);
    assertThat(test(webhook).expect(200).json().getBoolean("success")).isTrue();
    receiver.take();
  }

  @ParameterizedTest
  @ValueSource(strings = {"license.validated", "license.activated", "license.expired", "license.disabled", "license.updated",
      "license.enabled", "license.deleted", "license.expiring"})
  void eachEventIsSentWithSampleDataOfItsForm(String event) {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.expired");
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id()).put("event", event)).expect(200);
    Delivery delivery = receiver.take();
    assertThat(delivery.event()).isEqualTo(event);
    assertThat(delivery.json().getString("event")).isEqualTo(event);
    assertThat(delivery.data().fieldNames()).contains("licenseId", "licenseKey", "licenseName", "maxActivations");
    assertThat(delivery.data().getMap()).doesNotContainValue(null);
  }

  @Test
  void aTestOfAnOlderEventHasANumberForWebhooksThatKnowNumbers() {
    for (String event : List.of("license.validated", "license.activated", "license.expired", "license.disabled",
        "license.deactivated")) {
      for (String subscribed : List.of("license.*", "license.created", event)) {
        Receiver receiver = keyhook.receiver();
        Webhook webhook = keyhook.webhook(receiver, subscribed);
        keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id()).put("event", event))
            .expect(200);
        assertThat(receiver.take().data().containsKey("sequence")).as("%s for %s", event, subscribed)
            .isEqualTo(!subscribed.equals(event));
        keyhook.deleteWebhooks();
      }
    }
  }

  @Test
  void itIsInTheLogWithTheOthers() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String id = test(webhook).expect(200).json().getString("deliveryId");
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries").expect(200).data())
        .extracting(delivery -> delivery.getString("id")).containsExactly(id);
    assertThat(keyhook.logged(id).getJsonObject("payload")).isEqualTo(receiver.take().json());
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(409);
  }

  @Test
  void whatCannotBeSentIsRefused() {
    Webhook webhook = keyhook.webhook(keyhook.receiver(), "license.activated");
    assertThat(keyhook.api().post("/api/webhooks/test", new JsonObject()).expect(400).badFields()).containsExactly("webhookId");
    assertThat(keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())
        .put("event", "license.lost")).expect(400).badFields()).containsExactly("event");
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", "webhook_" + "0".repeat(26))).expect(404);
  }
}
