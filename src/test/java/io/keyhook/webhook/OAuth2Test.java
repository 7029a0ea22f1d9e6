package io.keyhook.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.ClientCredentials;
import io.keyhook.bus.Id;
import io.keyhook.bus.Webhooks;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.TokenEndpoint;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Webhooks whose deliveries carry access tokens of an authorization server (OAuth 2, client credentials). */
class OAuth2Test {
  private static final String SECRET = "client-secret-71c0d9e4";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Vertx vertx;
  private TokenEndpoint tokens;
  private Receiver receiver;

  @BeforeAll
  static void open() {
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void close() {
    Waiting.on(vertx.close());
  }

  @BeforeEach
  void begin() {
    keyhook.deleteWebhooks();
    tokens = new TokenEndpoint(vertx);
    receiver = keyhook.receiver();
  }

  @AfterEach
  void end() {
    tokens.close();
  }

  private JsonObject oauth2() {
    return new JsonObject().put("type", "oauth2").put("tokenUrl", tokens.url()).put("clientId", "keyhook").put("clientSecret", SECRET);
  }

  private Exchange tryCreate(JsonObject authentication) {
    return keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.validated")).put("authentication", authentication));
  }

  private JsonObject create(JsonObject authentication) {
    JsonObject created = tryCreate(authentication).expect(201).json();
    receiver.trust(created.getString("secret"));
    return created;
  }

  private static Exchange patch(JsonObject webhook, JsonObject change) {
    return keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), change);
  }

  private static Exchange change(JsonObject webhook, String... namesAndValues) {
    JsonObject authentication = new JsonObject().put("type", "oauth2");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      authentication.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return patch(webhook, new JsonObject().put("authentication", authentication));
  }

  private static JsonObject test(JsonObject webhook) {
    return keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id"))).expect(200).json();
  }

  private Delivery delivered() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    return receiver.take();
  }

  private static String bearer(int number) {
    return "Bearer " + TokenEndpoint.TOKEN + number;
  }

  @Test
  void deliveriesAndTestEventsCarryAToken() {
    JsonObject webhook = create(oauth2());
    assertThat(delivered().header("Authorization")).isEqualTo(bearer(1));
    assertThat(delivered().header("Authorization")).as("of the same token").isEqualTo(bearer(1));
    assertThat(test(webhook).getBoolean("success")).isTrue();
    assertThat(receiver.take().headers().getAll("Authorization")).singleElement().asString().startsWith("Bearer " + TokenEndpoint.TOKEN);
    assertThat(tokens.requests()).allSatisfy(request -> assertThat(request.form()).containsOnlyKeys("grant_type"));
  }

  @Test
  void responsesShowAllOfItButTheSecret() {
    JsonObject webhook = create(oauth2().put("scope", "a b").put("audience", "https://api.example.com")
        .put("clientAuthentication", "client_secret_post"));
    JsonObject shown = new JsonObject().put("type", "oauth2").put("tokenUrl", tokens.url()).put("clientId", "keyhook")
        .put("clientAuthentication", "client_secret_post").put("scope", "a b").put("audience", "https://api.example.com");
    for (JsonObject answer : List.of(webhook, keyhook.api().get("/api/webhooks/" + webhook.getString("id")).expect(200).json(),
        keyhook.api().get("/api/webhooks").expect(200).data().get(0))) {
      assertThat(answer.getJsonObject("authentication")).isEqualTo(shown);
    }
    assertThat(delivered().header("Authorization")).isEqualTo(bearer(1));
    assertThat(tokens.requests().get(0).form()).containsEntry("client_secret", SECRET).containsEntry("scope", "a b")
        .containsEntry("audience", "https://api.example.com").doesNotContainKey("resource");

    String before = keyhook.api().get("/api/webhooks/" + webhook.getString("id")).json().getString("updatedAt");
    assertThat(patch(webhook, new JsonObject().put("authentication", shown)).expect(200).json().getString("updatedAt"))
        .as("a response that is sent back changes nothing").isEqualTo(before);
  }

  @Test
  void aChangeKeepsWhatItLeavesOutAndEndsTheToken() {
    JsonObject webhook = create(oauth2().put("scope", "a"));
    assertThat(delivered().header("Authorization")).isEqualTo(bearer(1));
    JsonObject after = change(webhook, "scope", "", "resource", "urn:r", "clientId", "other").expect(200).json();
    assertThat(after.getJsonObject("authentication")).isEqualTo(new JsonObject().put("type", "oauth2").put("tokenUrl", tokens.url())
        .put("clientId", "other").put("clientAuthentication", "client_secret_basic").put("resource", "urn:r"));
    assertThat(delivered().header("Authorization")).isEqualTo(bearer(2));
    assertThat(tokens.requests().get(1).form()).doesNotContainKey("scope").containsEntry("resource", "urn:r");

    change(webhook, "clientSecret", "another-" + SECRET).expect(200);
    assertThat(delivered().header("Authorization")).isEqualTo(bearer(3));
    patch(webhook, new JsonObject().putNull("authentication")).expect(200);
    assertThat(delivered().header("Authorization")).isNull();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE webhook_id = ?"
        + " AND (request_headers IS NOT NULL OR authentication_details IS NOT NULL)", Id.WEBHOOK.parse(webhook.getString("id")))).isZero();
    assertThat(tokens.requests()).hasSize(3);
  }

  @Test
  void aChangeOnOneNodeEndsTheTokenOnAnother() {
    JsonObject webhook = create(oauth2());
    Node other = keyhook.start();
    try {
      assertThat(delivered().header("Authorization")).startsWith("Bearer ");
      other.api().patch("/api/webhooks/" + webhook.getString("id"), new JsonObject().put("authentication",
          new JsonObject().put("type", "oauth2").put("scope", "new"))).expect(200);
      await().atMost(Waiting.LONG).untilAsserted(() -> {
        delivered();
        assertThat(tokens.requests().get(tokens.requests().size() - 1).form()).containsEntry("scope", "new");
      });
    } finally {
      other.stop();
    }
  }

  @Test
  void theSecretGoesToNoOtherHostOnItsOwn() {
    JsonObject webhook = create(oauth2());
    try (TokenEndpoint other = new TokenEndpoint(vertx)) {
      Exchange refused = change(webhook, "tokenUrl", other.url());
      assertThat(refused.expect(400).badFields()).containsExactly("authentication.clientSecret");
      assertThat(refused.body()).contains("send its value again");
      change(webhook, "tokenUrl", tokens.url("/elsewhere?tenant=1")).expect(200);
      assertThat(delivered().header("Authorization")).isEqualTo(bearer(1));
      assertThat(tokens.requests().get(0).path()).isEqualTo("/elsewhere?tenant=1");
      change(webhook, "tokenUrl", other.url(), "clientSecret", SECRET).expect(200);
      delivered();
      assertThat(other.requests()).hasSize(1);
    }
    Receiver moved = keyhook.receiver();
    JsonObject move = new JsonObject().put("url", moved.url());
    assertThat(patch(webhook, move).expect(400).badFields()).containsExactly("authentication");
    assertThat(patch(webhook, move.copy().put("authentication", new JsonObject().put("type", "oauth2"))).expect(400).badFields())
        .containsExactly("authentication.clientSecret");
    patch(webhook, move.copy().put("authentication", new JsonObject().put("type", "oauth2").put("clientSecret", SECRET)
        .put("tokenUrl", tokens.url()))).expect(200);
  }

  @Test
  void anAttemptWithoutATokenFailsAndIsRetriedBySchedule() {
    create(oauth2());
    tokens.answer(Answer.status(401, "{\"error\":\"invalid_client\",\"error_description\":\"" + SECRET + "\"}"));
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    await().atMost(Waiting.LONG).until(() -> tokens.requests().size() == 1);
    String id = keyhook.api().get("/api/deliveries?limit=1").expect(200).data().get(0).getString("id");
    JsonObject attempt = keyhook.awaitAttempts(id, 1).getJsonArray("attempts").getJsonObject(0);
    assertThat(attempt.getString("error")).isEqualTo("token_error");
    assertThat(attempt.getString("errorDetail")).isEqualTo("Token endpoint returned 401 invalid_client");
    assertThat(attempt.getInteger("statusCode")).isNull();
    tokens.issue(3600);
    keyhook.clock().advance(id, Duration.ofMinutes(1));
    Delivery retry = receiver.take();
    assertThat(retry.attempt()).isEqualTo(2);
    assertThat(retry.header("Authorization")).isEqualTo(bearer(2));
  }

  @Test
  void manyDeliveriesWithoutATokenAreFewRequestsAndAllArriveLater() {
    create(oauth2());
    tokens.answer(request -> request.response().setStatusCode(503).putHeader("Retry-After", "30").end());
    License license = keyhook.license(1);
    for (int i = 0; i < 50; i++) {
      keyhook.api().validate(license.key(), "device").expect(200);
    }
    await().atMost(Waiting.LONG).until(() -> failedOnce().size() == 50);
    assertThat(tokens.requests()).hasSize(1);
    tokens.issue(3600);
    JsonObject other = test(keyhook.api().get("/api/webhooks").expect(200).data().get(0));
    assertThat(other.getBoolean("success")).as("a test event requests a token at once").isTrue();
    receiver.take();
  }

  /** The IDs of the deliveries that wait for their second attempt. */
  private static List<String> failedOnce() {
    return keyhook.api().get("/api/deliveries?limit=100&status=pending").expect(200).data().stream()
        .filter(delivery -> delivery.getInteger("attemptCount") == 1).map(delivery -> delivery.getString("id")).toList();
  }

  @Test
  void aTestEventSaysWhyThereIsNoToken() {
    JsonObject webhook = create(oauth2());
    tokens.answer(Answer.status(503));
    JsonObject result = test(webhook);
    assertThat(result.getString("error")).isEqualTo("token_error");
    assertThat(result.getString("errorDetail")).isEqualTo("Token endpoint returned 503");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "{}|tokenUrl,clientId,clientSecret", "{\"clientId\":\"\"}|clientId", "{\"clientId\":\"ü\"}|clientId",
      "{\"clientSecret\":\"\"}|clientSecret", "{\"clientSecret\":\"a\\nb\"}|clientSecret", "{\"scope\":\"a\\\"b\"}|scope",
      "{\"scope\":\" a\"}|scope", "{\"audience\":\"a b\"}|audience", "{\"resource\":\"a b\"}|resource", "{\"token\":\"t\"}|token",
      "{\"username\":\"t\"}|username", "{\"clientAuthentication\":\"none\"}|clientAuthentication", "{\"tokenUrl\":5}|tokenUrl",
      "{\"more\":\"t\"}|more"})
  void badFieldsAreRefused(String given, String fields) {
    JsonObject authentication = new JsonObject(given);
    boolean whole = !authentication.isEmpty();
    assertThat(tryCreate((whole ? oauth2() : new JsonObject().put("type", "oauth2")).mergeIn(authentication)).expect(400).badFields())
        .containsExactlyInAnyOrder(Stream.of(fields.split(",")).map(field -> "authentication." + field).toArray(String[]::new));
  }

  @Test
  void aTokenUrlThatAWebhookMayNotHaveIsRefused() {
    for (String url : List.of("", "/token", "ftp://auth.example.com/", "https://user@auth.example.com/", "https://a b/",
        "https://test-endpoint.keyhook.invalid/x", "https://listen.keyhook.invalid/")) {
      assertThat(tryCreate(oauth2().put("tokenUrl", url)).expect(400).badFields()).as(url).containsExactly("authentication.tokenUrl");
    }
    JsonObject webhook = create(oauth2());
    assertThat(change(webhook, "tokenUrl", "ftp://auth.example.com/").expect(400).badFields())
        .containsExactly("authentication.tokenUrl");
    assertThat(patch(webhook, new JsonObject().put("headers", new JsonObject().put("Authorization", "x"))).expect(400).badFields())
        .containsExactly("headers.Authorization");
  }

  @Test
  void secretAndTokenAreNowhereInTheClear() {
    JsonObject webhook = create(oauth2());
    delivered();
    change(webhook, "scope", "b").expect(200);
    for (String table : keyhook.database().column(
        "SELECT relname FROM pg_class WHERE relnamespace = 'keyhook'::regnamespace AND relkind = 'r'")) {
      for (String secret : List.of(SECRET, TokenEndpoint.TOKEN)) {
        assertThat(keyhook.database().number("""
            SELECT count(*) FROM keyhook.%s t WHERE position(? IN t::text) > 0 OR position(encode(?, 'hex') IN t::text) > 0"""
            .formatted(table), secret, secret.getBytes())).as(table).isZero();
      }
    }
    assertThat(keyhook.api().get("/api/audit?action=webhook.updated").expect(200).data().get(0).getJsonArray("changed"))
        .containsExactly("authentication");
    assertThat(LogWatch.linesWith(SECRET)).isEmpty();
    assertThat(LogWatch.linesWith(TokenEndpoint.TOKEN)).isEmpty();
    ClientCredentials client = ClientCredentials.of("https://auth.example.com/", "id", SECRET);
    assertThat(client + " " + Webhooks.Authentication.oauth2(client)).doesNotContain(SECRET);
    keyhook.api().delete("/api/webhooks/" + webhook.getString("id")).expect(204);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE deleted_at IS NOT NULL AND (request_headers"
        + " IS NOT NULL OR authentication_details IS NOT NULL)")).isZero();
  }
}
