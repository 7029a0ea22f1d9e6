package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Version;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What everybody may know of this Keyhook. */
class InfoTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT90S"))));

  private static Api anybody() {
    return keyhook.api().anonymous();
  }

  @Test
  void theSettingsAreThoseThatHold() {
    assertThat(anybody().get("/api/settings").expect(200).json()).isEqualTo(new JsonObject()
        .put("version", Version.VERSION).put("signupEnabled", false).put("allowInsecureTargets", true)
        .put("retryDelays", new JsonArray().add("PT1M30S")).put("timeout", "PT10S").put("passwordResetByMail", false));
  }

  @Test
  void everyPlanIsTold() {
    List<JsonObject> plans = anybody().get("/api/plans").expect(200).data();
    assertThat(plans.stream().map(plan -> plan.getString("name")))
        .containsExactly("free", "starter", "professional", "enterprise");
    assertThat(plans.get(3)).isEqualTo(new JsonObject().put("name", "enterprise").putNull("maxLicenses")
        .put("maxWebhooks", 50).put("logRetentionDays", 90));
  }

  @Test
  void everyTypeOfEventIsToldWithAnExample() {
    List<JsonObject> types = anybody().get("/api/event-types").expect(200).data();
    assertThat(types.stream().map(type -> type.getString("type"))).containsExactly("license.validated",
        "license.activated", "license.expired", "license.disabled", "license.deactivated", "license.created", "license.updated",
        "license.enabled", "license.deleted", "license.expiring", "webhook.failing", "webhook.recovered", "webhook.deactivated");
    assertThat(types).filteredOn(type -> type.getString("type").startsWith("license.")).allSatisfy(type -> {
      JsonObject example = type.getJsonObject("example");
      assertThat(example.getString("event")).isEqualTo(type.getString("type"));
      assertThat(example.getJsonObject("data").getString("licenseKey")).isEqualTo("ABCD-1234-EFGH-5678");
    });
  }

  @Test
  void theExampleOfAnExpiredLicenseHasExpired() {
    JsonObject example = anybody().get("/api/event-types").expect(200).data().get(2).getJsonObject("example");
    assertThat(Instant.parse(example.getJsonObject("data").getString("expiresAt")))
        .isBefore(Instant.parse(example.getString("timestamp")));
  }
}
