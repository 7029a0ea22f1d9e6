package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The page on the customer portal shows a request that works, and its webhooks receive what the page says. */
class PortalPageTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Test
  void itsLinkDoesWhatItSays() {
    JsonObject request = new JsonObject(Guide.page("portal").blocksOf("create").get(0).text());
    JsonObject key = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "Shop").put("scopes", new JsonArray().add("webhooks")))
        .expect(201).json();
    JsonObject link = keyhook.api().anonymous().bearer(key.getString("key")).post("/api/portal-links", request).expect(201).json();
    Api portal = keyhook.api().anonymous().bearer(keyhook.api().anonymous().post("/api/portal/session",
        new JsonObject().put("token", link.getString("token"))).expect(200).json().getString("token"));
    Receiver receiver = keyhook.receiver();
    JsonObject webhook = portal.post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.activated"))).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    String customer = request.getString("customer");
    JsonObject license = new JsonObject().put("name", "A license").put("maxActivations", 1);
    Installation.License own = keyhook.license(license.copy().put("metadata", new JsonObject().put("customerId", customer)));
    Installation.License other = keyhook.license(license.copy().put("metadata", new JsonObject().put("customerId", "customer-7")));
    keyhook.api().validate(other.key(), "device").expect(200);
    keyhook.api().validate(own.key(), "device").expect(200);
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(own.id());
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    assertThat(keyhook.api().get("/api/webhooks?customer=" + customer).expect(200).data()).hasSize(1);
    assertThat(keyhook.api().get("/api/portal-links").expect(200).data().get(0).getInstant("openedAt")).isNotNull();
  }
}
