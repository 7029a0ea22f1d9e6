package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Statement;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A seller activates a device that has no network, and hands it a signed file. */
class LicenseFileTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @AfterEach
  void deleteWebhooks() {
    keyhook.deleteWebhooks();
  }

  private static String path(License license) {
    return "/api/licenses/" + license.id() + "/files";
  }

  private static JsonObject device(String fingerprint) {
    return new JsonObject().put("fingerprint", fingerprint);
  }

  private static JsonObject claims(Exchange file) {
    Statement statement = Statement.of(file.expect(201).json().getString("statement"));
    String account = keyhook.api().get("/api/account").json().getString("id");
    assertThat(statement.isSignedBy(keyhook.api().anonymous().get("/api/accounts/" + account + "/.well-known/jwks.json").json())).isTrue();
    return statement.claims();
  }

  @Test
  void theDeviceIsActivatedAndTheFileIsGoodUntilTheSellerSays() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    License license = keyhook.license(1);
    Instant until = Instant.now().plus(Duration.ofDays(200));
    JsonObject claims = claims(keyhook.api().post(path(license),
        device("controller").put("deviceName", "Line 2").put("validUntil", until.toString())));
    assertThat(claims.getString("key")).isEqualTo(license.key());
    assertThat(claims.getString("fingerprint")).isEqualTo("controller");
    assertThat(claims.getBoolean("valid")).isTrue();
    assertThat(claims.getLong("exp")).isEqualTo(until.getEpochSecond());
    Delivery delivery = receiver.take();
    assertThat(delivery.data().getString("deviceName")).isEqualTo("Line 2");
    assertThat(delivery.data().getInteger("currentActivations")).isEqualTo(1);
    keyhook.api().validate(license.key(), "another").expect(403, "MAX_ACTIVATIONS_REACHED");
    claims(keyhook.api().post(path(license), device("controller")));
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getInteger("currentActivations")).isEqualTo(1);
  }

  @Test
  void itEndsWithTheLicenseOrAfterAYear() {
    Instant expiry = Instant.now().plus(Duration.ofDays(30));
    License expiring = keyhook.license(new JsonObject().put("name", "L").put("expiresAt", expiry.toString()));
    assertThat(claims(keyhook.api().post(path(expiring), device("one"))).getLong("exp")).isEqualTo(expiry.getEpochSecond());
    JsonObject unlimited = claims(keyhook.api().post(path(keyhook.license(1)), device("one")));
    assertThat(Duration.ofSeconds(unlimited.getLong("exp") - unlimited.getLong("iat"))).isBetween(Duration.ofDays(364), Duration.ofDays(366));
  }

  @Test
  void itIsForTheProductThatTheRequestNames() {
    String studio = keyhook.api().post("/api/products", new JsonObject().put("name", "Studio")).expect(201).json().getString("id");
    String editor = keyhook.api().post("/api/products", new JsonObject().put("name", "Editor")).expect(201).json().getString("id");
    License license = keyhook.license(new JsonObject().put("name", "L").put("productId", studio));
    keyhook.api().post(path(license), device("one").put("productId", editor)).expect(409, "PRODUCT_MISMATCH");
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getInteger("currentActivations")).isZero();
    assertThat(claims(keyhook.api().post(path(license), device("one").put("productId", studio))).getString("productId")).isEqualTo(studio);
    assertThat(claims(keyhook.api().post(path(keyhook.license(1)), device("one").put("productId", editor))).getString("productId"))
        .isEqualTo(editor);
    assertThat(keyhook.api().post(path(license), device("one").put("productId", "Studio")).expect(400, "INVALID_REQUEST").badFields())
        .containsExactly("productId");
  }

  @Test
  void theKeyIsAsTheDeviceHasIt() {
    License license = keyhook.license(1);
    String typed = license.key().toLowerCase().replace("-", " ");
    assertThat(claims(keyhook.api().post(path(license), device("one").put("licenseKey", typed))).getString("key")).isEqualTo(typed);
    assertThat(keyhook.api().post(path(license), device("two").put("licenseKey", keyhook.license(1).key())).expect(400).badFields())
        .containsExactly("licenseKey");
  }

  @Test
  void aLicenseThatMayNotBeUsedHasNoFile() {
    License disabled = keyhook.license(1);
    keyhook.api().post("/api/licenses/" + disabled.id() + "/disable").expect(200);
    keyhook.api().post(path(disabled), device("one")).expect(409, "LICENSE_DISABLED");
    License expired = keyhook.license(1);
    keyhook.database().update("UPDATE keyhook.license SET expires_at = now() - interval '1 day' WHERE key = ?", expired.key());
    keyhook.api().post(path(expired), device("one")).expect(409, "LICENSE_EXPIRED");
    assertThat(keyhook.api().get("/api/audit?action=license.file_created&subjectId=" + disabled.id()).data()).isEmpty();
  }

  @Test
  void manyAtOnceNeverActivateOneDeviceTooMany() {
    License license = keyhook.license(3);
    List<CompletableFuture<Exchange>> all = IntStream.range(0, 20).mapToObj(i ->
        keyhook.api().postAsync(path(license), device("device " + i))).toList();
    assertThat(all.stream().map(Api::join).filter(answer -> answer.status() == 201)).hasSize(3);
    assertThat(all.stream().map(Api::join).filter(answer -> answer.status() != 201))
        .allSatisfy(answer -> answer.expect(409, "MAX_ACTIVATIONS_REACHED"));
    assertThat(keyhook.api().get("/api/audit?action=license.file_created&subjectId=" + license.id()).data()).hasSize(3);
  }
}
