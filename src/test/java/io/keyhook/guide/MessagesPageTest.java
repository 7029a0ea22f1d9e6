package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The page on messages shows requests that work. */
class MessagesPageTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final Guide.Page PAGE = Guide.page("messages");

  private static JsonObject request(String section) {
    return new JsonObject(PAGE.blocksOf(section).get(0).text());
  }

  private static String test(JsonObject webhook, Receiver receiver, String event) {
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id")).put("event", event)).expect(200);
    Delivery delivery = receiver.take();
    return delivery.json().getString("text");
  }

  @Test
  void itsRequestsDoWhatItSays() {
    Receiver receiver = keyhook.receiver();
    JsonObject webhook = keyhook.api().post("/api/webhooks", request("set").put("url", receiver.url())).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    assertThat(test(webhook, receiver, "license.activated")).startsWith("*License activated*\nSample License for Sample Customer");
    keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), request("templates")).expect(200);
    assertThat(test(webhook, receiver, "license.expiring")).startsWith("*Sample License* expires on ")
        .endsWith("UTC.\nWrite to customer@example.com.");
    assertThat(test(webhook, receiver, "license.enabled")).isEqualTo("License enabled: Sample License");
  }

  @Test
  void itsPreviewIsOne() {
    JsonObject preview = keyhook.api().post("/api/webhooks/preview", request("preview")).expect(200).json();
    assertThat(new JsonObject(preview.getString("body"))).isEqualTo(new JsonObject().put("title", "License expires soon").put("days", 7));
  }
}
