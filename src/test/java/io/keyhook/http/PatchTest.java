package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A change to what is so already is answered with the thing, and writes nothing: no row, no audit entry, no event. */
class PatchTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final JsonObject LICENSE = new JsonObject().put("name", "Studio Pro").put("maxActivations", 3)
      .put("expiresAt", "2090-01-31T12:00:00.000Z").put("customerName", "Ada").put("customerEmail", "ada@example.com")
      .put("metadata", new JsonObject().put("order", "A-1").put("seats", 3).put("of", new JsonArray().add(1.5).add(true)));

  /** The version of a row: PostgreSQL gives each write of it another one. */
  private static String version(String table, String idColumn, UUID id) {
    return keyhook.database().value("SELECT xmin::text || ' ' || ctid::text FROM keyhook.%s WHERE %s = ?"
        .formatted(table, idColumn), id);
  }

  private static String licenseVersion(String id) {
    return version("license", "license_id", Id.LICENSE.parse(id));
  }

  private static String webhookVersion(String id) {
    return version("webhook", "webhook_id", Id.WEBHOOK.parse(id));
  }

  private static Exchange patch(String path, String body) {
    return Api.join((body == null ? keyhook.api() : keyhook.api().header("Content-Type", "application/json"))
        .send("PATCH", path, body));
  }

  @Test
  void aLicenseIsLeftAloneByWhatIsSoAlready() {
    JsonObject license = keyhook.api().post("/api/licenses", LICENSE).expect(201).json();
    String path = "/api/licenses/" + license.getString("id");
    String before = licenseVersion(license.getString("id"));
    long audited = keyhook.database().count("audit");
    assertThat(patch(path, null).expect(200).json()).isEqualTo(license);
    assertThat(patch(path, "{}").expect(200).json()).isEqualTo(license);
    assertThat(patch(path, LICENSE.encode()).expect(200).json()).isEqualTo(license);
    LICENSE.fieldNames().forEach(field -> assertThat(
        patch(path, new JsonObject().put(field, LICENSE.getValue(field)).encode()).expect(200).json()).isEqualTo(license));
    assertThat(patch(path, "{\"maxActivations\":3.0,\"metadata\":{\"of\":[1.5,true],\"seats\":3,\"order\":\"A-1\"}}")
        .expect(200).json()).isEqualTo(license);
    assertThat(keyhook.api().post(path + "/enable").expect(200).json()).isEqualTo(license);
    assertThat(licenseVersion(license.getString("id"))).isEqualTo(before);
    assertThat(keyhook.database().count("audit")).isEqualTo(audited);
  }

  @Test
  void aTimeIsTakenToTheMillisecondSoThatWhatWasReadChangesNothing() {
    String given = "2090-01-31T12:00:00.999999Z";
    String read = "2090-01-31T12:00:00.999Z";
    JsonObject created = keyhook.api().post("/api/licenses", new JsonObject().put("name", "L").put("expiresAt", given))
        .expect(201).json();
    JsonObject changed = patch("/api/licenses/" + keyhook.license(1).id(), "{\"expiresAt\":\"" + given + "\"}")
        .expect(200).json();
    JsonObject older = keyhook.api().post("/api/licenses", new JsonObject().put("name", "L").put("expiresAt", read))
        .expect(201).json();
    keyhook.database().update("UPDATE keyhook.license SET expires_at = '2090-01-31 12:00:00.999999+00' WHERE license_id = ?",
        Id.LICENSE.parse(older.getString("id")));
    long audited = keyhook.database().count("audit");
    for (JsonObject license : List.of(created, changed, older)) {
      String path = "/api/licenses/" + license.getString("id");
      String before = licenseVersion(license.getString("id"));
      for (String again : List.of(read, given, "2090-01-31T13:00:00.9990+01:00")) {
        assertThat(patch(path, new JsonObject().put("expiresAt", again).encode()).expect(200).json()).isEqualTo(license);
      }
      assertThat(licenseVersion(license.getString("id"))).isEqualTo(before);
    }
    assertThat(keyhook.database().count("audit")).isEqualTo(audited);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.license l JOIN keyhook.license_expiry e USING"
        + " (account_id, license_id) WHERE license_id IN (?, ?) AND expires_at = due_at"
        + " AND expires_at = '2090-01-31 12:00:00.999+00'", Id.LICENSE.parse(created.getString("id")),
        Id.LICENSE.parse(changed.getString("id")))).isEqualTo(2);
  }

  @Test
  void whatAPlainLicenseDoesNotHaveIsLeftAloneToo() {
    JsonObject license = keyhook.api().post("/api/licenses", new JsonObject().put("name", "L")).expect(201).json();
    String before = licenseVersion(license.getString("id"));
    assertThat(patch("/api/licenses/" + license.getString("id"),
        "{\"expiresAt\":null,\"customerName\":null,\"customerEmail\":null,\"metadata\":null,\"maxActivations\":1}")
        .expect(200).json()).isEqualTo(license);
    assertThat(patch("/api/licenses/" + license.getString("id"), "{\"metadata\":{}}").expect(200).json()).isEqualTo(license);
    assertThat(licenseVersion(license.getString("id"))).isEqualTo(before);
  }

  @Test
  void oneFieldThatDiffersIsAChange() {
    for (String field : List.of("\"name\":\"Other\"", "\"maxActivations\":4", "\"expiresAt\":null", "\"customerName\":null",
        "\"customerEmail\":\"eve@example.com\"", "\"metadata\":{\"order\":\"A-1\"}", "\"metadata\":null")) {
      JsonObject license = keyhook.api().post("/api/licenses", LICENSE).expect(201).json();
      JsonObject changed = patch("/api/licenses/" + license.getString("id"), "{" + field + "}").expect(200).json();
      assertThat(changed).as(field).isNotEqualTo(license);
      assertThat(Instant.parse(changed.getString("updatedAt"))).isAfterOrEqualTo(Instant.parse(license.getString("updatedAt")));
      assertThat(keyhook.api().get("/api/audit?subjectId=" + license.getString("id") + "&action=license.updated").data())
          .as(field).hasSize(1);
    }
  }

  @Test
  void anExpiredLicenseTakesTheExpiryThatItHasAndNoOtherOneInThePast() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.expired");
    String expiresAt = Instant.now().plusSeconds(2).truncatedTo(ChronoUnit.MILLIS).toString();
    JsonObject license = keyhook.api().post("/api/licenses", new JsonObject().put("name", "L").put("expiresAt", expiresAt))
        .expect(201).json();
    String path = "/api/licenses/" + license.getString("id");
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.getString("id"));
    String before = licenseVersion(license.getString("id"));
    patch(path, new JsonObject().put("expiresAt", expiresAt).encode()).expect(200);
    assertThat(licenseVersion(license.getString("id"))).isEqualTo(before);
    assertThat(patch(path, new JsonObject().put("expiresAt", expiresAt).put("name", "M").encode()).expect(200).json()
        .getString("name")).isEqualTo("M");
    assertThat(patch(path, "{\"expiresAt\":\"2001-01-01T00:00:00Z\"}").expect(400).badFields()).containsExactly("expiresAt");
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.license_expiry WHERE license_id = ?",
        Id.LICENSE.parse(license.getString("id")))).as("expiries that are still to be told").isZero();
  }

  @Test
  void ofEqualChangesAtOnceOneChangesSomething() {
    License license = keyhook.license(1);
    String path = "/api/licenses/" + license.id();
    Api api = keyhook.api().header("Content-Type", "application/json");
    for (int round = 0; round < 5; round++) {
      String name = "Round " + round;
      List<CompletableFuture<Exchange>> answers = IntStream.range(0, 8)
          .mapToObj(i -> api.send("PATCH", path, new JsonObject().put("name", name).encode())).toList();
      assertThat(answers.stream().map(Api::join).map(answer -> answer.expect(200).json())).allSatisfy(answer ->
          assertThat(answer.getString("name")).isEqualTo(name));
      assertThat(answers.stream().map(Api::join).map(answer -> answer.json().getString("updatedAt")).distinct()).hasSize(1);
      assertThat(keyhook.api().get("/api/audit?subjectId=" + license.id() + "&action=license.updated").data())
          .hasSize(round + 1);
    }
  }

  @Test
  void aDisabledLicenseIsDisabledOnce() {
    License license = keyhook.license(1);
    JsonObject disabled = keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200).json();
    String before = licenseVersion(license.id());
    assertThat(keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200).json()).isEqualTo(disabled);
    assertThat(licenseVersion(license.id())).isEqualTo(before);
    assertThat(keyhook.api().get("/api/audit?subjectId=" + license.id() + "&action=license.disabled").data()).hasSize(1);
  }

  @Test
  void aWebhookIsLeftAloneByWhatIsSoAlready() {
    JsonObject fields = new JsonObject().put("url", "http://127.0.0.1:9/hook").put("description", "Provisioning")
        .put("events", new JsonArray().add("license.disabled").add("license.activated")).put("isActive", true);
    JsonObject webhook = keyhook.api().post("/api/webhooks", fields).expect(201).json();
    webhook.remove("secret");
    String path = "/api/webhooks/" + webhook.getString("id");
    String before = webhookVersion(webhook.getString("id"));
    long audited = keyhook.database().count("audit");
    assertThat(patch(path, null).expect(200).json()).isEqualTo(webhook);
    assertThat(patch(path, "{}").expect(200).json()).isEqualTo(webhook);
    assertThat(patch(path, fields.encode()).expect(200).json()).isEqualTo(webhook);
    fields.fieldNames().forEach(field -> assertThat(
        patch(path, new JsonObject().put(field, fields.getValue(field)).encode()).expect(200).json()).isEqualTo(webhook));
    assertThat(patch(path, "{\"events\":[\"license.activated\",\"license.disabled\",\"license.activated\"]}").expect(200).json())
        .as("the same set in another order").isEqualTo(webhook);
    assertThat(webhookVersion(webhook.getString("id"))).isEqualTo(before);
    assertThat(keyhook.database().count("audit")).isEqualTo(audited);
    assertThat(patch(path, "{\"events\":[\"license.activated\"]}").expect(200).json().getJsonArray("events"))
        .isEqualTo(new JsonArray().add("license.activated"));
    assertThat(patch(path, fields.encode()).expect(200).json().getJsonArray("events")).isEqualTo(fields.getJsonArray("events"));
    patch(path, "{\"isActive\":false}").expect(200);
    String inactive = webhookVersion(webhook.getString("id"));
    assertThat(inactive).isNotEqualTo(before);
    patch(path, "{\"isActive\":false}").expect(200);
    assertThat(webhookVersion(webhook.getString("id"))).isEqualTo(inactive);
  }

  @Test
  void anAccountIsLeftAloneByWhatIsSoAlready() {
    Api operator = keyhook.node().operator();
    JsonObject fields = new JsonObject().put("name", "Acme").put("email", "acme-patch@example.com").put("plan", "starter");
    JsonObject account = operator.post("/api/admin/accounts", fields.copy().put("password", Node.PASSWORD)).expect(201).json();
    String path = "/api/admin/accounts/" + account.getString("id");
    UUID id = Id.ACCOUNT.parse(account.getString("id"));
    String before = version("account", "account_id", id) + version("member", "account_id", id);
    long audited = keyhook.database().count("audit");
    assertThat(Api.join(operator.send("PATCH", path, null)).expect(200).json()).isEqualTo(account);
    assertThat(operator.patch(path, new JsonObject()).expect(200).json()).isEqualTo(account);
    assertThat(operator.patch(path, fields).expect(200).json()).isEqualTo(account);
    assertThat(version("account", "account_id", id) + version("member", "account_id", id)).isEqualTo(before);
    assertThat(keyhook.database().count("audit")).isEqualTo(audited);
    for (JsonObject change : List.of(new JsonObject().put("email", "acme-patched@example.com"),
        new JsonObject().put("password", Node.PASSWORD), new JsonObject().put("plan", "free"))) {
      long already = keyhook.database().count("audit");
      operator.patch(path, change).expect(200);
      assertThat(keyhook.database().count("audit")).as("%s", change).isEqualTo(already + 1);
    }
    operator.patch("/api/admin/accounts/" + Id.ACCOUNT.of(new UUID(0, 0)), new JsonObject()).expect(404);
  }
}
