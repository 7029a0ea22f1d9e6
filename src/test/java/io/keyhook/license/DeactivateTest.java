package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A device frees its own activation, without a credential. */
class DeactivateTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  @AfterEach
  void deleteWebhooks() {
    keyhook.deleteWebhooks();
  }

  private static Exchange deactivate(String key, String fingerprint) {
    return keyhook.api().anonymous().post("/api/deactivate",
        new JsonObject().put("licenseKey", key).put("fingerprint", fingerprint));
  }

  private static void assertDeactivated(Exchange answer, boolean wasActivated, int current, int max) {
    assertThat(answer.expect(200).json()).isEqualTo(new JsonObject()
        .put("deactivated", wasActivated).put("currentActivations", current).put("maxActivations", max));
    assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
  }

  @Test
  void anotherDeviceCanUseTheFreedActivation() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "old").expect(200);
    other.api().validate(license.key(), "new").expect(403, "MAX_ACTIVATIONS_REACHED");
    assertDeactivated(deactivate(license.key(), "old"), true, 0, 1);
    other.api().validate(license.key(), "new").expect(200);
    keyhook.api().validate(license.key(), "old").expect(403, "MAX_ACTIVATIONS_REACHED");
  }

  @Test
  void repeatingItChangesNothing() {
    License license = keyhook.license(2);
    keyhook.api().validate(license.key(), "one").expect(200);
    keyhook.api().validate(license.key(), "two").expect(200);
    assertDeactivated(deactivate(license.key(), "one"), true, 1, 2);
    assertDeactivated(deactivate(license.key(), "one"), false, 1, 2);
    assertDeactivated(deactivate(license.key(), "three"), false, 1, 2);
    assertDeactivated(deactivate(license.key(), "ONE"), false, 1, 2);
  }

  @Test
  void theKeyIsReadAsInAValidation() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    assertDeactivated(deactivate(" " + license.key().toLowerCase().replace("-", " ") + "\u200b", "device"), true, 0, 1);
  }

  @Test
  void disabledAndExpiredLicensesGiveTheirActivationsBackToo() throws Exception {
    License disabled = keyhook.license(1);
    License expired = keyhook.license(1);
    for (License license : List.of(disabled, expired)) {
      keyhook.api().validate(license.key(), "device").expect(200);
    }
    keyhook.api().post("/api/licenses/" + disabled.id() + "/disable").expect(200);
    keyhook.database().update("UPDATE keyhook.license SET expires_at = now() - interval '1 day' WHERE key = ?", expired.key());
    assertDeactivated(deactivate(disabled.key(), "device"), true, 0, 1);
    assertDeactivated(deactivate(expired.key(), "device"), true, 0, 1);
  }

  @Test
  void anUnknownKeyIs404InTheFormOfThisCall() {
    assertThat(deactivate("ABCD-1234-EFGH-9999", "device").expect(404).json()).isEqualTo(new JsonObject()
        .put("deactivated", false).put("error", "License not found").put("code", "LICENSE_NOT_FOUND"));
    assertThat(keyhook.api().post("/api/deactivate", "{").expect(400, "INVALID_REQUEST").json().fieldNames())
        .containsExactly("deactivated", "error", "code");
    assertThat(Api.join(keyhook.api().anonymous().send("GET", "/api/deactivate", null)).expect(405).json().getBoolean("deactivated"))
        .isFalse();
  }

  @Test
  void itIsAnEventWithTheDeviceAsItWasActivated() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.deactivated");
    License license = keyhook.license(2);
    keyhook.api().post("/api/validate", new JsonObject().put("licenseKey", license.key()).put("fingerprint", "device")
        .put("deviceName", "Jane's Mac").put("deviceType", "desktop")).expect(200);
    deactivate(license.key(), "device").expect(200);
    Delivery delivery = receiver.take();
    assertThat(delivery.event()).isEqualTo("license.deactivated");
    assertThat(delivery.data()).isEqualTo(new JsonObject().put("licenseId", license.id()).put("licenseKey", license.key())
        .put("licenseName", delivery.data().getString("licenseName")).put("fingerprint", "device")
        .put("deviceName", "Jane's Mac").put("deviceType", "desktop").put("ipAddress", "127.0.0.1")
        .put("currentActivations", 0).put("maxActivations", 2).putNull("customerName").putNull("customerEmail")
        .putNull("deactivatedBy"));
    deactivate(license.key(), "device").expect(200);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void aRemovedDeviceIsTheSameEventWithWhoRemovedIt() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.deactivated");
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    String path = "/api/licenses/" + license.id() + "/activations";
    String activation = keyhook.api().get(path).data().get(0).getString("id");
    keyhook.api().delete(path + "/" + activation).expect(204);
    Delivery delivery = receiver.take();
    assertThat(delivery.data().getString("deactivatedBy")).isEqualTo("First key");
    assertThat(delivery.data().getString("fingerprint")).isEqualTo("device");
    keyhook.api().delete(path + "/" + activation).expect(404);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void manyDeactivationsOfOneDeviceAtOnceFreeOneActivationAndRaiseOneEvent() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.deactivated");
    License license = keyhook.license(3);
    IntStream.range(0, 3).forEach(i -> keyhook.api().validate(license.key(), "device " + i).expect(200));
    List<CompletableFuture<Exchange>> all = IntStream.range(0, 30).mapToObj(i -> (i % 2 == 0 ? keyhook.api() : other.api())
        .anonymous().postAsync("/api/deactivate",
            new JsonObject().put("licenseKey", license.key()).put("fingerprint", "device 1"))).toList();
    assertThat(all.stream().map(Api::join).filter(answer -> answer.expect(200).json().getBoolean("deactivated"))).hasSize(1);
    receiver.take();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getInteger("currentActivations")).isEqualTo(2);
  }
}
