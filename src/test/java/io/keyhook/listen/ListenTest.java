package io.keyhook.listen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.forward.ForwardOptions;
import io.keyhook.forward.Forwarding;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An endpoint that no server can reach receives deliveries, and its responses are those of the attempts. */
class ListenTest {
  private static final String URL = "https://listen.keyhook.invalid/";

  /** The policy is that of production: no private address. */
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("delivery",
      new JsonObject().put("allowInsecureTargets", false).put("retryDelays", new JsonArray().add("PT0.2S").add("PT3S").add("PT3S"))));

  private final List<Running> running = new ArrayList<>();

  /** The command, in a thread. */
  private static final class Running {
    final List<String> lines = new CopyOnWriteArrayList<>();
    final Forwarding forwarding;
    final CompletableFuture<Boolean> ended;

    Running(String key, Map<String, String> environment, String... arguments) {
      Map<String, String> all = new HashMap<>(environment);
      all.put("KEYHOOK_API_KEY", key);
      forwarding = new Forwarding(ForwardOptions.parse(List.of(arguments), all), lines::add);
      ended = CompletableFuture.supplyAsync(forwarding::run, command -> new Thread(command, "listen").start());
    }

    Running listens() {
      awaitLine("Forwarding to ");
      return this;
    }

    String awaitLine(String part) {
      await(part).atMost(Waiting.LONG).until(() -> lines.stream().anyMatch(line -> line.contains(part)));
      return lines.stream().filter(line -> line.contains(part)).findFirst().orElseThrow();
    }
  }

  @AfterEach
  void close() {
    running.forEach(one -> one.forwarding.close());
    keyhook.deleteWebhooks();
  }

  private Running listen(Receiver receiver, URI node, String... more) {
    Running one = new Running(Node.API_KEY, Map.of(), Stream.concat(
        Stream.of("--forward", receiver.url(), "--url", node.toString()), Stream.of(more)).toArray(String[]::new));
    running.add(one);
    return one;
  }

  private Running listen(Receiver receiver) {
    Running one = listen(receiver, keyhook.node().uri()).listens();
    receiver.trust(one.awaitLine("Signing secret: ").substring("Signing secret: ".length()));
    return one;
  }

  private static String webhookId() {
    return keyhook.api().get("/api/webhooks").expect(200).data().get(0).getString("id");
  }

  private static String webhook(Api api) {
    return create(api, URL).expect(201).json().getString("id");
  }

  private static Exchange create(Api api, String url) {
    return api.post("/api/webhooks", new JsonObject().put("url", url).put("events", new JsonArray().add("license.activated")));
  }

  private static JsonObject attempt(JsonObject delivery, int number) {
    return delivery.getJsonArray("attempts").getJsonObject(number - 1);
  }

  private static void activate() {
    keyhook.api().validate(keyhook.license(3).key(), "a-device").expect(200);
  }

  private static JsonObject test(String webhook) {
    return keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200).json();
  }

  @Test
  void aDeliveryIsForwardedWithItsSignaturesAndItsResponseIsInTheLog() {
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(202, "thank you"));
    Running one = listen(receiver);
    activate();
    Delivery created = receiver.take();
    assertThat(created.event()).isEqualTo("license.created");
    Delivery delivery = receiver.take();
    assertThat(delivery.path()).isEqualTo("/hook");
    assertThat(delivery.header("User-Agent")).startsWith("Keyhook/");
    assertThat(delivery.header("Content-Type")).isEqualTo("application/json");
    JsonObject logged = keyhook.awaitStatus(delivery.id(), "delivered");
    assertThat(delivery.json()).isEqualTo(logged.getJsonObject("payload"));
    assertThat(attempt(logged, 1).getInteger("statusCode")).isEqualTo(202);
    assertThat(attempt(logged, 1).getString("responseBody")).isEqualTo("thank you");
    assertThat(one.awaitLine(delivery.id())).contains(delivery.event(), "  202  ", " ms", "thank you");
    keyhook.awaitEmptyQueue();
    Waiting.until("the request is deleted", () -> keyhook.database().count("listener_request") == 0);
  }

  @Test
  void aCompressedResponseIsReadable() throws IOException {
    ByteArrayOutputStream page = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(page)) {
      gzip.write("<h1>Größe</h1>".getBytes(StandardCharsets.ISO_8859_1));
    }
    Receiver receiver = keyhook.receiver();
    receiver.answer(request -> request.response().putHeader("Content-Encoding", "gzip")
        .putHeader("Content-Type", "text/html; charset=ISO-8859-1").end(Buffer.buffer(page.toByteArray())));
    Running one = listen(receiver);
    keyhook.license(1);
    Delivery delivery = receiver.take();
    JsonObject logged = keyhook.awaitStatus(delivery.id(), "delivered");
    assertThat(attempt(logged, 1).getString("responseBody")).isEqualTo("<h1>Größe</h1>");
    assertThat(one.awaitLine(delivery.id())).contains("<h1>Größe</h1>");
  }

  @Test
  void aDeliveryThatFailsIsRetriedAsToAnyOtherEndpoint() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(request -> request.response().setStatusCode(500).putHeader("X-Reason", "none").end("broken"));
    Running one = listen(receiver);
    keyhook.license(3);
    Delivery first = receiver.take();
    Delivery second = receiver.take();
    assertThat(second.id()).isEqualTo(first.id());
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.attempt()).isEqualTo(2);
    JsonObject logged = keyhook.awaitStatus(first.id(), "delivered");
    assertThat(attempt(logged, 1).getInteger("statusCode")).isEqualTo(500);
    assertThat(attempt(logged, 1).getString("responseBody")).isEqualTo("broken");
    assertThat(attempt(logged, 1).getString("responseHeaders", attempt(logged, 1).encode())).contains("x-reason");
    assertThat(one.awaitLine("attempt 2")).contains("  200  ");
  }

  @Test
  void whileTheEndpointIsDownAttemptsAreRefused() {
    Receiver receiver = keyhook.receiver();
    Running one = listen(receiver);
    String webhook = webhookId();
    keyhook.retire(receiver);
    JsonObject result = test(webhook);
    assertThat(result.getString("error")).isEqualTo("connection_refused");
    assertThat(result.getInteger("statusCode")).isNull();
    assertThat(one.awaitLine("connection_refused")).contains("webhook.test");
  }

  @Test
  void withoutAListenerAttemptsAreRefusedAndRetriedOnceThereIsOne() {
    String webhook = webhook(keyhook.api());
    activate();
    String delivery = keyhook.api().get("/api/deliveries?webhookId=" + webhook).expect(200).data().get(0).getString("id");
    JsonObject refused = keyhook.awaitAttempts(delivery, 2);
    assertThat(attempt(refused, 1).getString("error")).isEqualTo("connection_refused");
    Receiver receiver = keyhook.receiver();
    receiver.trust(keyhook.api().post("/api/webhooks/" + webhook + "/rotate-secret",
        new JsonObject().put("overlapHours", 0)).expect(200).json().getString("secret"));
    Running one = listen(receiver, keyhook.node().uri(), "--webhook", webhook).listens();
    assertThat(receiver.take().attempt()).isEqualTo(3);
    keyhook.awaitStatus(delivery, "delivered");
    one.forwarding.close();
    assertThat(one.ended.join()).isTrue();
    keyhook.api().get("/api/webhooks/" + webhook).expect(200);
  }

  @Test
  void theWebhookOfTheCommandIsDeletedWhenItStops() {
    Running one = listen(keyhook.receiver());
    JsonObject webhook = keyhook.api().get("/api/webhooks").expect(200).data().get(0);
    assertThat(webhook.getString("url")).isEqualTo(URL);
    assertThat(webhook.getString("description")).startsWith("keyhook listen on ");
    one.forwarding.close();
    assertThat(one.ended.join()).isTrue();
    assertThat(one.lines).endsWith("Stopped; the webhook is deleted");
    assertThat(keyhook.api().get("/api/webhooks").expect(200).data()).isEmpty();
  }

  @Test
  void theProcessForwardsUntilItIsInterruptedAndDeletesItsWebhook(@TempDir Path directory) {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(200), Answer.status(500, "no such table: customers"));
    String secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    receiver.trust(secret);
    Map<String, String> environment = Map.of("KEYHOOK_API_KEY", Node.API_KEY, "KEYHOOK_WEBHOOK_SECRET", secret);
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment, List.of(), "listen",
        "--forward", receiver.url(), "--url", keyhook.node().uri().toString(), "--events", "license.created,license.activated")) {
      process.awaitOutput(Pattern.compile("press Ctrl\\+C to stop"));
      activate();
      receiver.take(3);
      process.awaitOutput(Pattern.compile("attempt 2"));
      process.stop();
      assertThat(process.output()).contains("license.created", "  200  ", "  500  ", "no such table: customers",
          "Stopped; the webhook is deleted").doesNotContain(secret, Node.API_KEY);
      assertThat(keyhook.api().get("/api/webhooks").expect(200).data()).isEmpty();
    }
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment, List.of(), "listen", "--forward", "3000")) {
      assertThat(process.exitCode()).isEqualTo(2);
      assertThat(process.output()).startsWith("--forward is not an http or https URL").doesNotContain("\tat ");
    }
  }

  @Test
  void theListenerMayBeOnAnotherNodeThanTheAttempt() {
    Node other = keyhook.start();
    Receiver receiver = keyhook.receiver();
    Running one = listen(receiver, other.uri()).listens();
    receiver.trust(one.awaitLine("Signing secret: ").substring("Signing secret: ".length()));
    String webhook = webhookId();
    // a test is sent by the node that is asked
    assertThat(test(webhook).getInteger("statusCode")).isEqualTo(200);
    assertThat(receiver.take().event()).isEqualTo("webhook.test");
    other.stop();
    one.awaitLine("Lost the connection");
  }

  @Test
  void itReconnectsAfterTheConnectionIsLost() {
    Proxy proxy = keyhook.proxy(keyhook.node().uri());
    Receiver receiver = keyhook.receiver();
    Running one = listen(receiver, proxy.before(URI.create(keyhook.node().uri() + "/"))).listens();
    receiver.trust(one.awaitLine("Signing secret: ").substring("Signing secret: ".length()));
    proxy.cut();
    one.awaitLine("Lost the connection");
    proxy.open();
    one.awaitLine("Connected again");
    String webhook = webhookId();
    Waiting.until("the endpoint is reached again", () -> Integer.valueOf(200).equals(test(webhook).getInteger("statusCode")));
  }

  @Test
  void aWrongKeyIsRefused() {
    Running one = new Running("kh_wrong", Map.of(), "--forward", "http://localhost:9/", "--url", keyhook.node().uri().toString());
    assertThat(one.ended.join()).isFalse();
    assertThat(one.lines).singleElement().asString().startsWith("The server refused: 401");
  }

  private static void awaitListener(String webhook) {
    Waiting.until("it listens", () -> keyhook.database().value("SELECT count(*) FROM keyhook.listener WHERE webhook_id = ?",
        Id.WEBHOOK.parse(webhook)).equals("1"));
  }

  @Test
  void onlyTheWebhooksAccountCanListenAndRespond() {
    String webhook = webhook(keyhook.api());
    Api other = keyhook.account("enterprise");
    other.post("/api/webhooks/" + webhook + "/listen").expect(404, "NOT_FOUND");
    CompletableFuture<Exchange> listening = keyhook.api().postAsync("/api/webhooks/" + webhook + "/listen", new JsonObject());
    awaitListener(webhook);
    CompletableFuture<JsonObject> tested = CompletableFuture.supplyAsync(() -> test(webhook));
    JsonObject request = Api.join(listening).expect(200).json().getJsonArray("requests").getJsonObject(0);
    JsonObject response = new JsonObject().put("requestId", request.getString("id")).put("statusCode", 200).put("body", "mine");
    other.post("/api/webhooks/" + webhook + "/respond", response).expect(404, "NOT_FOUND");
    other.post("/api/webhooks/" + webhook(other) + "/respond", response).expect(404, "NOT_FOUND");
    keyhook.api().post("/api/webhooks/" + webhook + "/respond", response).expect(204);
    keyhook.api().post("/api/webhooks/" + webhook + "/respond", response.copy().put("statusCode", 500)).expect(404, "NOT_FOUND");
    assertThat(tested.join().getString("responseBody")).isEqualTo("mine");
  }

  @Test
  void aWebhookWithAnEndpointCannotBeListenedTo() {
    String webhook = create(keyhook.api(), "https://hooks.example.com/").expect(201).json().getString("id");
    keyhook.api().post("/api/webhooks/" + webhook + "/listen").expect(409, "NO_LISTENER_URL");
  }

  static Stream<JsonObject> badResponses() {
    JsonObject good = new JsonObject().put("requestId", "request_01jhsqpa61h2c8m5y7k0b3f9xw");
    return Stream.of(good, good.copy().put("statusCode", 200).put("error", "timeout"), good.copy().put("statusCode", 199),
        good.copy().put("statusCode", 600), good.copy().put("error", "else"),
        good.copy().put("statusCode", 200).put("body", "b".repeat(4097)),
        good.copy().put("statusCode", 200).put("headers", new JsonObject().put("a", "b".repeat(1025))),
        good.copy().put("statusCode", 200).put("headers", new JsonObject().put("", "b")));
  }

  @ParameterizedTest
  @MethodSource("badResponses")
  void aResponseThatNoEndpointGivesIsRefused(JsonObject response) {
    keyhook.api().unchecked().post("/api/webhooks/" + webhook(keyhook.api()) + "/respond", response).expect(400, "INVALID_REQUEST");
  }

  @Test
  void anApiKeyForLicensesCannotListen() {
    String webhook = webhook(keyhook.api());
    String key = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "k")
        .put("scopes", new JsonArray().add("licenses"))).expect(201).json().getString("key");
    keyhook.api().anonymous().bearer(key).post("/api/webhooks/" + webhook + "/listen").expect(403, "SCOPE_REQUIRED");
  }

  @Test
  void theWaitingCallsOfAnAccountAreLimited() {
    String webhook = webhook(keyhook.api());
    List<CompletableFuture<Exchange>> calls = new ArrayList<>();
    for (int i = 0; i < 45; i++) { // more than a fifth of the node's 200
      calls.add(keyhook.api().postAsync("/api/webhooks/" + webhook + "/listen", new JsonObject()));
    }
    Exchange first = (Exchange) CompletableFuture.anyOf(calls.toArray(CompletableFuture[]::new)).join();
    assertThat(first.expect(429, "RATE_LIMITED").header("Retry-After")).isNotNull();
    keyhook.api().delete("/api/webhooks/" + webhook).expect(204);
    calls.stream().map(Api::join).filter(call -> call.status() != 429).forEach(call -> call.expect(404, "NOT_FOUND"));
  }
}
