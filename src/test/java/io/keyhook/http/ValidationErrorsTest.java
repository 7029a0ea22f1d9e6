package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad requests to {@code POST /api/validate}: answered in its own form, and nothing is changed. */
@ExtendWith(BlockedThreads.class)
class ValidationErrorsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static void assertInvalid(Exchange answer, int status) {
    answer.expect(status, "INVALID_REQUEST");
    assertThat(answer.json().fieldNames()).containsExactly("valid", "error", "code");
    assertThat(answer.json().getBoolean("valid")).isFalse();
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "", "{", "[]", "null", "\"text\"", "{}", "{\"licenseKey\":\"ABCD-1234-EFGH-5678\"}",
      "{\"fingerprint\":\"f\"}", "{\"licenseKey\":1,\"fingerprint\":\"f\"}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":null}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":\"\"}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":\"f\",\"more\":1}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":\"f\",\"fingerprint\":\"g\"}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":\"a\\u0000b\"}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":\"a\\ud800b\"}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":\"f\",\"deviceName\":[]}",
      "{\"licenseKey\":\"ABCD-1234-EFGH-5678\",\"fingerprint\":\"f\"} trailing"})
  void aBadBodyIs400(String body) {
    assertInvalid(keyhook.api().post("/api/validate", body), 400);
  }

  @Test
  void overLongFieldsAre400AndTheFieldIsNamed() {
    License license = keyhook.license(1);
    assertLength(license, "fingerprint", 500);
    assertLength(license, "deviceName", 200);
    assertLength(license, "deviceType", 200);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.activation WHERE fingerprint = 'device'"))
        .isEqualTo(1);
  }

  private static void assertLength(License license, String field, int max) {
    JsonObject request = new JsonObject().put("licenseKey", license.key()).put("fingerprint", "device");
    Exchange answer = keyhook.api().post("/api/validate", request.copy().put(field, "x".repeat(max + 1)));
    assertInvalid(answer, 400);
    assertThat(answer.json().getString("error")).contains(field);
    if (!field.equals("fingerprint")) {
      keyhook.api().post("/api/validate", request.put(field, "\uD83D\uDD11".repeat(max))).expect(200);
    }
  }

  @Test
  void aBodyAboveOneMegabyteIs413() {
    assertInvalid(keyhook.api().post("/api/validate", "{\"licenseKey\":\"" + "x".repeat(1024 * 1024) + "\"}"), 413);
  }

  @Test
  void anotherContentTypeIs415() {
    Api text = keyhook.api().anonymous().header("Content-Type", "text/plain");
    assertInvalid(Api.join(text.send("POST", "/api/validate", "{}")), 415);
    assertInvalid(Api.join(keyhook.api().anonymous().send("POST", "/api/validate", "{}")), 415);
  }

  @Test
  void whatHttpItselfCannotReadIsAnsweredInThisFormToo() {
    Wire wire = new Wire(keyhook.node().uri());
    for (String header : List.of("X y: 1", ": 1", "Content-Length: -5", "Transfer-Encoding: xchunked")) {
      assertInvalid(wire.send("POST", "/api/validate", new byte[0], header), 400);
    }
    assertInvalid(wire.send("POST", "/api/validate", new byte[0], "X-Large: " + "a".repeat(20_000)), 431);
    assertInvalid(wire.send("POST", "/api/validate", new byte[] {'{', '}'}, "Expect: tea"), 417);
    assertInvalid(wire.send("POST", "/api/validate?%zz", new byte[0]), 400);
  }

  @Test
  void anotherMethodIs405AndTheRightOnesAreNamed() {
    for (String method : new String[] {"GET", "PUT", "DELETE", "PATCH"}) {
      Exchange answer = Api.join(keyhook.api().anonymous().send(method, "/api/validate", null));
      assertInvalid(answer, 405);
      assertThat(answer.header("Allow")).contains("POST");
    }
  }
}
