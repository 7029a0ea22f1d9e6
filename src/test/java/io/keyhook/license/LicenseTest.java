package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Licenses are made, found, changed and deleted. */
class LicenseTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  private Api api;

  @BeforeEach
  void account() {
    api = keyhook.account("enterprise");
  }

  private JsonObject create(JsonObject fields) {
    return api.post("/api/licenses", fields).expect(201).json();
  }

  private JsonObject create(String name) {
    return create(new JsonObject().put("name", name));
  }

  private List<String> names(String query) {
    return api.get("/api/licenses" + query).expect(200).data().stream().map(license -> license.getString("name")).toList();
  }

  @Test
  void aNewOneIsActiveForOneDeviceAndWithoutAnEnd() {
    JsonObject license = create("Editor");
    assertThat(license.getString("key")).matches("([2-9A-HJKMNP-TV-Z]{4}-){3}[2-9A-HJKMNP-TV-Z]{4}");
    assertThat(license.getString("status")).isEqualTo("active");
    assertThat(license.getInteger("maxActivations")).isEqualTo(1);
    assertThat(license.getInteger("currentActivations")).isZero();
    assertThat(license.getValue("expiresAt")).isNull();
    assertThat(api.get("/api/licenses/" + license.getString("id")).expect(200).json()).isEqualTo(license);
  }

  @Test
  void aSellersOwnKeyIsKeptAndUniqueInAnyCase() {
    create(new JsonObject().put("name", "Own").put("key", " my-own-key-0123456789 "));
    api.post("/api/licenses", new JsonObject().put("name", "Again").put("key", "MY-OWN-KEY-0123456789"))
        .expect(409, "LICENSE_KEY_TAKEN");
    keyhook.account("enterprise").post("/api/licenses",
        new JsonObject().put("name", "Another's").put("key", "my-own-key-0123456789")).expect(409, "LICENSE_KEY_TAKEN");
    api.validate("My-Own-Key-0123456789", "device").expect(200);
    assertThat(api.get("/api/licenses").data().get(0).getString("key")).isEqualTo("my-own-key-0123456789");
  }

  @Test
  void theyAreFoundByNameKeyAndCustomerInAnyCase() {
    create(new JsonObject().put("name", "Alpha"));
    create(new JsonObject().put("name", "Beta").put("customerName", "Grace Hopper"));
    create(new JsonObject().put("name", "Gamma").put("customerEmail", "ada@example.com"));
    create(new JsonObject().put("name", "100% Delta").put("key", "SEARCHED-" + api.hashCode() + "-0123456789"));
    assertThat(names("?search=alp")).containsExactly("Alpha");
    assertThat(names("?search=hopper")).containsExactly("Beta");
    assertThat(names("?search=ADA%40example")).containsExactly("Gamma");
    assertThat(names("?search=searched-")).containsExactly("100% Delta");
    assertThat(names("?search=100%25")).as("no wildcard").containsExactly("100% Delta");
    assertThat(names("?search=_")).as("no wildcard").isEmpty();
    assertThat(names("?search=nobody")).isEmpty();
  }

  @Test
  void theyAreFilteredByStatus() {
    create("Active");
    JsonObject disabled = create("Disabled");
    api.post("/api/licenses/" + disabled.getString("id") + "/disable").expect(200);
    JsonObject expired = create(new JsonObject().put("name", "Expired")
        .put("expiresAt", Instant.now().plus(Duration.ofDays(1)).toString()));
    keyhook.clock().advanceExpiry(expired.getString("id"), Duration.ofDays(2));
    assertThat(names("?status=active")).containsExactly("Active");
    assertThat(names("?status=disabled")).containsExactly("Disabled");
    assertThat(names("?status=expired")).containsExactly("Expired");
  }

  @Test
  void theyComeNewestFirstInPages() {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      create("License " + i);
      expected.add(0, "License " + i);
    }
    List<String> found = new ArrayList<>();
    String cursor = null;
    do {
      JsonObject page = api.get("/api/licenses?limit=3" + (cursor == null ? "" : "&cursor=" + cursor)).expect(200).json();
      page.getJsonArray("data").forEach(license -> found.add(((JsonObject) license).getString("name")));
      cursor = page.getString("nextCursor");
    } while (cursor != null);
    assertThat(found).containsExactlyElementsOf(expected);
  }

  @Test
  void aChangeTouchesWhatItNamesAndNullClears() {
    JsonObject before = create(new JsonObject().put("name", "Before").put("maxActivations", 3).put("customerName", "Ada")
        .put("customerEmail", "ada@example.com").put("expiresAt", "2090-01-02T03:04:05.678Z")
        .put("metadata", new JsonObject().put("order", 7)));
    String path = "/api/licenses/" + before.getString("id");
    JsonObject renamed = api.patch(path, new JsonObject().put("name", "After")).expect(200).json();
    assertThat(renamed.getInteger("sequence")).isEqualTo(before.getInteger("sequence") + 1);
    assertThat(renamed.copy().put("name", "Before").put("updatedAt", before.getString("updatedAt"))
        .put("sequence", before.getInteger("sequence"))).isEqualTo(before);
    JsonObject cleared = api.patch(path, new JsonObject().putNull("customerName").putNull("customerEmail")
        .putNull("expiresAt").put("maxActivations", 5)).expect(200).json();
    assertThat(cleared.getValue("customerName")).isNull();
    assertThat(cleared.getValue("customerEmail")).isNull();
    assertThat(cleared.getValue("expiresAt")).isNull();
    assertThat(cleared.getInteger("maxActivations")).isEqualTo(5);
    assertThat(cleared.getJsonObject("metadata")).isEqualTo(new JsonObject().put("order", 7));
  }

  @Test
  void aDeletedOneIsGoneWithItsDevices() {
    JsonObject license = create("Gone");
    api.validate(license.getString("key"), "device").expect(200);
    api.delete("/api/licenses/" + license.getString("id")).expect(204);
    api.delete("/api/licenses/" + license.getString("id")).expect(404);
    api.validate(license.getString("key"), "device").expect(404);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.activation a WHERE NOT EXISTS "
        + "(SELECT FROM keyhook.license l WHERE l.account_id = a.account_id AND l.license_id = a.license_id)")).isZero();
  }

  @Test
  void removingADeviceFreesItsSlot() {
    JsonObject license = create("One device");
    String path = "/api/licenses/" + license.getString("id") + "/activations";
    api.validate(license.getString("key"), "first").expect(200);
    api.validate(license.getString("key"), "second").expect(403);
    String first = api.get(path).expect(200).data().get(0).getString("id");
    api.delete(path + "/" + first).expect(204);
    api.delete(path + "/" + first).expect(404);
    api.validate(license.getString("key"), "second").expect(200);
    assertThat(api.get(path).data()).extracting(device -> device.getString("fingerprint")).containsExactly("second");
  }
}
