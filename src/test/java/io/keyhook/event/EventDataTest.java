package io.keyhook.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The body of a delivery: exactly these fields, in this order. */
class EventDataTest {
  private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Receiver receiver;
  static Receiver changes;

  @BeforeAll
  static void register() {
    receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated", "license.activated", "license.expired", "license.disabled");
    changes = keyhook.receiver();
    keyhook.webhook(changes, "license.updated", "license.enabled", "license.deleted");
  }

  private static Delivery change(String event) {
    Delivery delivery = changes.take();
    assertThat(delivery.event()).isEqualTo(event);
    return delivery;
  }

  private static Map<String, Delivery> take(int count) {
    return receiver.take(count).stream().collect(Collectors.toMap(Delivery::event, delivery -> delivery));
  }

  private static License customersLicense() {
    return keyhook.license(new JsonObject().put("name", "Größe \"L\"").put("maxActivations", 3)
        .put("customerName", "Ada").put("customerEmail", "ada@example.com")
        .put("expiresAt", Instant.now().plus(Duration.ofDays(1)).truncatedTo(ChronoUnit.SECONDS).toString()));
  }

  @Test
  void theBodyIsCompactAndItsFieldsAreFour() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    take(2).values().forEach(delivery -> {
      assertThat(delivery.text()).matches("\\{\"event\":\"" + delivery.event() + "\",\"timestamp\":\"" + TIME
          + "\",\"deliveryId\":\"" + delivery.id() + "\",\"data\":\\{.*}}");
      assertThat(delivery.text()).isEqualTo(delivery.json().encode());
      assertThat(Instant.parse(delivery.json().getString("timestamp")))
          .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
    });
  }

  @Test
  void aFirstValidationRaisesActivatedAndValidated() {
    License license = customersLicense();
    keyhook.api().post("/api/validate", new JsonObject().put("licenseKey", " " + license.key()).put("fingerprint", "f")
        .put("deviceName", "Ada's \u2603").put("deviceType", "laptop")).expect(200);
    Map<String, Delivery> deliveries = take(2);
    JsonObject validated = new JsonObject().put("licenseId", license.id()).put("licenseKey", license.key())
        .put("licenseName", "Größe \"L\"").put("fingerprint", "f").put("deviceName", "Ada's \u2603")
        .put("deviceType", "laptop").put("ipAddress", "127.0.0.1").put("currentActivations", 1).put("maxActivations", 3);
    assertThat(deliveries.get("license.validated").data().encode()).isEqualTo(validated.encode());
    assertThat(deliveries.get("license.activated").data().encode()).isEqualTo(
        validated.put("customerName", "Ada").put("customerEmail", "ada@example.com").encode());
  }

  @Test
  void laterValidationsRaiseValidatedAloneAndKnowTheDevice() {
    License license = keyhook.license(1);
    JsonObject request = new JsonObject().put("licenseKey", license.key()).put("fingerprint", "f");
    keyhook.api().post("/api/validate", request.copy().put("deviceName", "First").put("deviceType", "phone")).expect(200);
    take(2);
    keyhook.api().post("/api/validate", request).expect(200);
    assertThat(take(1).get("license.validated").data().getMap())
        .containsEntry("deviceName", "First").containsEntry("deviceType", "phone");
    keyhook.api().post("/api/validate", request.copy().put("deviceName", "Renamed")).expect(200);
    assertThat(take(1).get("license.validated").data().getMap())
        .containsEntry("deviceName", "Renamed").containsEntry("deviceType", "phone");
  }

  @Test
  void whatIsNotKnownIsNull() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "f").expect(200);
    assertThat(take(2).get("license.activated").data().encode()).contains("\"deviceName\":null,\"deviceType\":null,")
        .endsWith(",\"customerName\":null,\"customerEmail\":null}");
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(take(1).get("license.disabled").data().encode())
        .contains("\"customerName\":null,\"customerEmail\":null,\"expiresAt\":null,");
  }

  @Test
  void disabledTellsWhenAndByWhom() {
    License license = customersLicense();
    JsonObject disabled = keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200).json();
    JsonObject expected = new JsonObject().put("licenseId", license.id()).put("licenseKey", license.key())
        .put("licenseName", "Größe \"L\"").put("customerName", "Ada").put("customerEmail", "ada@example.com")
        .put("expiresAt", disabled.getString("expiresAt")).put("currentActivations", 0).put("maxActivations", 3)
        .put("disabledAt", disabled.getString("disabledAt")).put("disabledBy", "First key");
    assertThat(take(1).get("license.disabled").data().encode()).isEqualTo(expected.encode());
    assertThat(disabled.getString("disabledAt")).matches(TIME);
  }

  @Test
  void aUserWhoDisablesIsNamedByEMail() {
    License license = keyhook.license(1);
    String token = keyhook.api().anonymous().post("/api/auth/login", new JsonObject()
        .put("email", io.keyhook.testing.Node.EMAIL).put("password", io.keyhook.testing.Node.PASSWORD))
        .expect(200).json().getString("token");
    keyhook.api().anonymous().bearer(token).post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(take(1).get("license.disabled").data().getString("disabledBy"))
        .isEqualTo(io.keyhook.testing.Node.EMAIL);
  }

  @Test
  void expiredTellsWhen() {
    License license = customersLicense();
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(1));
    JsonObject data = take(1).get("license.expired").data();
    assertThat(List.copyOf(data.fieldNames())).containsExactly("licenseId", "licenseKey", "licenseName", "customerName",
        "customerEmail", "expiresAt", "currentActivations", "maxActivations");
    assertThat(data.getString("licenseId")).isEqualTo(license.id());
    assertThat(data.getString("expiresAt"))
        .isEqualTo(keyhook.api().get("/api/licenses/" + license.id()).json().getString("expiresAt")).matches(TIME);
  }

  /** The fields that the events about a whole license begin with. */
  private static JsonObject described(JsonObject license) {
    return new JsonObject().put("licenseId", license.getString("id")).put("licenseKey", license.getString("key"))
        .put("licenseName", license.getString("name")).put("customerName", license.getString("customerName"))
        .put("customerEmail", license.getString("customerEmail")).put("expiresAt", license.getString("expiresAt"))
        .put("currentActivations", license.getInteger("currentActivations"))
        .put("maxActivations", license.getInteger("maxActivations"));
  }

  @Test
  void createdHoldsTheWholeLicense() {
    Receiver created = keyhook.receiver();
    String webhook = keyhook.webhook(created, "license.created").id();
    JsonObject license = keyhook.api().post("/api/licenses", new JsonObject().put("name", "Größe")
        .put("metadata", new JsonObject().put("order", 7))).expect(201).json();
    assertThat(created.take().data().encode()).isEqualTo(described(license).put("status", "active")
        .put("metadata", new JsonObject().put("order", 7)).putNull("disabledAt").putNull("disabledBy")
        .put("createdAt", license.getString("createdAt")).put("createdBy", "First key").put("sequence", 1).encode());
    keyhook.api().delete("/api/webhooks/" + webhook).expect(204);
  }

  @Test
  void updatedNamesWhatDiffersWithItsOldAndNewValue() {
    License license = customersLicense();
    JsonObject changed = keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("maxActivations", 3)
        .put("name", "New").putNull("customerName").put("metadata", new JsonObject().put("a", 1))).expect(200).json();
    JsonObject changes = new JsonObject()
        .put("name", new JsonObject().put("old", "Größe \"L\"").put("new", "New"))
        .put("customerName", new JsonObject().put("old", "Ada").putNull("new"))
        .put("metadata", new JsonObject().put("old", new JsonObject()).put("new", new JsonObject().put("a", 1)));
    assertThat(change("license.updated").data().encode()).isEqualTo(described(changed).put("status", "active")
        .put("metadata", new JsonObject().put("a", 1)).put("changes", changes).put("updatedAt", changed.getString("updatedAt"))
        .put("updatedBy", "First key").put("sequence", 2).encode());
    JsonObject expiry = keyhook.api().patch("/api/licenses/" + license.id(),
        new JsonObject().put("expiresAt", "2099-01-01T00:00:00Z")).expect(200).json();
    assertThat(change("license.updated").data().getJsonObject("changes")).isEqualTo(new JsonObject().put("expiresAt",
        new JsonObject().put("old", changed.getString("expiresAt")).put("new", expiry.getString("expiresAt"))));
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("name", "New")).expect(200);
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getLong("sequence")).isEqualTo(3);
  }

  @Test
  void enabledTellsWhenAndByWhom() {
    License license = customersLicense();
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    take(1);
    JsonObject enabled = keyhook.api().post("/api/licenses/" + license.id() + "/enable").expect(200).json();
    assertThat(change("license.enabled").data().encode()).isEqualTo(described(enabled)
        .put("enabledAt", enabled.getString("updatedAt")).put("enabledBy", "First key").put("sequence", 3).encode());
  }

  @Test
  void deletedHoldsTheLicenseAsItWas() {
    License license = customersLicense();
    keyhook.api().validate(license.key(), "f").expect(200);
    take(2);
    JsonObject before = keyhook.api().get("/api/licenses/" + license.id()).expect(200).json();
    keyhook.api().delete("/api/licenses/" + license.id()).expect(204);
    JsonObject data = change("license.deleted").data();
    String deletedAt = data.getString("deletedAt");
    assertThat(deletedAt).matches(TIME);
    assertThat(data.encode()).isEqualTo(described(before).put("deletedAt", deletedAt).put("deletedBy", "First key")
        .put("sequence", 3).encode());
  }

  @Test
  void aWebhookThatKnowsNumbersHasThemInAllEventsAndAnotherHasTheFieldsOfBefore() {
    Receiver all = keyhook.receiver();
    Receiver named = keyhook.receiver();
    List<String> webhooks = List.of(keyhook.webhook(all, "license.*").id(),
        keyhook.webhook(named, "license.activated", "license.disabled", "license.created").id());
    License license = customersLicense();
    keyhook.api().validate(license.key(), "f").expect(200);
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(1));
    Map<String, Delivery> before = take(4);
    Map<String, Delivery> numbered = all.take(5).stream().collect(Collectors.toMap(Delivery::event, delivery -> delivery));
    Map.of("license.activated", 2, "license.validated", 2, "license.disabled", 3, "license.expired", 3).forEach((event, number) -> {
      String data = before.get(event).data().encode();
      assertThat(data).doesNotContain("sequence");
      assertThat(numbered.get(event).data().encode())
          .isEqualTo(data.substring(0, data.length() - 1) + ",\"sequence\":" + number + "}");
    });
    assertThat(named.take(3).stream().map(delivery -> delivery.data().getInteger("sequence"))).containsExactlyInAnyOrder(1, 2, 3);
    webhooks.forEach(id -> keyhook.api().delete("/api/webhooks/" + id).expect(204));
  }
}
