package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Clock;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Statement;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A customer's way: a trial that begins with its first activation, without a network, renewed, and to its end. */
class TrialTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration TRIAL = Duration.ofDays(14);
  private static final Duration LEASE = Duration.ofDays(3);
  private static final Duration GRACE = Duration.ofDays(2);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("license", new JsonObject().put("expiringDays", new JsonArray().add(7))));

  private static JsonObject get(License license) {
    return keyhook.api().get("/api/licenses/" + license.id()).expect(200).json();
  }

  /** Lets so much time pass for a license. */
  private static void age(License license, Duration by) {
    for (String column : List.of("created_at", "first_activated_at", "expires_at")) {
      keyhook.database().update("UPDATE keyhook.license SET " + column + " = " + Clock.earlier(column) + " WHERE key = ?",
          by.toSeconds(), license.key());
    }
    keyhook.database().update("""
        UPDATE keyhook.license_expiry e SET due_at = l.expires_at, set_at = %s FROM keyhook.license l
        WHERE l.account_id = e.account_id AND l.license_id = e.license_id AND l.key = ?"""
        .formatted(Clock.earlier("e.set_at")), by.toSeconds(), license.key());
  }

  private static JsonObject validate(License license) {
    return keyhook.api().anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.key())
        .put("fingerprint", "laptop").put("lease", true)).expect(200).json();
  }

  private static Instant end(Statement lease) {
    return Instant.ofEpochSecond(lease.claims().getLong("exp"));
  }

  private static Instant time(JsonObject license, String field) {
    return Instant.parse(license.getString(field));
  }

  @Test
  void aTrialBeginsWorksOfflineIsRenewedAndExpiresWithNoticeAndGrace() {
    Waiting.until("the job has begun", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.alert_state WHERE kind = 'license.expiring.7'") == 1);
    String policyId = keyhook.api().post("/api/policies", new JsonObject().put("name", "Trial").put("trial", true)
        .put("durationSeconds", TRIAL.toSeconds()).put("expiryBasis", "first_activation").put("leaseSeconds", LEASE.toSeconds())
        .put("graceSeconds", GRACE.toSeconds()).put("entitlements", new JsonObject().put("projects", 25))).expect(201).json().getString("id");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.updated", "license.activated", "license.expiring", "license.expired");
    License license = keyhook.license(new JsonObject().put("name", "Trial for Jane").put("policyId", policyId)
        .put("customerEmail", "jane@example.com"));
    age(license, Duration.ofDays(40)); // unused

    assertThat(get(license).getString("expiresAt")).isNull();
    Instant before = Instant.now().minusSeconds(1);
    Statement lease = Statement.of(validate(license).getString("statement"));
    Instant expiresAt = time(get(license), "expiresAt");
    assertThat(expiresAt).as("it begins").isBetween(before.plus(TRIAL), Instant.now().plus(TRIAL));
    assertThat(time(get(license), "firstActivatedAt")).isBetween(before, Instant.now());
    assertThat(receiver.take(2)).extracting(Delivery::event).containsExactlyInAnyOrder("license.updated", "license.activated");

    String account = keyhook.api().get("/api/account").json().getString("id");
    JsonObject keys = keyhook.api().anonymous().get("/api/accounts/" + account + "/.well-known/jwks.json").expect(200).json();
    keyhook.node().stop(); // the device has no network now
    assertThat(lease.isSignedBy(keys)).isTrue();
    assertThat(lease.claims().getString("fingerprint")).isEqualTo("laptop");
    assertThat(lease.claims().getJsonObject("entitlements").getInteger("projects")).isEqualTo(25);
    assertThat(end(lease)).as("offline for the lease").isBetween(before.plus(LEASE), Instant.now().plus(LEASE));
    keyhook.start();

    age(license, LEASE);
    Statement renewedLease = Statement.of(validate(license).getString("statement"));
    assertThat(end(renewedLease)).as("the next lease").isBetween(before.plus(LEASE), Instant.now().plus(LEASE));

    Instant renewal = expiresAt.minus(LEASE).plus(Duration.ofDays(10));
    JsonObject renewed = keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("expiresAt", renewal.toString()))
        .expect(200).json();
    assertThat(renewed.getJsonArray("inherited")).containsExactly("maxActivations");
    assertThat(receiver.take().data().getJsonObject("changes").fieldNames()).contains("expiresAt");

    keyhook.node().stop();
    keyhook.database().update("UPDATE keyhook.alert_state SET since = " + Clock.earlier("since") + " WHERE kind = 'license.expiring.7'", 7200);
    age(license, Duration.between(Instant.now(), renewal).minus(Duration.ofDays(7).minusHours(1)));
    keyhook.start();
    Delivery notice = receiver.take();
    assertThat(notice.event()).isEqualTo("license.expiring");
    assertThat(notice.data().getString("customerEmail")).isEqualTo("jane@example.com");
    assertThat(notice.data().getInteger("daysBefore")).isEqualTo(7);
    assertThat(notice.data().getString("policyId")).isEqualTo(policyId);

    age(license, Duration.ofDays(7));
    assertThat(receiver.take().event()).isEqualTo("license.expired");
    JsonObject grace = validate(license);
    Instant graceUntil = time(grace, "graceUntil");
    assertThat(Duration.between(time(grace.getJsonObject("license"), "expiresAt"), graceUntil)).isEqualTo(GRACE);
    assertThat(end(Statement.of(grace.getString("statement")))).as("no lease beyond the grace period")
        .isEqualTo(Instant.ofEpochSecond(graceUntil.getEpochSecond()));

    age(license, GRACE);
    keyhook.api().validate(license.key(), "laptop").expect(403, "LICENSE_EXPIRED");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).as("each once").isZero();
  }
}
