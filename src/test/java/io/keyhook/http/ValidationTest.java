package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@code POST /api/validate} answers about a license. */
class ValidationTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Exchange validate(String key, String fingerprint) {
    return keyhook.api().anonymous().validate(key, fingerprint);
  }

  private static void assertRefused(Exchange answer, int status, String error, String code) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.body())
        .isEqualTo("{\"valid\":false,\"error\":\"" + error + "\",\"code\":\"" + code + "\"}");
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
  }

  @Test
  void aNewDeviceIsActivatedWithoutACredential() {
    License license = keyhook.license(2);
    Exchange answer = validate(license.key(), "one").expect(200);
    assertThat(answer.body()).isEqualTo("{\"valid\":true,\"license\":{\"name\":\"A license\",\"expiresAt\":null},"
        + "\"currentActivations\":1,\"maxActivations\":2}");
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    assertThat(validate(license.key(), "two").expect(200).json().getInteger("currentActivations")).isEqualTo(2);
  }

  @Test
  void theExpiryIsTold() {
    Instant expiry = Instant.now().plus(Duration.ofDays(1)).truncatedTo(ChronoUnit.SECONDS);
    License license = keyhook.license(new JsonObject().put("name", "Yearly").put("expiresAt", expiry.toString()));
    assertThat(validate(license.key(), "one").expect(200).json().getJsonObject("license"))
        .isEqualTo(new JsonObject().put("name", "Yearly").put("expiresAt", expiry.toString().replace("Z", ".000Z")));
  }

  @Test
  void anUnknownKeyIsNotFound() {
    assertRefused(validate("ABCD-1234-EFGH-5678", "one"), 404, "License not found", "LICENSE_NOT_FOUND");
    assertRefused(validate("ſomething-in-another-script", "one"), 404, "License not found", "LICENSE_NOT_FOUND");
  }

  @Test
  void aDisabledLicenseIsRefused() {
    License license = keyhook.license(1);
    validate(license.key(), "one").expect(200);
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertRefused(validate(license.key(), "one"), 403, "License is disabled", "LICENSE_DISABLED");
    assertRefused(validate(license.key(), "two"), 403, "License is disabled", "LICENSE_DISABLED");
  }

  @Test
  void anExpiredLicenseIsRefused() {
    License license = keyhook.license(new JsonObject().put("name", "Short")
        .put("expiresAt", Instant.now().plus(Duration.ofHours(1)).toString()));
    validate(license.key(), "one").expect(200);
    keyhook.clock().advanceExpiry(license.id(), Duration.ofHours(1));
    assertRefused(validate(license.key(), "one"), 403, "License has expired", "LICENSE_EXPIRED");
  }

  @Test
  void aKnownDeviceValidatesWhenTheLicenseIsFull() {
    License license = keyhook.license(1);
    validate(license.key(), "one").expect(200);
    assertRefused(validate(license.key(), "two"), 403, "Maximum activations reached", "MAX_ACTIVATIONS_REACHED");
    assertThat(validate(license.key(), "one").expect(200).json().getInteger("currentActivations")).isEqualTo(1);
  }

  @Test
  void aKnownDeviceValidatesWhenTheLimitWasLoweredBelowIt() {
    License license = keyhook.license(2);
    validate(license.key(), "one").expect(200);
    validate(license.key(), "two").expect(200);
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("maxActivations", 1)).expect(200);
    assertThat(validate(license.key(), "two").expect(200).json().getMap())
        .containsEntry("currentActivations", 2).containsEntry("maxActivations", 1);
    validate(license.key(), "three").expect(403, "MAX_ACTIVATIONS_REACHED");
  }

  @Test
  void aDeviceThatIsTakenOffMakesRoom() {
    License license = keyhook.license(1);
    validate(license.key(), "one").expect(200);
    String path = "/api/licenses/" + license.id() + "/activations";
    JsonObject activation = keyhook.api().get(path).expect(200).data().get(0);
    assertThat(activation.getMap()).containsEntry("fingerprint", "one").containsEntry("ipAddress", "127.0.0.1");
    keyhook.api().delete(path + "/" + activation.getString("id")).expect(204);
    validate(license.key(), "two").expect(200);
    assertThat(keyhook.api().get(path).expect(200).data()).singleElement()
        .satisfies(left -> assertThat(left.getString("fingerprint")).isEqualTo("two"));
  }

  @Test
  void caseAndSurroundingSpaceOfAKeyDoNotMatter() {
    License license = keyhook.license(1);
    validate("  " + license.key().toLowerCase(java.util.Locale.ROOT) + "\n", "one").expect(200);
    License own = keyhook.license(new JsonObject().put("name", "Own").put("key", "Sellers-own-KEY-0001"));
    validate("sellers-OWN-key-0001 ", "one").expect(200);
    assertThat(own.key()).isEqualTo("Sellers-own-KEY-0001");
  }

  @Test
  void caseOfAFingerprintMatters() {
    License license = keyhook.license(2);
    validate(license.key(), "device").expect(200);
    assertThat(validate(license.key(), "DEVICE").expect(200).json().getInteger("currentActivations")).isEqualTo(2);
  }

  @Test
  void oneDeviceThatAsksManyTimesAtOnceTakesOneSlot() {
    License license = keyhook.license(1);
    var answers = java.util.stream.IntStream.range(0, 50)
        .mapToObj(i -> keyhook.api().validateAsync(license.key(), "same")).toList();
    assertThat(answers).allSatisfy(answer -> io.keyhook.testing.Api.join(answer).expect(200));
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getInteger("currentActivations")).isEqualTo(1);
  }

  @Test
  void everyOriginMayAsk() {
    License license = keyhook.license(1);
    var browser = keyhook.api().anonymous().header("Origin", "https://shop.example");
    assertThat(browser.validate(license.key(), "one").expect(200).header("Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(browser.validate("ABCD-1234-EFGH-5678", "one").header("Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(browser.post("/api/validate", "{").header("Access-Control-Allow-Origin")).isEqualTo("*");
    Exchange preflight = io.keyhook.testing.Api.join(browser.header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type").send("OPTIONS", "/api/validate", null)).expect(204);
    assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(preflight.header("Access-Control-Allow-Methods")).contains("POST");
    assertThat(preflight.header("Access-Control-Allow-Headers")).containsIgnoringCase("content-type");
  }
}
