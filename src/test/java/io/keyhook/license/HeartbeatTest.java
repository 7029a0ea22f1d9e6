package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Activations of devices that do not validate are freed, by one of the nodes, and never those of devices that validate in time. */
class HeartbeatTest {
  private static final Duration HEARTBEAT = Duration.ofHours(1);

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

  private static License license(int maxActivations) {
    return keyhook.license(new JsonObject().put("name", "L").put("maxActivations", maxActivations)
        .put("heartbeatSeconds", HEARTBEAT.toSeconds()));
  }

  private static void lastSeen(License license, String device, Duration ago) {
    keyhook.database().update("""
        UPDATE keyhook.activation a SET last_seen_at = now() - make_interval(secs => ?::int) FROM keyhook.license l
        WHERE a.account_id = l.account_id AND a.license_id = l.license_id AND l.key = ? AND a.fingerprint = ?""",
        ago.toSeconds(), license.key(), device);
  }

  /** Lets a node go over all licenses once more, as if one had run for some time. A new one does so when it starts, others every 10 s. */
  private static void pass(Duration upFor) {
    Waiting.until("the job has begun", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.alert_state WHERE kind LIKE 'license.heartbeat%'") == 3);
    keyhook.database().update("UPDATE keyhook.alert_state SET since = now() - make_interval(secs => ?::int) WHERE kind = 'license.heartbeat.up'",
        upFor.toSeconds());
    keyhook.database().update("""
        UPDATE keyhook.alert_state SET since = now() - interval '6 minutes', after_ids = NULL WHERE kind = 'license.heartbeat'""");
    keyhook.start();
    Waiting.until("the pass has ended", () -> keyhook.database().number("""
        SELECT count(*) FROM keyhook.alert_state WHERE kind = 'license.heartbeat' AND after_ids IS NULL
          AND since > now() - interval '5 minutes'""") == 1);
  }

  private static List<String> devices(License license) {
    return keyhook.api().get("/api/licenses/" + license.id() + "/activations").data().stream()
        .map(activation -> activation.getString("fingerprint")).sorted().toList();
  }

  @Test
  void unseenDevicesAreFreedWithAnEvent() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.*");
    License license = license(3);
    for (String device : List.of("a", "b", "c")) {
      keyhook.api().validate(license.key(), device).expect(200);
    }
    keyhook.awaitEmptyQueue();
    receiver.take(receiver.untaken());
    lastSeen(license, "a", HEARTBEAT.multipliedBy(2));
    lastSeen(license, "b", HEARTBEAT.multipliedBy(3));
    pass(Duration.ofDays(1));
    List<Delivery> freed = receiver.take(2);
    assertThat(freed).allSatisfy(delivery -> {
      assertThat(delivery.event()).isEqualTo("license.deactivated");
      assertThat(delivery.data().getString("deactivatedBy")).isEqualTo("Keyhook");
    });
    assertThat(freed).extracting(delivery -> delivery.data().getString("fingerprint")).containsExactlyInAnyOrder("a", "b");
    assertThat(freed).extracting(delivery -> delivery.data().getInteger("currentActivations")).containsExactlyInAnyOrder(2, 1);
    assertThat(freed).extracting(delivery -> delivery.data().getLong("sequence")).containsExactlyInAnyOrder(5L, 6L);
    assertThat(devices(license)).containsExactly("c");
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getInteger("currentActivations")).isEqualTo(1);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void theHeartbeatOfAPolicyCountsUnlessTheLicenseHasItsOwn() {
    String policyId = keyhook.api().post("/api/policies", new JsonObject().put("name", "P").put("heartbeatSeconds", 600)).expect(201)
        .json().getString("id");
    License license = keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId));
    License own = keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId).put("heartbeatSeconds", 86_400));
    License without = keyhook.license(1);
    for (License one : List.of(license, own, without)) {
      keyhook.api().validate(one.key(), "device").expect(200);
      lastSeen(one, "device", Duration.ofHours(2));
    }
    pass(Duration.ofDays(10));
    Waiting.until("it is freed", () -> devices(license).isEmpty());
    assertThat(devices(own)).hasSize(1);
    assertThat(devices(without)).hasSize(1);
  }

  @Test
  void aDeviceThatValidatesIsWrittenAtOnce() {
    License license = license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    lastSeen(license, "device", HEARTBEAT.minusMinutes(1));
    other.api().validate(license.key(), "device").expect(200);
    assertThat(keyhook.database().number("""
        SELECT count(*) FROM keyhook.activation a JOIN keyhook.license l USING (account_id, license_id)
        WHERE l.key = ? AND a.last_seen_at > now() - interval '1 minute'""", license.key())).isEqualTo(1);
  }

  @Test
  void aDeviceThatWasFreedIsActivatedAgain() {
    License license = license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    lastSeen(license, "device", HEARTBEAT.multipliedBy(2));
    pass(Duration.ofDays(1));
    Waiting.until("it is freed", () -> devices(license).isEmpty());
    assertThat(keyhook.api().validate(license.key(), "device").expect(200).json().getInteger("currentActivations")).isEqualTo(1);
  }

  @Test
  void whileNoNodeRanNoDeviceWasLate() {
    License license = license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    lastSeen(license, "device", HEARTBEAT.multipliedBy(2));
    // a node ran until 90 seconds ago, and the next pass is due
    keyhook.database().update("""
        UPDATE keyhook.alert_state SET after_ids = NULL, since = now() - CASE WHEN kind = 'license.heartbeat.up' THEN interval '10 days'
          WHEN kind = 'license.heartbeat' THEN interval '6 minutes' ELSE interval '90 seconds' END
        WHERE kind LIKE 'license.heartbeat%'""");
    keyhook.start();
    Waiting.until("the outage was noticed", () -> keyhook.database().number("""
        SELECT count(*) FROM keyhook.alert_state WHERE kind = 'license.heartbeat.up' AND since > now() - interval '1 hour'""") == 1);
    pass(Duration.ofMinutes(30));
    assertThat(devices(license)).containsExactly("device");
  }
}
