package io.keyhook.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Webhooks that receive the events of some licenses. */
class FiltersTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;

  @BeforeEach
  void begin() {
    keyhook.deleteWebhooks();
    receiver = keyhook.receiver();
  }

  private Exchange tryCreate(Object filters) {
    return keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.*").add("webhook.failing")).put("filters", filters));
  }

  private JsonObject create(JsonObject filters) {
    JsonObject created = tryCreate(filters).expect(201).json();
    receiver.trust(created.getString("secret"));
    return created;
  }

  private static License license(String email, JsonObject metadata) {
    return keyhook.license(new JsonObject().put("name", "A license").put("maxActivations", 1).put("customerEmail", email)
        .put("metadata", metadata));
  }

  private static void validate(License license) {
    keyhook.api().validate(license.key(), "device").expect(200);
  }

  /** The licenses of the next deliveries, of which there are no more. */
  private List<String> received(int count) {
    List<String> ids = receiver.take(count).stream().map(delivery -> delivery.data().getString("licenseId")).distinct().toList();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    return ids;
  }

  @Test
  void onlyTheEventsOfTheLicensesThatAreNamedAreQueued() {
    License mine = license(null, null);
    License other = license(null, null);
    JsonObject webhook = create(new JsonObject().put("licenseIds", new JsonArray().add(mine.id())));
    assertThat(webhook.getJsonObject("filters").getJsonArray("licenseIds")).containsExactly(mine.id());
    validate(other);
    validate(mine);
    assertThat(received(2)).containsExactly(mine.id());
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.getString("id") + "/deliveries").expect(200).data()).hasSize(2);
  }

  @Test
  void customersAndMetadataAreThoseOfTheLicenseAfterTheChange() {
    create(new JsonObject().put("customerEmails", new JsonArray().add("ADA@Example.com"))
        .put("metadata", new JsonObject().put("product", "studio").put("seats", 5)));
    license("ada@example.com", new JsonObject().put("product", "studio").put("seats", 4));
    license("bob@example.com", new JsonObject().put("product", "studio").put("seats", 5));
    license("ada@example.com", null);
    License mine = license("Ada@example.com", new JsonObject().put("seats", 5.0).put("product", "studio").put("more", true));
    assertThat(received(1)).containsExactly(mine.id());
    keyhook.api().patch("/api/licenses/" + mine.id(), new JsonObject().put("metadata", new JsonObject())).expect(200);
    validate(mine);
    keyhook.api().patch("/api/licenses/" + mine.id(),
        new JsonObject().put("metadata", new JsonObject().put("seats", 5).put("product", "studio"))).expect(200);
    assertThat(receiver.take().event()).isEqualTo("license.updated");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void productsAndPoliciesAreThoseOfTheLicenseOrItsPolicy() {
    String product = keyhook.api().post("/api/products", new JsonObject().put("name", "Studio")).expect(201).json().getString("id");
    JsonObject terms = new JsonObject().put("name", "Yearly");
    String policy = keyhook.api().post("/api/policies", terms.copy().put("productId", product)).expect(201).json().getString("id");
    String another = keyhook.api().post("/api/policies", terms).expect(201).json().getString("id");
    create(new JsonObject().put("productIds", new JsonArray().add(product)));
    JsonObject fields = new JsonObject().put("name", "A license");
    keyhook.license(fields);
    keyhook.license(fields.copy().put("policyId", another));
    License byPolicy = keyhook.license(fields.copy().put("policyId", policy));
    License itself = keyhook.license(fields.copy().put("productId", product));
    License both = keyhook.license(fields.copy().put("policyId", another).put("productId", product));
    assertThat(received(3)).containsExactlyInAnyOrder(byPolicy.id(), itself.id(), both.id());
    keyhook.deleteWebhooks();
    create(new JsonObject().put("productIds", new JsonArray().add(product)).put("policyIds", new JsonArray().add(policy)));
    for (License license : List.of(itself, both, byPolicy)) {
      keyhook.api().delete("/api/licenses/" + license.id()).expect(204);
    }
    assertThat(received(1)).containsExactly(byPolicy.id());
  }

  @Test
  void theDeletionOfALicensePassesAsItsOtherEventsDo() {
    License mine = license("ada@example.com", new JsonObject().put("a", true));
    License other = license("ada@example.com", new JsonObject().put("a", false));
    create(new JsonObject().put("customerEmails", new JsonArray().add("ada@example.com")).put("metadata", new JsonObject().put("a", true)));
    keyhook.api().delete("/api/licenses/" + other.id()).expect(204);
    keyhook.api().delete("/api/licenses/" + mine.id()).expect(204);
    Delivery deleted = receiver.take();
    assertThat(deleted.event()).isEqualTo("license.deleted");
    assertThat(deleted.data().getString("licenseId")).isEqualTo(mine.id());
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void theErasureOfACustomerErasesItFromFiltersAndFromMessages() {
    JsonObject webhook = create(new JsonObject().put("customerEmails", new JsonArray().add("eve@example.com")));
    license("Eve@example.com", null);
    receiver.take();
    JsonObject endpoint = keyhook.api().post("/api/test-endpoint", new JsonObject()).expect(200).json();
    JsonObject text = keyhook.api().post("/api/webhooks", new JsonObject().put("url", endpoint.getString("url"))
        .put("events", new JsonArray().add("license.created")).put("format", "generic")
        .put("templates", new JsonObject().put("*", "{{customerEmail}}"))).expect(201).json();
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", text.getString("id")).put("event", "license.created"))
        .expect(200);
    keyhook.api().post("/api/customers/erase", new JsonObject().put("email", "EVE@example.com")).expect(200);
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.getString("id")).expect(200).json().getJsonObject("filters")
        .getJsonArray("customerEmails")).isEmpty();
    assertThat(keyhook.database().count("test_request")).isZero();
    license("bob@example.com", null);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.all()).extracting(Delivery::event).doesNotContain("license.updated").hasSize(1);
  }

  @Test
  void filtersAreReplacedAndRemoved() {
    License one = license(null, null);
    License two = license(null, null);
    JsonObject webhook = create(new JsonObject().put("licenseIds", new JsonArray().add(one.id())));
    String path = "/api/webhooks/" + webhook.getString("id");
    keyhook.api().patch(path, new JsonObject().put("filters", new JsonObject().put("licenseIds", new JsonArray().add(two.id())))).expect(200);
    validate(one);
    validate(two);
    assertThat(received(2)).containsExactly(two.id());
    assertThat(keyhook.api().patch(path, new JsonObject().putNull("filters")).expect(200).json().getValue("filters")).isNull();
    validate(one);
    assertThat(received(1)).containsExactly(one.id());
  }

  @Test
  void badFiltersAreRefused() {
    for (JsonObject bad : List.of(new JsonObject(), new JsonObject().put("licenseIds", new JsonArray()),
        new JsonObject().put("licenseIds", new JsonArray().add("lic_1")), new JsonObject().put("productIds", new JsonArray().add("lic_1")),
        new JsonObject().put("policyIds", new JsonArray()),
        new JsonObject().put("metadata", new JsonObject()), new JsonObject().put("metadata", new JsonObject().put("a", new JsonArray())),
        new JsonObject().put("metadata", new JsonObject().putNull("a")), new JsonObject().put("others", new JsonArray()))) {
      assertThat(tryCreate(bad).expect(400).json().getJsonArray("errors").getJsonObject(0).getString("field")).startsWith("filters");
    }
    tryCreate("all").expect(400);
    tryCreate(null).expect(201);
  }
}
