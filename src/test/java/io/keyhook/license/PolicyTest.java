package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Statement;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Licenses take from their policy what they do not state themselves, and follow its changes at once, on every node. */
class PolicyTest {
  private static final int DAY = 86_400;

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

  private static String policy(JsonObject terms) {
    return keyhook.api().post("/api/policies", new JsonObject().put("name", "Standard").mergeIn(terms)).expect(201).json()
        .getString("id");
  }

  private static License license(String policyId) {
    return keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId));
  }

  private static JsonObject get(License license) {
    return keyhook.api().get("/api/licenses/" + license.id()).expect(200).json();
  }

  private static Exchange patch(License license, JsonObject change) {
    return keyhook.api().patch("/api/licenses/" + license.id(), change);
  }

  private static Exchange patch(String policyId, JsonObject change) {
    return keyhook.api().patch("/api/policies/" + policyId, change);
  }

  private static void age(License license, Duration by) {
    keyhook.clock().advanceLicense(license.id(), by);
  }

  private static Instant time(JsonObject license, String field) {
    return Instant.parse(license.getString(field));
  }

  @Test
  void aPolicyIsCreatedReadChangedAndDeleted() {
    JsonObject terms = new JsonObject().put("durationSeconds", 14 * DAY).put("expiryBasis", "first_activation").put("trial", true)
        .put("maxActivations", 2).put("graceSeconds", DAY).put("heartbeatSeconds", 3600).put("leaseSeconds", 7 * DAY)
        .put("entitlements", new JsonObject().putNull("export").put("projects", 25).put("tier", "pro").put("beta", false));
    JsonObject made = keyhook.api().post("/api/policies", new JsonObject().put("name", "Trial").mergeIn(terms)).expect(201).json();
    assertThat(made.getString("id")).startsWith("policy_");
    terms.forEach(term -> assertThat(made.getValue(term.getKey())).isEqualTo(term.getValue()));
    assertThat(made.getValue("productId")).isNull();
    String path = "/api/policies/" + made.getString("id");
    assertThat(keyhook.api().get(path).expect(200).json()).isEqualTo(made);
    assertThat(keyhook.api().get("/api/policies").expect(200).data()).contains(made);
    assertThat(keyhook.api().patch(path, terms).expect(200).json()).as("nothing differs").isEqualTo(made);
    JsonObject changed = keyhook.api().patch(path, new JsonObject().put("name", "Long trial").putNull("heartbeatSeconds")
        .putNull("entitlements")).expect(200).json();
    assertThat(changed.getString("name")).isEqualTo("Long trial");
    assertThat(changed.getValue("heartbeatSeconds")).isNull();
    assertThat(changed.getJsonObject("entitlements")).isEmpty();
    assertThat(changed.getInteger("durationSeconds")).isEqualTo(14 * DAY);
    keyhook.api().delete(path).expect(204);
    keyhook.api().get(path).expect(404, "NOT_FOUND");
    assertThat(keyhook.api().get("/api/audit?subjectId=" + made.getString("id")).data()).extracting(e -> e.getString("action"))
        .containsExactly("policy.deleted", "policy.updated", "policy.created");
  }

  @Test
  void aPolicyOfAnotherAccountIsNone() {
    String policyId = policy(new JsonObject());
    Api stranger = keyhook.account("professional");
    stranger.get("/api/policies/" + policyId).expect(404, "NOT_FOUND");
    assertThat(stranger.post("/api/licenses", new JsonObject().put("name", "L").put("policyId", policyId))
        .expect(400, "INVALID_REQUEST").badFields()).containsExactly("policyId");
  }

  @Test
  void aLicenseTakesLimitAndExpiryUnlessItStatesThem() {
    String policyId = policy(new JsonObject().put("maxActivations", 3).put("durationSeconds", 30 * DAY));
    JsonObject taken = get(license(policyId));
    assertThat(taken.getInteger("maxActivations")).isEqualTo(3);
    assertThat(Duration.between(time(taken, "createdAt"), time(taken, "expiresAt"))).isEqualTo(Duration.ofDays(30));
    assertThat(taken.getJsonArray("inherited")).isEqualTo(JsonArray.of("maxActivations", "expiresAt"));
    JsonObject own = get(keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId).put("maxActivations", 7)));
    assertThat(own.getInteger("maxActivations")).isEqualTo(7);
    assertThat(own.getJsonArray("inherited")).isEqualTo(JsonArray.of("expiresAt"));
  }

  @Test
  void licensesFollowAChangeAtOnceAndAreEvents() {
    String policyId = policy(new JsonObject().put("maxActivations", 1).put("durationSeconds", DAY));
    License license = license(policyId);
    License own = keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId).put("maxActivations", 1)
        .put("expiresAt", "2099-01-01T00:00:00Z"));
    keyhook.api().validate(license.key(), "one").expect(200);
    other.api().validate(license.key(), "two").expect(403, "MAX_ACTIVATIONS_REACHED");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.updated");
    patch(policyId, new JsonObject().put("maxActivations", 2).put("durationSeconds", 2 * DAY)).expect(200);
    other.api().validate(license.key(), "two").expect(200);
    JsonObject now = get(license);
    assertThat(now.getInteger("maxActivations")).isEqualTo(2);
    assertThat(Duration.between(time(now, "createdAt"), time(now, "expiresAt"))).isEqualTo(Duration.ofDays(2));
    Delivery delivery = receiver.take();
    assertThat(delivery.data().getString("licenseId")).isEqualTo(license.id());
    assertThat(delivery.data().getJsonObject("changes").fieldNames()).containsExactly("maxActivations", "expiresAt");
    assertThat(delivery.data().getString("policyId")).isEqualTo(policyId);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    assertThat(get(own).getInteger("maxActivations")).isEqualTo(1);
    assertThat(get(own).getString("expiresAt")).isEqualTo("2099-01-01T00:00:00.000Z");
  }

  @Test
  void manyLicensesFollowInPieces() {
    String policyId = policy(new JsonObject());
    String sql = "SELECT count(*) FROM keyhook.license WHERE name = 'Many of a policy' AND max_activations = 5";
    for (int i = 0; i < 2; i++) {
      keyhook.api().post("/api/licenses/bulk", new JsonObject().put("count", 800).put("name", "Many of a policy")
          .put("policyId", policyId)).expect(201);
    }
    String last = keyhook.database().value("SELECT key FROM keyhook.license WHERE name = 'Many of a policy' ORDER BY license_id DESC LIMIT 1");
    patch(policyId, new JsonObject().put("maxActivations", 5)).expect(200);
    assertThat(other.api().validate(last, "device").expect(200).json().getInteger("maxActivations")).isEqualTo(5);
    Waiting.until("all have the limit", () -> keyhook.database().number(sql) == 1600);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.policy WHERE revised_after IS NOT NULL")).isZero();
  }

  @Test
  void aShorterDurationExpiresALicenseOnce() {
    String policyId = policy(new JsonObject().put("durationSeconds", 10 * DAY));
    License license = license(policyId);
    age(license, Duration.ofDays(5));
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.expired");
    keyhook.api().validate(license.key(), "device").expect(200);
    patch(policyId, new JsonObject().put("durationSeconds", 4 * DAY)).expect(200);
    other.api().validate(license.key(), "device").expect(403, "LICENSE_EXPIRED");
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.id());
    patch(policyId, new JsonObject().put("durationSeconds", 3 * DAY)).expect(200);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).as("it had expired").isZero();
    patch(policyId, new JsonObject().putNull("durationSeconds")).expect(200);
    keyhook.api().validate(license.key(), "device").expect(200);
    assertThat(get(license).getString("expiresAt")).isNull();
  }

  @Test
  void aTrialBeginsWithItsFirstActivation() {
    String policyId = policy(new JsonObject().put("durationSeconds", 14 * DAY).put("expiryBasis", "first_activation")
        .put("maxActivations", 3));
    License license = license(policyId);
    assertThat(get(license).getString("expiresAt")).isNull();
    age(license, Duration.ofDays(100));
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.updated", "license.activated");
    Instant before = Instant.now();
    JsonObject valid = keyhook.api().validate(license.key(), "one").expect(200).json();
    Instant expiresAt = time(valid.getJsonObject("license"), "expiresAt");
    assertThat(expiresAt).isBetween(before.plus(Duration.ofDays(14)).minusSeconds(1), Instant.now().plus(Duration.ofDays(14)));
    assertThat(get(license).getString("expiresAt")).isEqualTo(expiresAt.toString().length() == 20
        ? expiresAt.toString().replace("Z", ".000Z") : expiresAt.toString());
    List<Delivery> deliveries = receiver.take(2);
    Delivery updated = deliveries.stream().filter(one -> one.event().equals("license.updated")).findAny().orElseThrow();
    assertThat(updated.data().getJsonObject("changes").fieldNames()).containsExactly("expiresAt");
    assertThat(updated.data().getString("updatedBy")).isEqualTo("Keyhook");
    assertThat(updated.data().getLong("sequence")).isEqualTo(2);
    assertThat(get(license).getLong("sequence")).isEqualTo(3);
    other.api().validate(license.key(), "two").expect(200);
    assertThat(time(get(license), "expiresAt")).isEqualTo(expiresAt);
    age(license, Duration.ofDays(15));
    keyhook.api().validate(license.key(), "one").expect(403, "LICENSE_EXPIRED");
    keyhook.api().validate(license.key(), "three").expect(403, "LICENSE_EXPIRED");
  }

  @Test
  void manyDevicesAtOnceBeginATrialOnce() {
    String policyId = policy(new JsonObject().put("durationSeconds", DAY).put("expiryBasis", "first_activation").put("maxActivations", 4));
    License license = license(policyId);
    List<Exchange> answers = IntStream.range(0, 20).mapToObj(i -> (i % 2 == 0 ? keyhook.api() : other.api())
        .validateAsync(license.key(), "device " + i)).toList().stream().map(CompletableFuture::join).toList();
    assertThat(answers.stream().filter(answer -> answer.status() == 200)).hasSize(4);
    assertThat(get(license).getInteger("currentActivations")).isEqualTo(4);
    assertThat(get(license).getLong("sequence")).isEqualTo(1 + 4 + 1);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.license_expiry e JOIN keyhook.license l USING (account_id, license_id)"
        + " WHERE l.key = ? AND e.due_at = l.expires_at", license.key())).isEqualTo(1);
  }

  @Test
  void inTheGracePeriodAnExpiredLicenseIsValid() {
    String policyId = policy(new JsonObject().put("durationSeconds", 10 * DAY).put("graceSeconds", 5 * DAY).put("maxActivations", 2));
    License license = license(policyId);
    JsonObject before = keyhook.api().validate(license.key(), "one").expect(200).json();
    assertThat(before.containsKey("graceUntil")).isFalse();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.expired");
    age(license, Duration.ofDays(12));
    JsonObject grace = other.api().validate(license.key(), "two").expect(200).json();
    assertThat(Duration.between(time(grace.getJsonObject("license"), "expiresAt"), time(grace, "graceUntil"))).isEqualTo(Duration.ofDays(5));
    assertThat(keyhook.api().validate(license.key(), "one").expect(200).json().getString("graceUntil"))
        .isEqualTo(grace.getString("graceUntil"));
    assertThat(receiver.take().event()).isEqualTo("license.expired");
    assertThat(get(license).getString("status")).isEqualTo("expired");
    age(license, Duration.ofDays(4));
    keyhook.api().validate(license.key(), "one").expect(403, "LICENSE_EXPIRED");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void entitlementsOfALicenseWinOverThoseOfItsPolicy() {
    String policyId = policy(new JsonObject().put("entitlements", new JsonObject().putNull("export").put("projects", 5)));
    License license = keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId)
        .put("entitlements", new JsonObject().put("projects", 50).put("tier", "pro")));
    JsonObject all = new JsonObject().putNull("export").put("projects", 50).put("tier", "pro");
    assertThat(keyhook.api().validate(license.key(), "device").expect(200).json().getJsonObject("entitlements")).isEqualTo(all);
    patch(policyId, new JsonObject().put("entitlements", new JsonObject().put("sso", true))).expect(200);
    assertThat(other.api().validate(license.key(), "device").expect(200).json().getJsonObject("entitlements"))
        .isEqualTo(new JsonObject().put("sso", true).put("projects", 50).put("tier", "pro"));
    patch(license, new JsonObject().put("entitlements", new JsonObject())).expect(200);
    patch(policyId, new JsonObject().putNull("entitlements")).expect(200);
    assertThat(keyhook.api().validate(license.key(), "device").expect(200).json().containsKey("entitlements")).isFalse();
    License alone = keyhook.license(new JsonObject().put("name", "L").put("entitlements", new JsonObject().put("a", 1)));
    assertThat(keyhook.api().validate(alone.key(), "device").expect(200).json().getJsonObject("entitlements"))
        .isEqualTo(new JsonObject().put("a", 1));
  }

  @Test
  void withoutAPolicyAValidationAnswersWhatItAlwaysDid() {
    License license = keyhook.license(new JsonObject().put("name", "L").put("maxActivations", 2));
    assertThat(keyhook.api().validate(license.key(), "device").expect(200).body())
        .isEqualTo("{\"valid\":true,\"license\":{\"name\":\"L\",\"expiresAt\":null},\"currentActivations\":1,\"maxActivations\":2}");
    assertThat(keyhook.api().validate(license.key(), "device").expect(200).body())
        .isEqualTo("{\"valid\":true,\"license\":{\"name\":\"L\",\"expiresAt\":null},\"currentActivations\":1,\"maxActivations\":2}");
  }

  @Test
  void aLicenseTakesLimitAndExpiryFromAPolicyThatItIsAssigned() {
    String policyId = policy(new JsonObject().put("maxActivations", 9).put("durationSeconds", 20 * DAY));
    License license = keyhook.license(new JsonObject().put("name", "L").put("maxActivations", 2));
    JsonObject assigned = patch(license, new JsonObject().put("policyId", policyId)).expect(200).json();
    assertThat(assigned.getInteger("maxActivations")).isEqualTo(9);
    assertThat(Duration.between(time(assigned, "createdAt"), time(assigned, "expiresAt"))).isEqualTo(Duration.ofDays(20));
    JsonObject read = new JsonObject();
    List.of("name", "maxActivations", "expiresAt", "policyId", "productId", "heartbeatSeconds", "entitlements", "inherited")
        .forEach(field -> read.put(field, assigned.getValue(field)));
    assertThat(patch(license, read).expect(200).json()).as("what was read changes nothing").isEqualTo(assigned);
    JsonObject own = patch(license, new JsonObject().put("maxActivations", 4)).expect(200).json();
    assertThat(own.getJsonArray("inherited")).isEqualTo(JsonArray.of("expiresAt"));
    patch(policyId, new JsonObject().put("maxActivations", 10)).expect(200);
    assertThat(get(license).getInteger("maxActivations")).isEqualTo(4);
    JsonObject back = patch(license, new JsonObject().put("inherited", JsonArray.of("maxActivations"))).expect(200).json();
    assertThat(back.getInteger("maxActivations")).isEqualTo(10);
    assertThat(back.getJsonArray("inherited")).isEqualTo(JsonArray.of("maxActivations"));
    assertThat(patch(license, new JsonObject().putNull("maxActivations").put("inherited", JsonArray.of("maxActivations")))
        .expect(400, "INVALID_REQUEST").body()).contains("leave it out").contains("if inherited names it");
    JsonObject without = patch(license, new JsonObject().putNull("policyId")).expect(200).json();
    assertThat(without.getInteger("maxActivations")).isEqualTo(10);
    assertThat(without.getJsonArray("inherited")).isEmpty();
    assertThat(patch(license, new JsonObject().put("inherited", JsonArray.of("expiresAt"))).expect(400, "INVALID_REQUEST").badFields())
        .containsExactly("inherited");
  }

  /** Lets the policy of a license have changed a moment ago, and none of its licenses with it. */
  private static void revise(License license, int maxActivations, int durationSeconds) {
    keyhook.database().update("""
        UPDATE keyhook.policy p SET max_activations = ?, duration_seconds = ?, revised_by = 'Ada',
          revised_after = '00000000-0000-0000-0000-000000000000'
        FROM keyhook.license l WHERE l.key = ? AND p.account_id = l.account_id AND p.policy_id = l.policy_id""",
        maxActivations, durationSeconds, license.key());
  }

  @Test
  void aLicenseThatAChangeHasNotReachedLeavesItsPolicyWithTheChangedTerms() {
    for (JsonObject leaving : List.of(new JsonObject().putNull("policyId"), new JsonObject().put("inherited", JsonArray.of()),
        new JsonObject().put("policyId", policy(new JsonObject())).put("inherited", JsonArray.of()))) {
      String policyId = policy(new JsonObject().put("maxActivations", 2).put("durationSeconds", 10 * DAY));
      License license = license(policyId);
      Receiver receiver = keyhook.receiver();
      keyhook.webhook(receiver, "license.updated");
      revise(license, 7, 20 * DAY);
      JsonObject after = patch(license, leaving).expect(200).json();
      assertThat(after.getInteger("maxActivations")).as(leaving.encode()).isEqualTo(7);
      assertThat(Duration.between(time(after, "createdAt"), time(after, "expiresAt"))).isEqualTo(Duration.ofDays(20));
      assertThat(after.getJsonArray("inherited")).isEmpty();
      List<Delivery> deliveries = receiver.take(2);
      assertThat(deliveries).extracting(delivery -> delivery.data().getString("updatedBy")).contains("Ada");
      assertThat(deliveries).extracting(delivery -> delivery.data().getLong("sequence")).containsExactlyInAnyOrder(2L, 3L);
      assertThat(get(license).getLong("sequence")).isEqualTo(3);
      keyhook.deleteWebhooks();
    }
  }

  @Test
  void aLicenseWhoseChangedTermsAreOverLeavesItsPolicyAsExpired() {
    License license = license(policy(new JsonObject().put("durationSeconds", 10 * DAY)));
    age(license, Duration.ofDays(5));
    revise(license, 1, 3 * DAY);
    assertThat(patch(license, new JsonObject().putNull("policyId")).expect(200).json().getString("status")).isEqualTo("expired");
  }

  @Test
  void aRefusalNamesThePolicyWhoseTimeIsOver() {
    String shorter = policy(new JsonObject().put("durationSeconds", 3 * DAY));
    License license = license(policy(new JsonObject().put("durationSeconds", 10 * DAY)));
    age(license, Duration.ofDays(5));
    assertThat(patch(license, new JsonObject().put("policyId", shorter)).expect(400, "INVALID_REQUEST").badFields())
        .containsExactly("policyId");
    patch(license, new JsonObject().put("policyId", shorter).put("expiresAt", "2099-01-01T00:00:00Z")).expect(200);
    assertThat(patch(license, new JsonObject().put("inherited", JsonArray.of("expiresAt"))).expect(400, "INVALID_REQUEST").badFields())
        .containsExactly("inherited");
    assertThat(patch(license, new JsonObject().put("expiresAt", "2020-01-01T00:00:00Z")).expect(400, "INVALID_REQUEST").badFields())
        .containsExactly("expiresAt");
  }

  private static JsonObject changes(Delivery delivery) {
    return delivery.data().getJsonObject("changes");
  }

  private static JsonObject change(Object before, Object after) {
    return new JsonObject().put("old", before).put("new", after);
  }

  @Test
  void anyChangeOfAPolicyIsOneEventOfEachLicenseThatItChanges() {
    JsonObject said = new JsonObject().put("graceSeconds", 0).putNull("heartbeatSeconds").putNull("leaseSeconds").putNull("productId")
        .put("entitlements", new JsonObject().put("projects", 5));
    String policyId = policy(said);
    License all = license(policyId);
    String productId = keyhook.api().post("/api/products", new JsonObject().put("name", "Studio")).expect(201).json().getString("id");
    License some = keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId).put("heartbeatSeconds", 900)
        .put("productId", productId).put("entitlements", new JsonObject().put("projects", 50)));
    patch(policyId, new JsonObject().put("graceSeconds", 60)).expect(200);
    assertThat(get(all).getLong("sequence")).as("nobody wants an event").isEqualTo(1);
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.updated");
    Receiver others = keyhook.receiver();
    keyhook.webhook(others, "license.created", "license.enabled");
    JsonObject after = new JsonObject().put("graceSeconds", DAY).put("heartbeatSeconds", 600).put("leaseSeconds", 3600)
        .put("productId", productId).put("entitlements", new JsonObject().put("projects", 6));
    patch(policyId, after).expect(200);
    List<Delivery> deliveries = receiver.take(2);
    JsonObject ofAll = changes(deliveries.stream().filter(one -> one.data().getString("licenseId").equals(all.id())).findAny().orElseThrow());
    assertThat(ofAll).isEqualTo(new JsonObject().put("policy.graceSeconds", change(60, DAY)).put("policy.heartbeatSeconds", change(null, 600))
        .put("policy.leaseSeconds", change(null, 3600)).put("policy.productId", change(null, productId))
        .put("policy.entitlements", change(said.getJsonObject("entitlements"), after.getJsonObject("entitlements"))));
    JsonObject ofSome = changes(deliveries.stream().filter(one -> one.data().getString("licenseId").equals(some.id())).findAny().orElseThrow());
    assertThat(ofSome.fieldNames()).as("the others are its own").containsExactlyInAnyOrder("policy.graceSeconds", "policy.leaseSeconds");
    assertThat(deliveries).allSatisfy(one -> {
      assertThat(one.data().getLong("sequence")).isEqualTo(2);
      assertThat(one.data().getString("updatedBy")).isEqualTo("First key");
    });
    patch(policyId, new JsonObject().put("name", "Renamed").put("trial", true)).expect(200);
    patch(policyId, after).expect(200);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    assertThat(others.all()).isEmpty();
  }

  /** On a node that stops meanwhile, with a second change before the first has reached all. */
  @Test
  void manyLicensesAreEventsOfEveryChangeOnceAcrossARestart() {
    String policyId = policy(new JsonObject());
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.updated");
    for (int i = 0; i < 2; i++) {
      keyhook.api().post("/api/licenses/bulk", new JsonObject().put("count", 900).put("name", "Told").put("policyId", policyId)).expect(201);
    }
    Node stopping = keyhook.start();
    Api api = keyhook.api().at(stopping.uri());
    api.patch("/api/policies/" + policyId, new JsonObject().put("graceSeconds", 1)).expect(200);
    api.patch("/api/policies/" + policyId, new JsonObject().put("graceSeconds", 2)).expect(200);
    stopping.stop();
    keyhook.api().post("/api/licenses/bulk", new JsonObject().put("count", 5).put("name", "Later").put("policyId", policyId)).expect(201);
    Waiting.until("all have the changes", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.policy WHERE revised_after IS NOT NULL OR earlier IS NOT NULL") == 0);
    keyhook.awaitEmptyQueue();
    Map<String, List<JsonObject>> told = receiver.all().stream().sorted(Comparator.comparing(one -> one.data().getLong("sequence")))
        .collect(Collectors.groupingBy(one -> one.data().getString("licenseId"),
            Collectors.mapping(one -> changes(one).getJsonObject("policy.graceSeconds"), Collectors.toList())));
    assertThat(told).hasSize(1800);
    assertThat(told.values()).allSatisfy(changes -> assertThat(changes)
        .isIn(List.of(change(0, 2)), List.of(change(0, 1), change(1, 2))));
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.license WHERE name = 'Later' AND sequence > 1")).isZero();
  }

  @Test
  void numbersOfEntitlementsAreThoseThatEveryLanguageReads() {
    String policyId = policy(new JsonObject());
    for (String good : List.of("9007199254740991", "-9007199254740991", "0.00000000000000000001", "1e15", "0", "-0.5", "1.0",
        "\"NaN\"", "\"" + "x".repeat(8000) + "\"")) {
      String body = "{\"entitlements\":{\"n\":" + good + "}}";
      Exchange saved = send("/api/policies/" + policyId, body).expect(200);
      assertThat(patch(policyId, new JsonObject().put("entitlements", saved.json().getJsonObject("entitlements"))).expect(200).json())
          .as(good).isEqualTo(saved.json());
      send("/api/licenses/" + license(policyId).id(), body).expect(200);
    }
    for (String bad : List.of("9007199254740992", "1e308", "-1e308", "1e400", "1e-21", "1e-320", "123456789012345678901234567890", "[1]",
        "{\"a\":1}", "\"" + "x".repeat(8200) + "\"")) {
      String body = "{\"entitlements\":{\"n\":" + bad + "}}";
      assertThat(send("/api/policies/" + policyId, body).expect(400, "INVALID_REQUEST").badFields()).as(bad).containsExactly("entitlements");
      assertThat(send("/api/licenses/" + license(policyId).id(), body).expect(400, "INVALID_REQUEST").badFields()).as(bad)
          .containsExactly("entitlements");
    }
    send("/api/policies/" + policyId, "{\"entitlements\":{\"n\":NaN}}").expect(400, "INVALID_REQUEST");
  }

  private static Exchange send(String path, String body) {
    return Api.join(keyhook.api().header("Content-Type", "application/json").send("PATCH", path, body));
  }

  @Test
  void aLeaseOfALicenseWinsOverThatOfItsPolicy() {
    String policyId = policy(new JsonObject().put("leaseSeconds", 7200));
    License own = keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId).put("leaseSeconds", 3600));
    assertThat(get(own).getInteger("leaseSeconds")).isEqualTo(3600);
    assertThat(lease(own)).isEqualTo(3600);
    License taken = license(policyId);
    assertThat(lease(taken)).isEqualTo(7200);
    assertThat(patch(taken, new JsonObject().put("leaseSeconds", 600)).expect(200).json().getInteger("leaseSeconds")).isEqualTo(600);
    assertThat(lease(taken)).isEqualTo(600);
    patch(taken, new JsonObject().putNull("leaseSeconds")).expect(200);
    assertThat(lease(taken)).isEqualTo(7200);
    assertThat(lease(keyhook.license(new JsonObject().put("name", "L").put("leaseSeconds", 900)))).isEqualTo(900);
    assertThat(patch(own, new JsonObject().put("leaseSeconds", 0)).expect(400, "INVALID_REQUEST").badFields())
        .containsExactly("leaseSeconds");
  }

  /** For how long a signed validation is good. */
  private static long lease(License license) {
    JsonObject claims = Statement.of(other.api().anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.key())
        .put("fingerprint", "device").put("lease", true)).expect(200).json().getString("statement")).claims();
    return claims.getLong("exp") - claims.getLong("iat");
  }

  @Test
  void anAccountHasOnlySoManyPoliciesAndProducts() {
    Api api = keyhook.account("enterprise");
    for (String what : List.of("policy", "product")) {
      String path = what.equals("policy") ? "/api/policies" : "/api/products";
      String first = api.post(path, new JsonObject().put("name", "First")).expect(201).json().getString("id");
      keyhook.database().update("INSERT INTO keyhook." + what + " (account_id, name" + (what.equals("policy")
          ? ", expiry_basis, trial, max_activations, grace_seconds) SELECT account_id, 'P', 'creation', false, 1, 0"
          : ") SELECT account_id, 'P'") + " FROM keyhook." + what + ", generate_series(1, 999) WHERE " + what + "_id = ?",
          (what.equals("policy") ? Id.POLICY : Id.PRODUCT).parse(first));
      Exchange full = api.post(path, new JsonObject().put("name", "More"));
      assertThat(full.expect(409, what.equals("policy") ? "TOO_MANY_POLICIES" : "TOO_MANY_PRODUCTS").json().getString("detail"))
          .startsWith("This account already has 1,000 ");
      api.delete(path + "/" + first).expect(204);
      api.post(path, new JsonObject().put("name", "More")).expect(201);
    }
  }

  @Test
  void eventsSayWhatALicenseHasOfItsPolicy() {
    String policyId = policy(new JsonObject().put("maxActivations", 3));
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.created", "license.updated", "license.enabled", "license.deleted");
    License license = keyhook.license(new JsonObject().put("name", "L").put("policyId", policyId).put("heartbeatSeconds", 600)
        .put("leaseSeconds", 3600).put("maxActivations", 2));
    patch(license, new JsonObject().put("name", "M").put("leaseSeconds", 7200)).expect(200);
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    keyhook.api().post("/api/licenses/" + license.id() + "/enable").expect(200);
    keyhook.api().delete("/api/licenses/" + license.id()).expect(204);
    for (Delivery delivery : receiver.take(4)) {
      assertThat(delivery.data().getString("policyId")).as(delivery.event()).isEqualTo(policyId);
      assertThat(delivery.data().getInteger("heartbeatSeconds")).isEqualTo(600);
      assertThat(delivery.data().getInteger("leaseSeconds")).isEqualTo(delivery.event().equals("license.created") ? 3600 : 7200);
      assertThat(delivery.data().getJsonArray("inherited")).containsExactly("expiresAt");
      assertThat(delivery.data().containsKey("productId")).isFalse();
    }
    keyhook.license(1);
    assertThat(receiver.take().data().fieldNames()).doesNotContain("policyId", "productId", "entitlements", "heartbeatSeconds",
        "leaseSeconds", "inherited");
  }

  @Test
  void templatesCanShowThePolicy() {
    JsonObject webhook = new JsonObject().put("url", "http://127.0.0.1:9/").put("format", "generic")
        .put("events", JsonArray.of("license.created", "license.updated")).put("templates", new JsonObject().put("*",
            "{\"policy\":\"{{policyId}}\",\"product\":\"{{productId}}\",\"projects\":\"{{entitlements.projects}}\","
                + "\"heartbeat\":\"{{heartbeatSeconds}}\",\"lease\":\"{{leaseSeconds}}\",\"of\":\"{{inherited}}\"}"));
    keyhook.api().post("/api/webhooks", webhook).expect(201);
    webhook.getJsonObject("templates").put("*", "{\"lease\":{{leaseSeconds}}}");
    keyhook.api().post("/api/webhooks", webhook).expect(400, "INVALID_REQUEST");
  }

  @Test
  void aPolicyInUseIsNotDeleted() {
    String policyId = policy(new JsonObject());
    List<License> licenses = List.of(license(policyId), license(policyId));
    assertThat(keyhook.api().delete("/api/policies/" + policyId).expect(409, "POLICY_IN_USE").json().getString("detail"))
        .isEqualTo("2 licenses use this policy; assign another policy or none first");
    licenses.forEach(license -> keyhook.api().delete("/api/licenses/" + license.id()).expect(204));
    keyhook.api().delete("/api/policies/" + policyId).expect(204);
  }

  @Test
  void licensesAreListedByPolicy() {
    String policyId = policy(new JsonObject());
    License one = license(policyId);
    License two = license(policyId);
    license(policy(new JsonObject()));
    for (String more : List.of("", "&sort=name", "&sort=-expiresAt", "&status=active", "&search=L")) {
      assertThat(keyhook.api().get("/api/licenses?policyId=" + policyId + more).expect(200).data())
          .extracting(license -> license.getString("id")).containsExactlyInAnyOrder(one.id(), two.id());
    }
    Exchange first = keyhook.api().get("/api/licenses?limit=1&policyId=" + policyId).expect(200);
    assertThat(keyhook.api().get("/api/licenses?limit=1&policyId=" + policyId + "&cursor=" + first.json().getString("nextCursor"))
        .expect(200).data()).extracting(license -> license.getString("id")).containsExactly(one.id());
  }

  @Test
  void aFileKeepsThePolicyOfItsLicenses() {
    String policyId = policy(new JsonObject().put("maxActivations", 6));
    String file = "name,policyId,entitlements,heartbeatSeconds\nFrom a file," + policyId + ",\"{\"\"a\"\":1}\",600\n";
    Api csv = keyhook.api().header("Content-Type", "text/csv");
    assertThat(csv.post("/api/licenses/import", file).expect(200).json().getInteger("created")).isEqualTo(1);
    JsonObject made = keyhook.api().get("/api/licenses?policyId=" + policyId).data().get(0);
    assertThat(made.getInteger("maxActivations")).isEqualTo(6);
    assertThat(made.getInteger("heartbeatSeconds")).isEqualTo(600);
    assertThat(made.getJsonObject("entitlements")).isEqualTo(new JsonObject().put("a", 1));
    assertThat(keyhook.api().get("/api/licenses/export?policyId=" + policyId).expect(200).body()).contains(policyId + ",,600,");
    assertThat(csv.post("/api/licenses/import", file.replace(policyId, "policy_01jhsqc4m2x8v6t0r5w9k3n7ba")).expect(400, "INVALID_REQUEST")
        .badFields()).containsExactly("line 2: policyId");
  }

  @Test
  void aDeviceIsCheckedByThePolicy() {
    License license = license(policy(new JsonObject().put("maxActivations", 2).put("durationSeconds", DAY).put("graceSeconds", DAY)));
    age(license, Duration.ofHours(30));
    JsonObject checked = keyhook.api().post("/api/licenses/" + license.id() + "/check", new JsonObject().put("fingerprint", "x"))
        .expect(200).json();
    assertThat(checked.getBoolean("valid")).isTrue();
    assertThat(checked.getInteger("maxActivations")).isEqualTo(2);
  }
}
