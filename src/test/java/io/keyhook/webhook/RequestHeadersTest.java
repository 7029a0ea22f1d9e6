package io.keyhook.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.attempt.RequestHeaders;
import io.keyhook.bus.Id;
import io.keyhook.bus.Webhooks;
import io.keyhook.db.Cipher;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Headers and authentication of a webhook's choice: sent with every request, shown to nobody, and to no other host. */
class RequestHeadersTest {
  private static final String KEY = "gateway-key-2f7d9a1c";
  private static final String TOKEN = "token-of-the-receiver-8c41";
  private static final String PASSWORD = "pass word: ÄÖ-53e0";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;

  @BeforeEach
  void begin() {
    keyhook.deleteWebhooks();
    receiver = keyhook.receiver();
  }

  private static JsonObject headers(String... namesAndValues) {
    JsonObject headers = new JsonObject();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return new JsonObject().put("headers", headers);
  }

  private static JsonObject basic(String username, String password) {
    return new JsonObject().put("type", "basic").put("username", username).put("password", password);
  }

  private static JsonObject bearer(String token) {
    return new JsonObject().put("type", "bearer").put("token", token);
  }

  private static String basicHeader(String username, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((username + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  private Exchange tryCreate(JsonObject fields) {
    return keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.validated")).mergeIn(fields));
  }

  private JsonObject create(JsonObject fields) {
    JsonObject created = tryCreate(fields).expect(201).json();
    receiver.trust(created.getString("secret"));
    return created;
  }

  private static Exchange patch(JsonObject webhook, JsonObject change) {
    return keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), change);
  }

  private static JsonObject test(JsonObject webhook) {
    return keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id"))).expect(200).json();
  }

  private Delivery tested(JsonObject webhook) {
    test(webhook);
    return receiver.take();
  }

  private Delivery delivered() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    return receiver.take();
  }

  /** The text of the error about a field. */
  private static String problem(Exchange refused, String field) {
    return refused.expect(400).json().getJsonArray("errors").stream().map(JsonObject.class::cast)
        .filter(error -> error.getString("field").equals(field)).map(error -> error.getString("message")).findFirst()
        .orElseThrow(() -> new AssertionError("No error about " + field + " in " + refused.body()));
  }

  @Test
  void everyRequestCarriesThemAndNoResponseShowsThem() {
    JsonObject webhook = create(headers("X-Api-Key", KEY, "X-Environment", "live").put("authentication", bearer(TOKEN)));
    JsonObject shown = new JsonObject().put("X-Api-Key", Webhooks.MASK).put("X-Environment", Webhooks.MASK);
    String path = "/api/webhooks/" + webhook.getString("id");
    for (JsonObject answer : List.of(webhook, keyhook.api().get(path).expect(200).json(),
        keyhook.api().get("/api/webhooks").expect(200).data().get(0),
        patch(webhook, new JsonObject().put("description", "d")).expect(200).json())) {
      assertThat(answer.getJsonObject("headers")).isEqualTo(shown);
      assertThat(answer.getJsonObject("authentication")).isEqualTo(new JsonObject().put("type", "bearer"));
    }
    receiver.answerNext(Answer.status(500));
    Delivery first = delivered();
    keyhook.awaitAttempts(first.id(), 1);
    keyhook.clock().advance(first.id(), Duration.ofMinutes(1));
    Delivery retry = receiver.take();
    assertThat(retry.attempt()).isEqualTo(2);
    for (Delivery delivery : List.of(first, retry, tested(webhook))) {
      assertThat(delivery.headers().getAll("X-Api-Key")).containsExactly(KEY);
      assertThat(delivery.headers().getAll("X-Environment")).containsExactly("live");
      assertThat(delivery.headers().getAll("Authorization")).containsExactly("Bearer " + TOKEN);
    }
  }

  @Test
  void aWebhookWithoutHeadersSendsWhatItAlwaysSent() {
    JsonObject webhook = create(new JsonObject());
    assertThat(webhook.getJsonObject("headers")).isEmpty();
    assertThat(webhook.getValue("authentication", "absent")).isNull();
    assertThat(tested(webhook).headers().names()).containsExactlyInAnyOrder("host", "content-type", "user-agent", "accept-encoding",
        "content-length", "X-Webhook-Signature", "X-Webhook-Event", "X-Webhook-Attempt", "webhook-id", "webhook-timestamp",
        "webhook-signature");
  }

  @Test
  void basicCredentialsAreSentInUtf8() {
    JsonObject webhook = create(new JsonObject().put("authentication", basic("müller", PASSWORD)));
    assertThat(webhook.getJsonObject("authentication")).isEqualTo(new JsonObject().put("type", "basic"));
    assertThat(tested(webhook).header("Authorization")).isEqualTo(basicHeader("müller", PASSWORD));
    patch(webhook, new JsonObject().put("authentication", basic("a-key-as-the-user", ""))).expect(200);
    assertThat(tested(webhook).header("Authorization")).isEqualTo(basicHeader("a-key-as-the-user", ""));
  }

  @Test
  void aSchemeOfOnesOwnIsAHeader() {
    JsonObject webhook = create(headers("authorization", "ApiKey " + KEY));
    assertThat(tested(webhook).headers().getAll("Authorization")).containsExactly("ApiKey " + KEY);
    assertThat(problem(patch(webhook, new JsonObject().put("authentication", bearer(TOKEN))), "headers.authorization"))
        .contains("remove one of the two");
    patch(webhook, headers("Authorization", null).put("authentication", bearer(TOKEN))).expect(200);
    assertThat(tested(webhook).headers().getAll("Authorization")).containsExactly("Bearer " + TOKEN);
  }

  @Test
  void aChangeLeavesOutWhatItKeeps() {
    JsonObject webhook = create(headers("X-One", "value-one", "X-Two", "value-two", "X-Three", "value-three")
        .put("authentication", basic("user", "first")));
    JsonObject after = patch(webhook, headers("x-one", "changed", "X-Two", Webhooks.MASK, "X-Three", null, "X-Four", "added")
        .put("authentication", new JsonObject().put("type", "basic").put("password", "second"))).expect(200).json();
    assertThat(after.getJsonObject("headers").fieldNames()).containsExactly("x-one", "X-Two", "X-Four");
    Delivery delivery = tested(webhook);
    assertThat(delivery.header("X-One")).isEqualTo("changed");
    assertThat(delivery.header("X-Two")).isEqualTo("value-two");
    assertThat(delivery.header("X-Three")).isNull();
    assertThat(delivery.header("X-Four")).isEqualTo("added");
    assertThat(delivery.header("Authorization")).isEqualTo(basicHeader("user", "second"));

    // what a response shows can be sent back
    String before = after.getString("updatedAt");
    JsonObject same = patch(webhook, new JsonObject().put("headers", after.getJsonObject("headers"))
        .put("authentication", after.getJsonObject("authentication"))).expect(200).json();
    assertThat(same.getString("updatedAt")).isEqualTo(before);
    JsonObject kept = patch(webhook, new JsonObject().put("authentication", new JsonObject().put("type", "basic").put("username", "user")
        .putNull("password"))).expect(200).json();
    assertThat(kept.getString("updatedAt")).as("null keeps the password, as leaving it out does").isEqualTo(before);

    assertThat(problem(patch(webhook, new JsonObject().put("authentication", new JsonObject().put("type", "bearer"))),
        "authentication.token")).isEqualTo("is required; send its value, or set authentication to null");
    JsonObject without = patch(webhook, new JsonObject().putNull("authentication")).expect(200).json();
    assertThat(without.getValue("authentication")).isNull();
    assertThat(tested(webhook).header("Authorization")).isNull();
    assertThat(patch(webhook, new JsonObject().putNull("headers")).expect(200).json().getJsonObject("headers")).isEmpty();
    assertThat(tested(webhook).header("X-One")).isNull();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE webhook_id = ? AND request_headers IS NOT NULL",
        Id.WEBHOOK.parse(webhook.getString("id")))).isZero();
  }

  @Test
  void aChangeOfTheHostNeedsThemAnew() {
    JsonObject webhook = create(headers("X-Api-Key", KEY, "X-Other", "another value").put("authentication", basic("user", PASSWORD)));
    tested(webhook);
    JsonObject samePlace = patch(webhook, new JsonObject().put("url", receiver.url() + "/2")).expect(200).json();
    assertThat(tested(webhook).header("X-Api-Key")).as("at another path").isEqualTo(KEY);

    Receiver other = keyhook.receiver();
    JsonObject move = new JsonObject().put("url", other.url());
    Exchange refused = patch(webhook, move);
    assertThat(refused.expect(400).badFields()).containsExactlyInAnyOrder("headers.X-Api-Key", "headers.X-Other", "authentication");
    assertThat(problem(refused, "headers.X-Api-Key")).contains(receiver.url().replace("/hook", ""), other.url().replace("/hook", ""),
        "send its value again", "send null");
    assertThat(patch(webhook, move.copy().mergeIn(headers("X-Api-Key", Webhooks.MASK, "X-Other", null))
        .put("authentication", new JsonObject().put("type", "basic").put("username", "user"))).expect(400).badFields())
        .containsExactlyInAnyOrder("headers.X-Api-Key", "authentication.password");
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.getString("id")).json()).isEqualTo(samePlace);

    patch(webhook, move.copy().mergeIn(headers("X-Api-Key", "key-for-the-other", "X-Other", null)).putNull("authentication")).expect(200);
    receiver.trust(webhook.getString("secret"));
    other.trust(webhook.getString("secret"));
    test(webhook);
    Delivery delivery = other.take();
    assertThat(delivery.header("X-Api-Key")).isEqualTo("key-for-the-other");
    assertThat(delivery.header("X-Other")).isNull();
    assertThat(delivery.header("Authorization")).isNull();
    patch(webhook, new JsonObject().put("url", receiver.url()).putNull("headers")).expect(200);
    assertThat(tested(webhook).header("X-Api-Key")).isNull();
  }

  @Test
  void aUrlThatChangedInAnyOtherWayGetsNone() {
    JsonObject webhook = create(headers("X-Api-Key", KEY));
    Receiver other = keyhook.receiver();
    other.trust(webhook.getString("secret"));
    // as a node of an earlier version does
    keyhook.database().update("UPDATE keyhook.webhook SET url = ?, version = version + 1 WHERE webhook_id = ?", other.url(),
        Id.WEBHOOK.parse(webhook.getString("id")));
    test(webhook);
    assertThat(other.take().header("X-Api-Key")).isNull();
    assertThat(patch(webhook, headers("X-Second", "value")).expect(400).badFields()).containsExactly("headers.X-Api-Key");
    patch(webhook, headers("X-Api-Key", "of-the-other-host")).expect(200);
    test(webhook);
    assertThat(other.take().header("X-Api-Key")).isEqualTo("of-the-other-host");
  }

  /** As a node of an earlier version does with an authentication of a later one. */
  @Test
  void withAnAuthenticationThatANodeDoesNotKnowNothingIsSent() {
    JsonObject webhook = create(new JsonObject().put("authentication", bearer(TOKEN)));
    UUID id = Id.WEBHOOK.parse(webhook.getString("id"));
    UUID account = UUID.fromString(keyhook.database().value("SELECT account_id FROM keyhook.webhook WHERE webhook_id = ?", id));
    Cipher cipher = new Cipher(Node.MASTER_KEY, List.of());
    String change = "UPDATE keyhook.webhook SET request_headers = ?, version = version + 1 WHERE webhook_id = ?";
    keyhook.database().update(change, cipher.seal(new JsonObject().put("origin", receiver.url().replace("/hook", ""))
        .put("headers", new JsonObject()).put("authentication", new JsonObject().put("type", "LATER")).encode(), account, id), id);
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    Awaitility.await().atMost(Waiting.LONG).until(() -> LogWatch.linesWith("Could not read " + webhook.getString("id")).size() > 1);
    keyhook.database().update(change, cipher.seal(new RequestHeaders(receiver.url().replace("/hook", ""), Map.of(),
        Webhooks.Authentication.bearer(KEY)).toJson(), account, id), id);
    Delivery first = receiver.take();
    assertThat(first.attempt()).isEqualTo(1);
    assertThat(first.header("Authorization")).isEqualTo("Bearer " + KEY);
  }

  @Test
  void whatAnEndpointRepeatsIsLoggedWithoutThem() {
    JsonObject webhook = create(headers("X-Api-Key", KEY).put("authentication", basic("user", PASSWORD)));
    receiver.answer(request -> request.response().putHeader("X-Echo", "got " + request.getHeader("X-Api-Key"))
        .setStatusCode(401).end(new JsonObject().put("key", request.getHeader("X-Api-Key"))
            .put("authorization", request.getHeader("Authorization")).put("password", PASSWORD).put("said", "nothing else").encode()));
    JsonObject result = test(webhook);
    String credentials = basicHeader("user", PASSWORD).substring("Basic ".length());
    assertThat(new JsonObject(result.getString("responseBody"))).isEqualTo(new JsonObject().put("key", Webhooks.MASK)
        .put("authorization", "Basic " + Webhooks.MASK).put("password", Webhooks.MASK).put("said", "nothing else"));
    String logged = keyhook.api().get("/api/deliveries/" + result.getString("deliveryId")).expect(200).body();
    assertThat(logged).contains("got " + Webhooks.MASK).doesNotContain(KEY, credentials, PASSWORD);
    String failed = delivered().id();
    Awaitility.await().atMost(Waiting.LONG).until(() -> keyhook.logged(failed).getJsonArray("attempts").size() == 1);
    assertThat(keyhook.logged(failed).encode()).contains(Webhooks.MASK).doesNotContain(KEY, credentials, PASSWORD);
  }

  @Test
  void theTestEndpointReceivesThemAndKeepsTheirNames() {
    Api api = keyhook.account("enterprise");
    String url = api.post("/api/test-endpoint").expect(200).json().getString("url");
    String webhook = api.post("/api/webhooks", new JsonObject().put("url", url).put("events", new JsonArray().add("license.validated"))
        .mergeIn(headers("X-Api-Key", KEY)).put("authentication", bearer(TOKEN))).expect(201).json().getString("id");
    assertThat(api.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200).json().getBoolean("success"))
        .isTrue();
    JsonObject request = api.get("/api/test-endpoint").expect(200).json().getJsonArray("requests").getJsonObject(0);
    assertThat(request.getBoolean("signatureValid")).isTrue();
    assertThat(request.getJsonObject("headers").getMap())
        .containsAllEntriesOf(Map.of("X-Api-Key", Webhooks.MASK, "Authorization", Webhooks.MASK));
  }

  @Test
  void theyAreNowhereInTheClear() {
    JsonObject fields = headers("X-Api-Key", KEY).put("authentication", basic("user-2b7f", PASSWORD));
    Exchange created = keyhook.api().header("Idempotency-Key", "headers-1").post("/api/webhooks",
        new JsonObject().put("url", receiver.url()).put("events", new JsonArray().add("license.validated")).mergeIn(fields)).expect(201);
    JsonObject webhook = created.json();
    receiver.trust(webhook.getString("secret"));
    patch(webhook, headers("X-Second", TOKEN)).expect(200);
    assertThat(delivered().header("X-Second")).isEqualTo(TOKEN);
    String credentials = basicHeader("user-2b7f", PASSWORD).substring("Basic ".length());
    String[] secrets = {KEY, TOKEN, PASSWORD, "user-2b7f", credentials};
    for (String table : keyhook.database().column(
        "SELECT relname FROM pg_class WHERE relnamespace = 'keyhook'::regnamespace AND relkind = 'r'")) {
      for (String secret : secrets) {
        assertThat(keyhook.database().number("""
            SELECT count(*) FROM keyhook.%s t WHERE position(? IN t::text) > 0 OR position(encode(?, 'hex') IN t::text) > 0"""
            .formatted(table), secret, secret.getBytes(StandardCharsets.UTF_8))).as(table).isZero();
      }
    }
    assertThat(keyhook.api().get("/api/audit?action=webhook.updated").expect(200).data().get(0).getJsonArray("changed"))
        .containsExactly("headers");
    for (String secret : secrets) {
      assertThat(created.body()).doesNotContain(secret);
      assertThat(LogWatch.linesWith(secret)).isEmpty();
    }
    keyhook.api().delete("/api/webhooks/" + webhook.getString("id")).expect(204);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE deleted_at IS NOT NULL AND (request_headers"
        + " IS NOT NULL OR header_names <> '{}' OR authentication IS NOT NULL)")).isZero();
  }

  @Test
  void messagesDoNotPrintThem() {
    Webhooks.Create create = Webhooks.Create.of(null, "https://hooks.example.com/", "license.validated")
        .withHeaders(Map.of("X-Api-Key", KEY)).withAuthentication(Webhooks.Authentication.bearer(TOKEN));
    Webhooks.Update update = Webhooks.Update.of(null, "webhook_1").withHeaders(Map.of("X-Api-Key", KEY))
        .withAuthentication(Webhooks.Authentication.basic("user-2b7f", PASSWORD));
    assertThat(create.toString() + update + create.authentication() + update.authentication())
        .doesNotContain(KEY, TOKEN, PASSWORD, "user-2b7f");
    assertThat(update.changed()).containsExactly("authentication", "headers");
  }
}
