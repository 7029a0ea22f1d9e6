package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The page on filters, rate limits and order shows requests that work. */
class FiltersPageTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final Guide.Page PAGE = Guide.page("filters");

  private static JsonObject request(String section) {
    return new JsonObject(PAGE.blocksOf(section).get(0).text());
  }

  @Test
  void itsRequestsDoWhatItSays() {
    Receiver receiver = keyhook.receiver();
    JsonObject webhook = keyhook.api().post("/api/webhooks", request("rate").mergeIn(request("filters")).mergeIn(request("order")).put("url", receiver.url())
        .put("events", new JsonArray().add("license.created"))).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    assertThat(webhook.getInteger("rateLimit")).isEqualTo(1);
    assertThat(webhook.getString("ordering")).isEqualTo("license");
    JsonObject metadata = new JsonObject().put("edition", "pro").put("beta", true).put("seats", 3);
    JsonObject license = new JsonObject().put("name", "A license").put("customerEmail", "Grace@example.com");
    keyhook.license(license.copy());
    String id = keyhook.license(license.copy().put("metadata", metadata)).id();
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(id);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }
}
