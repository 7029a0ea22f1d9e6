package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The log over all webhooks of an account, and sending many of it again. */
class AccountLogTest {
  private static final String NEVER = "01jhsqm7r3fwdb1n9y2c5x8g4k";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Api api;
  static Receiver receiver;
  static Webhook first;
  static Webhook second;
  static License license;
  static License other;
  static String activated;
  static String validated;
  static String disabled;
  static String failing;

  /** Of two webhooks in turn: three delivered, then one that is pending; and one of a webhook that is deleted. */
  @BeforeAll
  static void deliver() {
    api = keyhook.account("enterprise");
    receiver = keyhook.receiver();
    first = keyhook.webhook(api, receiver, "license.activated", "license.disabled");
    second = keyhook.webhook(api, receiver, "license.validated");
    license = keyhook.license(api, new JsonObject().put("name", "L"));
    other = keyhook.license(api, new JsonObject().put("name", "O"));
    api.validate(license.key(), "device").expect(200);
    List<String> two = receiver.take(2).stream().sorted((a, b) -> a.event().compareTo(b.event()))
        .map(delivery -> delivery.id()).toList();
    activated = two.get(0);
    validated = two.get(1);
    api.post("/api/licenses/" + license.id() + "/disable").expect(200);
    disabled = receiver.take().id();
    for (String id : List.of(activated, validated, disabled)) {
      awaitAttempt(id, "delivered");
    }
    receiver.answer(Answer.status(500));
    api.post("/api/licenses/" + other.id() + "/disable").expect(200);
    failing = receiver.take().id();
    awaitAttempt(failing, "pending");
  }

  private static void awaitAttempt(String id, String status) {
    await().atMost(Waiting.LONG).until(() -> {
      JsonObject delivery = api.get("/api/deliveries/" + id).expect(200).json();
      return delivery.getString("status").equals(status) && !delivery.getJsonArray("attempts").isEmpty();
    });
  }

  private static List<String> ids(String query) {
    return api.get("/api/deliveries" + query).expect(200).data().stream()
        .map(delivery -> delivery.getString("id")).toList();
  }

  private static List<String> byIdDown(String... ids) {
    return List.of(ids).stream().sorted((a, b) -> b.compareTo(a)).toList();
  }

  @Test
  void itIsNewestFirstOverAllWebhooks() {
    assertThat(ids("")).containsExactlyElementsOf(byIdDown(failing, disabled, validated, activated));
    assertThat(api.get("/api/deliveries").data()).allSatisfy(delivery -> assertThat(delivery.fieldNames())
        .contains("id", "webhookId", "event", "status").doesNotContain("payload", "attempts"));
  }

  @Test
  void itIsFiltered() {
    assertThat(ids("?webhookId=" + second.id())).containsExactly(validated);
    assertThat(ids("?status=pending")).containsExactly(failing);
    assertThat(ids("?status=delivered")).containsExactlyElementsOf(byIdDown(disabled, validated, activated));
    assertThat(ids("?status=failed")).isEmpty();
    assertThat(ids("?event=license.disabled")).containsExactly(failing, disabled);
    assertThat(ids("?licenseId=" + other.id())).containsExactly(failing);
    assertThat(ids("?licenseId=" + license.id() + "&event=license.activated")).containsExactly(activated);
    assertThat(ids("?licenseId=" + license.id() + "&status=pending")).isEmpty();
    assertThat(ids("?licenseId=lic_" + NEVER)).isEmpty();
    assertThat(ids("?failing=true")).containsExactly(failing);
    assertThat(ids("?failing=true&status=pending")).containsExactly(failing);
    assertThat(ids("?failing=true&status=delivered")).isEmpty();
    assertThat(ids("?failing=false")).containsExactlyElementsOf(byIdDown(disabled, validated, activated));
    assertThat(ids("?failing=false&status=pending")).isEmpty();
    assertThat(ids("?failing=true&licenseId=" + other.id())).containsExactly(failing);
    assertThat(ids("?failing=false&status=pending&licenseId=" + other.id())).isEmpty();
    assertThat(api.get("/api/deliveries?failing=maybe").expect(400).body()).contains("is not true or false");
    Instant at = api.get("/api/deliveries/" + disabled).json().getInstant("createdAt");
    assertThat(ids("?from=" + at)).containsExactly(failing, disabled);
    assertThat(ids("?to=" + at)).containsExactlyElementsOf(byIdDown(validated, activated));
    assertThat(ids("?from=" + at + "&licenseId=" + license.id())).containsExactly(disabled);
    api.get("/api/deliveries?webhookId=webhook_" + NEVER).expect(404, "NOT_FOUND");
  }

  @Test
  void itIsSearchedByWhatFindsALicense() {
    Api mine = keyhook.account("enterprise");
    Receiver received = keyhook.receiver();
    keyhook.webhook(mine, received, "license.activated");
    License adas = keyhook.license(mine, new JsonObject().put("name", "A").put("customerEmail", "ada@example.com"));
    License alsoAdas = keyhook.license(mine, new JsonObject().put("name", "B").put("customerEmail", "ada@example.com"));
    License graces = keyhook.license(mine, new JsonObject().put("name", "C").put("customerName", "Grace"));
    List<String> sent = new ArrayList<>();
    for (License one : List.of(adas, alsoAdas, graces)) {
      mine.anonymous().validate(one.key(), "device").expect(200);
      sent.add(received.take().id());
    }
    keyhook.awaitEmptyQueueOf(mine);
    assertThat(found(mine, "search=ada@example.com")).containsExactly(sent.get(1), sent.get(0));
    assertThat(found(mine, "search=grace")).containsExactly(sent.get(2));
    assertThat(found(mine, "search=" + adas.key().replace("-", ""))).containsExactly(sent.get(0));
    assertThat(found(mine, "search=ada@example.com&licenseId=" + alsoAdas.id())).containsExactly(sent.get(1));
    assertThat(found(mine, "search=ada@example.com&licenseId=" + graces.id())).isEmpty();
    assertThat(found(mine, "search=nobody")).isEmpty();
    assertThat(found(mine, "search=")).hasSize(3);
  }

  private static List<String> found(Api api, String query) {
    return api.get("/api/deliveries?" + query).expect(200).data().stream().map(one -> one.getString("id")).toList();
  }

  @Test
  void itComesInPages() {
    for (String query : List.of("", "&event=license.disabled", "&licenseId=" + license.id())) {
      assertThat(pages("?limit=1" + query)).containsExactlyElementsOf(ids("?limit=100" + query)).hasSizeGreaterThan(1);
    }
  }

  private static List<String> pages(String query) {
    List<String> all = new ArrayList<>();
    String cursor = "";
    do {
      JsonObject page = api.get("/api/deliveries" + query + cursor).expect(200).json();
      JsonArray data = page.getJsonArray("data");
      data.forEach(delivery -> all.add(((JsonObject) delivery).getString("id")));
      cursor = page.getString("nextCursor") == null ? null : "&cursor=" + page.getString("nextCursor");
    } while (cursor != null);
    return all;
  }

  @Test
  void whatIsRareIsFoundPageAfterPage() {
    Api busy = keyhook.account("enterprise");
    Receiver received = keyhook.receiver();
    Webhook webhook = keyhook.webhook(busy, received, "license.activated");
    License rare = keyhook.license(busy, new JsonObject().put("name", "R"));
    busy.validate(rare.key(), "device").expect(200);
    String found = received.take().id();
    keyhook.awaitEmptyQueueOf(busy);
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, keyhook.uuid_v7(), keep_until, 1, 1, attempts
        FROM keyhook.delivery, generate_series(1, ?) WHERE webhook_id = ?""", AccountLogStore.MAX_SCANNED + 10,
        Id.WEBHOOK.parse(webhook.id()));
    String filter = "event=license.activated";
    JsonObject page = busy.get("/api/deliveries?" + filter).expect(200).json();
    assertThat(page.getJsonArray("data")).isEmpty();
    JsonObject next = busy.get("/api/deliveries?" + filter + "&cursor=" + page.getString("nextCursor")).expect(200).json();
    assertThat(next.getJsonArray("data").getJsonObject(0).getString("id")).isEqualTo(found);
    assertThat(next.getString("nextCursor")).isNull();
  }

  @Test
  void whatAWebhookWasSentStaysWhenItIsDeleted() {
    Api mine = keyhook.account("enterprise");
    Receiver received = keyhook.receiver();
    Webhook webhook = keyhook.webhook(mine, received, "license.activated");
    mine.validate(keyhook.license(mine, new JsonObject().put("name", "L")).key(), "device").expect(200);
    String id = received.take().id();
    keyhook.awaitEmptyQueueOf(mine);
    mine.delete("/api/webhooks/" + webhook.id()).expect(204);
    assertThat(mine.get("/api/deliveries").expect(200).data()).extracting(delivery -> delivery.getString("id"))
        .containsExactly(id);
    mine.get("/api/deliveries?webhookId=" + webhook.id()).expect(200);
  }

  @Test
  void anotherAccountsLogIsNotThere() {
    Api stranger = keyhook.account("enterprise");
    assertThat(stranger.get("/api/deliveries").expect(200).data()).isEmpty();
    assertThat(stranger.get("/api/deliveries?licenseId=" + license.id()).expect(200).data()).isEmpty();
    assertThat(stranger.get("/api/deliveries?webhookId=" + first.id()).expect(404).body())
        .isEqualTo(stranger.get("/api/deliveries?webhookId=webhook_" + NEVER).expect(404).body());
    JsonObject told = stranger.post("/api/deliveries/redeliver", redeliver(activated, "delivery_" + NEVER)).expect(202)
        .json();
    assertThat(told.getInteger("redelivering")).isZero();
    assertThat(told.getJsonArray("refused")).extracting(refused -> ((JsonObject) refused).copy().put("id", ""))
        .containsOnly(new JsonObject().put("id", "").put("code", "NOT_FOUND")
            .put("message", "There is no such delivery"));
  }

  @Test
  void eachRowNamesItsLicenseAndCustomerAsTheyAreNow() {
    Api mine = keyhook.account("enterprise");
    Receiver sink = keyhook.receiver();
    Webhook webhook = keyhook.webhook(mine, sink, "license.validated", "license.deleted");
    License sold = keyhook.license(mine, new JsonObject().put("name", "Studio").put("customerName", "Ada Lovelace"));
    mine.validate(sold.key(), "device").expect(200);
    sink.take();
    mine.patch("/api/licenses/" + sold.id(), new JsonObject().put("name", "Studio Pro").put("customerEmail", "ada@example.com"))
        .expect(200);
    JsonObject named = new JsonObject().put("id", sold.id()).put("name", "Studio Pro")
        .put("keyHint", "…" + sold.key().substring(sold.key().length() - 4))
        .put("customerName", "Ada Lovelace").put("customerEmail", "ada@example.com");
    for (String path : List.of("/api/deliveries", "/api/webhooks/" + webhook.id() + "/deliveries")) {
      JsonObject row = mine.get(path).expect(200).data().get(0);
      assertThat(row.getJsonObject("license")).isEqualTo(named);
      assertThat(row.encode()).doesNotContain(sold.key());
    }
    mine.delete("/api/licenses/" + sold.id()).expect(204);
    sink.take();
    List<JsonObject> rows = mine.get("/api/deliveries").expect(200).data();
    assertThat(rows.get(0).getJsonObject("license")).as("as it was deleted").isEqualTo(named);
    assertThat(rows.get(1).getJsonObject("license")).as("as it was validated, without customer")
        .isEqualTo(named.copy().put("name", "Studio").putNull("customerName").putNull("customerEmail"));
    mine.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id()).put("event", "license.expired")).expect(200);
    assertThat(mine.get("/api/deliveries").expect(200).data().get(0).getValue("license")).as("of a test").isNull();
  }

  @Test
  void deliveriesAreFoundByWhenAnAttemptEnded() {
    Instant ended = api.get("/api/deliveries/" + disabled).json().getJsonArray("attempts").getJsonObject(0).getInstant("startedAt")
        .plusMillis(api.get("/api/deliveries/" + disabled).json().getJsonArray("attempts").getJsonObject(0).getLong("durationMs"));
    assertThat(ids("?attemptedFrom=" + ended + "&attemptedTo=" + ended.plusMillis(1))).contains(disabled)
        .doesNotContain(activated);
    assertThat(ids("?attemptedTo=" + ended)).contains(activated, validated).doesNotContain(disabled, failing);
    assertThat(ids("?attemptedFrom=" + ended)).contains(disabled, failing);
    assertThat(ids("?attemptedFrom=" + ended + "&licenseId=" + other.id() + "&status=pending")).containsExactly(failing);
    assertThat(ids("?attemptedFrom=" + ended.plusSeconds(3600))).isEmpty();
    assertThat(api.get("/api/deliveries?attemptedTo=yesterday").expect(400).body()).contains("attemptedTo");
  }

  private static JsonObject redeliver(String... ids) {
    return new JsonObject().put("ids", new JsonArray(List.of(ids)));
  }

  @Test
  void aDeliverySaysWhereToAndAboutWhichLicense() {
    JsonObject delivery = api.get("/api/deliveries/" + activated).expect(200).json();
    assertThat(delivery.getString("url")).isEqualTo(receiver.url());
    assertThat(delivery.getString("licenseId")).isEqualTo(license.id());
    Receiver tested = keyhook.receiver();
    Api mine = keyhook.account("enterprise");
    String test = mine.post("/api/webhooks/test",
        new JsonObject().put("webhookId", keyhook.webhook(mine, tested, "license.expired").id())).expect(200).json()
        .getString("deliveryId");
    assertThat(mine.get("/api/deliveries/" + test).expect(200).json().getValue("licenseId")).isNull();
  }

  @Test
  void manyAreSentAgainAndThoseThatCannotBeAreTold() {
    Api mine = keyhook.account("enterprise");
    Receiver received = keyhook.receiver();
    Receiver inactive = keyhook.receiver();
    Webhook on = keyhook.webhook(mine, received, "license.validated");
    Webhook off = keyhook.webhook(mine, inactive, "license.activated");
    String test = mine.post("/api/webhooks/test", new JsonObject().put("webhookId", on.id())).expect(200).json()
        .getString("deliveryId");
    received.take();
    License own = keyhook.license(mine, new JsonObject().put("name", "L"));
    List<String> good = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      mine.validate(own.key(), "device").expect(200);
      good.add(received.take().id());
    }
    String bad = inactive.take().id();
    keyhook.awaitEmptyQueueOf(mine);
    mine.patch("/api/webhooks/" + off.id(), new JsonObject().put("isActive", false)).expect(200);

    List<String> asked = new ArrayList<>(good);
    asked.addAll(List.of(test, bad, "delivery_" + NEVER, good.get(0)));
    JsonObject told = mine.post("/api/deliveries/redeliver", redeliver(asked.toArray(String[]::new))).expect(202)
        .json();
    assertThat(told.getInteger("redelivering")).isEqualTo(12);
    assertThat(told.getJsonArray("refused")).extracting(refused ->
        ((JsonObject) refused).getString("id") + ' ' + ((JsonObject) refused).getString("code"))
        .containsExactly(test + " TEST_DELIVERY", bad + " WEBHOOK_INACTIVE", "delivery_" + NEVER + " NOT_FOUND");
    assertThat(received.take(12)).extracting(delivery -> delivery.id()).containsExactlyInAnyOrderElementsOf(good);
  }

  @Test
  void aRequestForNoneOrTooManyIsRefused() {
    String[] many = new String[101];
    Arrays.fill(many, activated);
    for (JsonObject body : List.of(redeliver(), redeliver(many), redeliver(activated, "x"), redeliver(license.id()))) {
      assertThat(api.post("/api/deliveries/redeliver", body).expect(400, "INVALID_REQUEST").badFields())
          .containsExactly("ids");
    }
  }
}
