package io.keyhook.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.HeaderRules;
import io.keyhook.bus.Webhooks;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers and credentials that a webhook may not have are refused by name, and there is a limit to the others. */
class HeaderRulesTest {
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

  private static JsonObject bearer(String token) {
    return new JsonObject().put("type", "bearer").put("token", token);
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

  private Delivery tested(JsonObject webhook) {
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id"))).expect(200);
    return receiver.take();
  }

  /** The text of the error about a field. */
  private static String problem(Exchange refused, String field) {
    return refused.expect(400).json().getJsonArray("errors").stream().map(JsonObject.class::cast)
        .filter(error -> error.getString("field").equals(field)).map(error -> error.getString("message")).findFirst()
        .orElseThrow(() -> new AssertionError("No error about " + field + " in " + refused.body()));
  }

  static Stream<String> refusedNames() {
    return Stream.of("Host", "content-type", "Content-Length", "CONTENT-ENCODING", "User-Agent", "Accept-Encoding", "webhook-id",
        "Webhook-Signature", "webhook-anything", "X-Webhook-Signature", "x_webhook_signature", "X-Webhook-Signature-Previous",
        "Keyhook-Anything", "X-Keyhook-Anything", "traceparent", "tracestate", "Connection", "Keep-Alive", "Proxy-Authorization",
        "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Expect", "Forwarded", "X-Forwarded-For",
        "X-Real-IP", "Via", "Cookie", "Set-Cookie", "", " ", "X Y", "X:Y", "X\r\nY", "Ä", ":path", "X\u0000", "x".repeat(129));
  }

  @ParameterizedTest
  @MethodSource("refusedNames")
  void aNameThatIsNotForTheOwnerIsRefused(String name) {
    Exchange refused = tryCreate(headers(name, "a-value-that-is-not-told", "X-Good", "good"));
    String field = HeaderRules.field(name);
    assertThat(refused.expect(400).badFields()).containsExactly(field);
    assertThat(refused.body()).doesNotContain("a-value-that-is-not-told");
    JsonObject webhook = create(new JsonObject());
    assertThat(patch(webhook, headers(name, "v")).expect(400).badFields()).containsExactly(field);
  }

  @Test
  void noHeaderThatKeyhookSendsCanBeReplaced() {
    JsonObject webhook = create(new JsonObject());
    receiver.trust(keyhook.api().post("/api/webhooks/" + webhook.getString("id") + "/rotate-secret",
        new JsonObject().put("overlapHours", 1)).expect(200).json().getString("secret"));
    for (String name : tested(webhook).headers().names()) {
      assertThat(patch(webhook, headers(name, "v")).expect(400).badFields()).containsExactly(HeaderRules.field(name));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", " a", "a ", "\ta", "a\r\nX-Injected: 1", "a\nb", "a\u0000", "ä", "a\u007f", "😀"})
  void aBadValueIsRefused(String value) {
    assertThat(tryCreate(headers("X-Key", value)).expect(400).badFields()).containsExactly("headers.X-Key");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "{}|type", "{\"type\":\"digest\"}|type", "{\"type\":\"basic\"}|username,password", "{\"type\":\"bearer\"}|token",
      "{\"type\":\"basic\",\"username\":\"a:b\",\"password\":\"c\"}|username",
      "{\"type\":\"basic\",\"username\":\"\",\"password\":\"\"}|username",
      "{\"type\":\"basic\",\"username\":\"a\",\"password\":\"b\\n\"}|password",
      "{\"type\":\"basic\",\"username\":\"a\",\"password\":\"b\",\"token\":\"c\"}|token",
      "{\"type\":\"bearer\",\"token\":\"c\",\"password\":\"b\"}|password",
      "{\"type\":\"bearer\",\"token\":\"\"}|token", "{\"type\":\"bearer\",\"token\":\"a b\"}|token",
      "{\"type\":\"bearer\",\"token\":\"ä\"}|token", "{\"type\":\"bearer\",\"token\":1}|token",
      "{\"type\":\"bearer\",\"token\":\"a\",\"scope\":\"b\"}|scope"})
  void badCredentialsAreRefusedByField(String authentication, String fields) {
    assertThat(tryCreate(new JsonObject().put("authentication", new JsonObject(authentication))).expect(400).badFields())
        .containsExactlyInAnyOrder(Stream.of(fields.split(",")).map(field -> "authentication." + field).toArray(String[]::new));
  }

  @Test
  void otherShapesAreRefused() {
    assertThat(tryCreate(new JsonObject().put("headers", "X-Key: v")).expect(400).badFields()).containsExactly("headers");
    assertThat(tryCreate(new JsonObject().put("headers", new JsonObject().put("X-Key", 1))).expect(400).badFields())
        .containsExactly("headers.X-Key");
    assertThat(tryCreate(new JsonObject().put("authentication", "Bearer x")).expect(400).badFields()).containsExactly("authentication");
    assertThat(tryCreate(headers("X-Key", "a", "x-key", "b")).expect(400).badFields()).containsExactly("headers.x-key");
    assertThat(problem(tryCreate(headers("X-Key", Webhooks.MASK)), "headers.X-Key")).contains("send the value");
    assertThat(problem(tryCreate(headers("X-Key", null)), "headers.X-Key")).isEqualTo("has no value");
  }

  @Test
  void thereIsALimitToThem() {
    JsonObject many = new JsonObject();
    for (int i = 0; i < HeaderRules.MAX_HEADERS; i++) {
      many.put("X-" + i, "v");
    }
    JsonObject webhook = create(new JsonObject().put("headers", many));
    assertThat(patch(webhook, headers("X-More", "v")).expect(400).badFields()).containsExactly("headers");
    patch(webhook, headers("X-More", "v", "X-0", null)).expect(200);
    assertThat(problem(tryCreate(new JsonObject().put("headers", many.copy().put("X-More", "v"))), "headers")).contains("20");

    int most = HeaderRules.MAX_BYTES - "X-Key".length();
    create(headers("X-Key", "v".repeat(most)));
    assertThat(problem(tryCreate(headers("X-Key", "v".repeat(most), "Y", "v")), "headers")).contains("4096 bytes");
    int token = HeaderRules.MAX_BYTES - "Authorization".length() - "Bearer ".length();
    JsonObject long1 = create(new JsonObject().put("authentication", bearer("t".repeat(token))));
    assertThat(tested(long1).header("Authorization")).hasSize(token + 7);
    assertThat(patch(long1, new JsonObject().put("authentication", bearer("t".repeat(token + 1)))).expect(400).badFields())
        .containsExactly("headers");
  }
}
