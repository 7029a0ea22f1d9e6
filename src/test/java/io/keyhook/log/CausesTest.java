package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Failures, grouped by what went wrong. */
class CausesTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray())));

  private static JsonObject causes(Api api, String query) {
    return api.get("/api/deliveries/causes" + query).expect(200).json();
  }

  private static List<JsonObject> data(Api api) {
    return causes(api, "").getJsonArray("data").stream().map(JsonObject.class::cast).toList();
  }

  private static void fail(Api api, Receiver receiver, int status, String body) {
    receiver.answer(Answer.status(status, body));
    long before = causes(api, "").getLong("examined");
    api.anonymous().validate(keyhook.license(api, new JsonObject().put("name", "L")).key(), "d").expect(200);
    await().atMost(Waiting.LONG).until(() -> causes(api, "").getLong("examined") > before);
  }

  @Test
  void failuresOfOneCauseAreOneGroupAndTheLargestIsFirst() {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(api, receiver, "license.activated").id();
    fail(api, receiver, 404, "no such route");
    fail(api, receiver, 500, "{\"error\":\"ValueError: unknown license 4711\"}");
    fail(api, receiver, 500, "{\"error\":\"ValueError: unknown license 4712\"}");
    fail(api, receiver, 503, "");
    receiver.answer(Answer.OK);
    api.anonymous().validate(keyhook.license(api, new JsonObject().put("name", "L")).key(), "d").expect(200);
    keyhook.awaitEmptyQueueOf(api);
    List<JsonObject> groups = data(api);
    assertThat(groups).extracting(group -> group.getInteger("statusCode")).containsExactlyInAnyOrder(500, 404, 503);
    JsonObject first = groups.get(0);
    assertThat(first.getString("message")).isEqualTo("ValueError: unknown license …");
    assertThat(first.getInteger("failed")).isEqualTo(2);
    assertThat(first.getInteger("retrying")).isZero();
    assertThat(first.getString("webhookId")).isEqualTo(webhook);
    assertThat(first.getValue("error")).isNull();
    assertThat(first.getInstant("firstAt")).isBefore(first.getInstant("lastAt"));
    assertThat(api.get("/api/deliveries/" + first.getString("lastDeliveryId")).expect(200).json().getString("status"))
        .isEqualTo("failed");
    assertThat(groups.get(1).getString("message")).isNull();
    assertThat(groups.get(2).getString("message")).isEqualTo("no such route");
    assertThat(causes(api, "").getBoolean("complete")).isTrue();
    assertThat(causes(api, "?webhookId=" + webhook).getInteger("examined")).isEqualTo(4);
    assertThat(causes(api, "?from=" + first.getString("lastAt")).getInteger("examined")).isEqualTo(2);
    assertThat(causes(api, "?to=" + first.getString("firstAt")).getInteger("examined")).isEqualTo(1);
  }

  @Test
  void testsAndDeletedWebhooksAreLeftOut() {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(api, receiver, "license.activated").id();
    receiver.answer(Answer.status(500, "no"));
    api.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200);
    assertThat(data(api)).isEmpty();
    fail(api, receiver, 500, "no");
    assertThat(data(api)).hasSize(1);
    assertThat(data(keyhook.account("enterprise"))).isEmpty();
    api.delete("/api/webhooks/" + webhook).expect(204);
    assertThat(data(api)).isEmpty();
  }

  @Test
  void anUnknownWebhookIsNotFound() {
    keyhook.api().get("/api/deliveries/causes?webhookId=webhook_" + "0".repeat(26)).expect(404, "NOT_FOUND");
    keyhook.api().get("/api/deliveries/causes?webhookId=x").expect(400, "INVALID_REQUEST");
  }

  /** Of 100,000, in rows of 4 KB: only the newest are read, through the index of what was not delivered. */
  @OnlyOnPostgresql
  @Test
  void ofVeryManyTheNewestAreGroupedThroughTheIndex() {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(api, receiver, "license.activated");
    fail(api, receiver, 500, "seed");
    String account = keyhook.database().value("SELECT account_id::text FROM keyhook.delivery ORDER BY delivery_id DESC LIMIT 1");
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, 2,
          jsonb_build_array(jsonb_build_object('at', 1, 'ms', 1, 'status', 500, 'body',
            'error ' || n %% 3 || ' of ' || repeat(md5(n::text), 120)))
        FROM keyhook.delivery, generate_series(1, 100000) n WHERE account_id = ?::uuid""".replace("%%", "%"), account);
    keyhook.database().update("ANALYZE keyhook.delivery");
    JsonObject found = causes(api, "");
    assertThat(found.getInteger("examined")).isEqualTo(CauseStore.MAX_SCANNED);
    assertThat(found.getBoolean("complete")).isFalse();
    assertThat(found.getJsonArray("data")).hasSize(1);
    String plan = String.join("\n", keyhook.database().column("EXPLAIN (ANALYZE, BUFFERS) " + CauseStore.CAUSES
        .replace("$1", "'" + account + "'::uuid").replace("$2", "NULL").replace("$3", "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid")
        .replace("$4", "'00000000-0000-0000-0000-000000000000'::uuid").replace("$5", "2000")));
    System.out.println("Causes of 100,000 failures: " + plan.substring(plan.lastIndexOf("Execution Time")));
    assertThat(plan).contains("account_id_webhook_id_delivery_id_idx on delivery_2") // of what was not delivered
        .doesNotContain("Seq Scan on delivery_2", "_pkey on delivery_2");
  }

  /** Of deliveries that were canceled, few have failed before. */
  @Test
  void behindManyCanceledDeliveriesThereMayBeOlderFailures() {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(api, receiver, "license.activated").id();
    fail(api, receiver, 500, "seed");
    UUID id = Id.WEBHOOK.parse(webhook);
    String cancel = """
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, 3, ?::jsonb
        FROM (SELECT * FROM keyhook.delivery WHERE webhook_id = ? LIMIT 1) d, generate_series(1, ?)""";
    keyhook.database().update(cancel, "[{\"at\": 1, \"ms\": 1, \"status\": 410, \"body\": \"gone\"}]", id, 3);
    keyhook.database().update(cancel, "[]", id, CauseStore.MAX_SCANNED - 4);
    assertThat(data(api)).extracting(group -> group.getInteger("canceled")).containsExactly(3, 0);
    keyhook.database().update(cancel, "[]", id, 3);
    JsonObject found = causes(api, "");
    assertThat(found.getInteger("examined")).isEqualTo(2);
    assertThat(found.getBoolean("complete")).isFalse();
  }

  /** During an outage of an endpoint, new events come faster than the old ones are retried. */
  @Test
  void whatHasFailedIsFoundBehindWhatHasNotBeenTried() {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(api, receiver, "license.activated").id();
    fail(api, receiver, 500, "seed");
    UUID id = Id.WEBHOOK.parse(webhook);
    String queue = """
        INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, false, now() + interval '1 day', ?::jsonb
        FROM keyhook.delivery, generate_series(1, ?) WHERE webhook_id = ?""";
    keyhook.database().update(queue, "[{\"at\": 1, \"ms\": 1, \"status\": 503, \"body\": \"busy\"}]", 3, id);
    keyhook.database().update(queue, null, CauseStore.MAX_SCANNED + 1, id);
    List<JsonObject> groups = data(api);
    assertThat(groups).extracting(group -> group.getInteger("statusCode")).containsExactly(503, 500);
    assertThat(groups.get(0).getInteger("retrying")).isEqualTo(3);
    assertThat(causes(api, "").getInteger("examined")).isEqualTo(4);
    keyhook.database().update("DELETE FROM keyhook.delivery_queue WHERE webhook_id = ?", id);
  }
}
