package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.license.ExpiringStore.Position;
import io.keyhook.license.ExpiringStore.Task;
import io.keyhook.testing.Api;
import io.keyhook.testing.Clock;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.SlackServer;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code license.expiring} is raised once for each number of days, on any number of nodes, and after an outage. */
class ExpiringTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("license", new JsonObject().put("expiringDays", new JsonArray().add(30).add(7))));

  /** The jobs for these numbers of days. */
  private static final String JOBS = "keyhook.alert_state WHERE kind IN ('license.expiring.30', 'license.expiring.7')";

  private static License expiringIn(Api account, Duration time) {
    return keyhook.license(account, new JsonObject().put("name", "Studio <Pro>").put("maxActivations", 2)
        .put("customerName", "Jane").put("customerEmail", "jane@example.com")
        .put("expiresAt", in(time)));
  }

  private static void extend(Api account, License license, Duration time) {
    account.patch("/api/licenses/" + license.id(), new JsonObject().put("expiresAt", in(time))).expect(200);
  }

  private static String in(Duration time) {
    return Instant.now().plus(time).toString();
  }

  /** 7 days before the expiry is in 5 s, so that a later look finds it, and the expiry was set so long before that. */
  private static void noticeSoon(License license, Duration set) {
    Instant moment = Instant.now().plusSeconds(5).truncatedTo(ChronoUnit.MILLIS);
    String expiresAt = moment.plus(Duration.ofDays(7)).toString();
    UUID id = Id.LICENSE.parse(license.id());
    keyhook.database().update("UPDATE keyhook.license SET expires_at = ?::timestamptz WHERE license_id = ?", expiresAt, id);
    keyhook.database().update("UPDATE keyhook.license_expiry SET due_at = ?::timestamptz, set_at = ?::timestamptz WHERE license_id = ?",
        expiresAt, moment.minus(set).toString(), id);
  }

  private static void awaitBegin() {
    Waiting.until("the job has begun", () ->
        keyhook.database().number("SELECT count(*) FROM " + JOBS) == 2);
  }

  @Test
  void licensesAreAnnouncedOnceForEachNumberOfDaysAlsoAfterAnOutageAndOnSeveralNodes() throws Exception {
    awaitBegin();
    try (SlackServer slack = new SlackServer()) {
      Api account = keyhook.account("enterprise");
      account.patch("/api/alerts", new JsonObject().put("slackUrl", slack.url())
          .put("causes", new JsonArray().add("license.expiring"))).expect(200);
      Receiver receiver = keyhook.receiver();
      keyhook.webhook(account, receiver, "license.expiring");
      Receiver older = keyhook.receiver();
      keyhook.webhook(account, older, "license.expired");
      License monthly = expiringIn(account, Duration.ofDays(31));
      License weekly = expiringIn(account, Duration.ofDays(8));
      License late = expiringIn(account, Duration.ofDays(30).plusHours(2));
      License never = expiringIn(account, Duration.ofDays(40));
      License disabled = expiringIn(account, Duration.ofDays(8));
      account.post("/api/licenses/" + disabled.id() + "/disable").expect(200);

      keyhook.node().stop();
      // a day and an hour of an outage
      keyhook.database().update("UPDATE keyhook.alert_state SET since = "
        + Clock.earlier("since").replace("?", "90000") + " WHERE kind LIKE 'license.expiring.%'");
      for (License license : List.of(monthly, weekly, late, never, disabled)) {
        keyhook.clock().advanceExpiry(license.id(), Duration.ofHours(25));
      }
      keyhook.start();
      keyhook.start();
      List<Delivery> events = receiver.take(3);
      assertThat(events).extracting(delivery -> delivery.data().getString("licenseId") + " " + delivery.data().getInteger("daysBefore"))
          .containsExactlyInAnyOrder(monthly.id() + " 30", weekly.id() + " 7", late.id() + " 30");
      assertThat(events.get(0).data().fieldNames()).containsExactly("licenseId", "licenseKey", "licenseName", "customerName",
          "customerEmail", "expiresAt", "currentActivations", "maxActivations", "daysBefore", "sequence");
      assertThat(events.get(0).data().getString("customerEmail")).isEqualTo("jane@example.com");
      keyhook.database().update("UPDATE keyhook.alert_message SET due_at = now() WHERE total > 0"); // what waits for an hour
      String alerts = slack.take();
      while (!alerts.contains("(" + late.id() + ")")) {
        alerts += slack.take();
      }
      assertThat(alerts).startsWith("*License expiring*").contains("Studio &lt;Pro&gt;").doesNotContain("jane@example.com")
          .contains("(" + late.id() + ") expires in 29 days, on ").contains("(" + monthly.id() + ") expires in 30 days, on ");

      String oldest = "SELECT extract(epoch FROM min(since))::bigint FROM " + JOBS;
      long seen = keyhook.database().number(oldest);
      keyhook.start(); // looks at once; the others every 10 s
      Waiting.until("a node has looked again", () -> keyhook.database().number(oldest) > seen);
      assertThat(receiver.untaken()).as("announced again").isZero();
      assertThat(older.untaken()).as("what this webhook did not ask for").isZero();
    }
  }

  @Test
  void manyLicensesOfOneInstantAreAllAnnounced() {
    awaitBegin();
    Api account = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(account, receiver, "license.expiring");
    String instant = Instant.now().plus(Duration.ofDays(7)).plusSeconds(120).truncatedTo(ChronoUnit.SECONDS).toString();
    for (int i = 0; i < 3; i++) {
      account.post("/api/licenses/bulk", new JsonObject().put("count", 200).put("name", "L").put("maxActivations", 1)
          .put("expiresAt", instant)).expect(201);
    }
    keyhook.database().update("UPDATE keyhook.license SET expires_at = "
        + Clock.earlier("expires_at").replace("?", "121") + " WHERE expires_at = ?::timestamptz",
        instant);
    keyhook.database().update("UPDATE keyhook.license_expiry SET due_at = " + Clock.earlier("due_at").replace("?", "121")
        + ", set_at = " + Clock.earlier("set_at").replace("?", "121") + " WHERE due_at = ?::timestamptz",
        instant);
    keyhook.database().update("UPDATE keyhook.alert_state SET since = "
        + Clock.earlier("since").replace("?", "7200") + " WHERE kind LIKE 'license.expiring.%'");
    keyhook.start(); // looks at once
    assertThat(receiver.take(600)).extracting(delivery -> delivery.data().getString("licenseId")).doesNotHaveDuplicates();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void aLicenseForJustSoManyDaysIsNotAnnouncedWhenItBeginsOrIsRenewed() {
    awaitBegin();
    Api account = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(account, receiver, "license.expiring");
    for (String basis : List.of("creation", "first_activation")) {
      String policy = account.post("/api/policies", new JsonObject().put("name", basis).put("expiryBasis", basis)
          .put("durationSeconds", Duration.ofDays(7).toSeconds())).expect(201).json().getString("id");
      License license = keyhook.license(account, new JsonObject().put("name", basis).put("policyId", policy));
      account.validate(license.key(), "device").expect(200);
    }
    String policy = account.post("/api/policies", new JsonObject().put("name", "Shortened").put("expiryBasis", "creation")
        .put("durationSeconds", Duration.ofDays(60).toSeconds())).expect(201).json().getString("id");
    keyhook.license(account, new JsonObject().put("name", "Of a policy that is shortened").put("policyId", policy));
    account.patch("/api/policies/" + policy, new JsonObject().put("durationSeconds", Duration.ofDays(7).toSeconds())).expect(200);
    Api.join(account.header("Content-Type", "text/csv").send("POST", "/api/licenses/import",
        "name,expiresAt,createdAt\nImported," + in(Duration.ofDays(7)) + ",2025-01-03T00:00:00Z\n")).expect(200);
    License renewed = expiringIn(account, Duration.ofDays(40));
    keyhook.clock().advanceExpiry(renewed.id(), Duration.ofDays(39));
    extend(account, renewed, Duration.ofDays(7));
    License ahead = expiringIn(account, Duration.ofDays(100)); // of a caller whose clock is ahead
    account.patch("/api/licenses/" + renewed.id(), new JsonObject().put("name", "Renamed")).expect(200);

    License longer = expiringIn(account, Duration.ofDays(7).plusHours(1));
    License extended = expiringIn(account, Duration.ofDays(1).plusHours(1));
    extend(account, extended, Duration.ofDays(7).plusHours(1));
    noticeSoon(ahead, Duration.ofSeconds(30));
    for (License license : List.of(longer, extended)) {
      noticeSoon(license, Duration.ofHours(1));
      String expiresAt = account.get("/api/licenses/" + license.id()).expect(200).json().getString("expiresAt");
      account.patch("/api/licenses/" + license.id(), new JsonObject().put("name", "Renamed").put("expiresAt", expiresAt)).expect(200);
    }
    assertThat(receiver.take(2)).extracting(event -> event.data().getString("licenseId"))
        .containsExactlyInAnyOrder(longer.id(), extended.id());
    assertThat(account.get("/api/deliveries").expect(200).data()).as("the same look has found all of them").hasSize(2);
  }

  @Test
  void aJobBeginsAnHourAfterTheFirstNode() {
    Vertx vertx = Vertx.vertx();
    Database database = keyhook.database().open(vertx, 1);
    try {
      Waiting.on(ExpiringStore.begin(database.pool(), 99));
      assertThat(Waiting.on(ExpiringStore.lock(database.pool(), 99))).as("nodes of the version before may run").isEmpty();
      keyhook.database().update("UPDATE keyhook.alert_state SET since = "
        + Clock.earlier("since").replace("?", "3600") + " WHERE kind = 'license.expiring.99'");
      Task task = Waiting.on(ExpiringStore.lock(database.pool(), 99)).orElseThrow();
      assertThat(Duration.between(task.from().at(), task.until())).isBetween(Duration.ofHours(1), Duration.ofHours(2));
    } finally {
      Waiting.on(database.close().eventually(vertx::close));
    }
  }

  @Test
  void aJobThatNobodyDidForLongLeavesOutWhatHasExpired() {
    OffsetDateTime now = OffsetDateTime.now();
    Task days = new Task(Position.after(now.minusDays(6)), now);
    assertThat(days.notBefore(7)).isEqualTo(days);
    assertThat(new Task(Position.after(now.minusDays(100)), now).notBefore(7).from()).isEqualTo(Position.after(now.minusDays(7)));
  }
}
