package io.keyhook.trace;

import static io.keyhook.testing.Collector.attribute;
import static io.keyhook.testing.Collector.id;
import static io.keyhook.testing.Collector.parent;
import static io.keyhook.testing.Collector.trace;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Collector;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.opentelemetry.proto.trace.v1.Span;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Processes that export their spans to a collector. */
@ExtendWith(VertxExtension.class)
class TracingTest {
  @RegisterExtension
  static final Installation postgres = Installation.withoutNode();

  private static final Map<String, String> AT_ONCE = Map.of("OTEL_BSP_SCHEDULE_DELAY", "50");
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";
  /** Of a process that SIGTERM stopped. */
  private static final int STOPPED = 143;
  private static final String SECRET_PATH = "/hook/token-in-the-path";

  @TempDir
  Path directory;

  private Collector collector;

  @BeforeEach
  void listen(Vertx vertx) {
    collector = new Collector(vertx);
  }

  @AfterEach
  void end() {
    collector.close();
  }

  private NodeProcess start(JsonObject more) {
    return start(new JsonObject().put("enabled", true).put("endpoint", collector.url()), more, AT_ONCE);
  }

  private NodeProcess start(JsonObject tracing, JsonObject more, Map<String, String> environment) {
    return postgres.fork(postgres.proxy(), more.mergeIn(new JsonObject().put("tracing", tracing), true), environment,
        directory.resolve("output"));
  }

  private static int status(NodeProcess node, String... headers) {
    Api api = node.api().anonymous();
    for (int i = 0; i < headers.length; i += 2) {
      api = api.header(headers[i], headers[i + 1]);
    }
    return api.validate("ABCD-1234-EFGH-5678", "device").status();
  }

  /** How many traces the database holds. */
  private static String kept() {
    return postgres.database().value("SELECT count(*)::text FROM keyhook.event WHERE substr(event_id::text, 15, 1) = '8'");
  }

  private static String parentOf(String flags) {
    return "00-" + TRACE + "-" + PARENT + "-" + flags;
  }

  private Span span(String name) {
    return collector.await(name, span -> trace(span).equals(TRACE));
  }

  private Span attempt(String deliveryId, String number) {
    return collector.await(span -> deliveryId.equals(attribute(span, "keyhook.delivery.id"))
        && number.equals(attribute(span, "keyhook.attempt.number")));
  }

  @Test
  void aValidationItsBatchesAndTheAttemptOfItsDeliveryAreOneTrace() {
    Receiver receiver = postgres.receiver();
    try (NodeProcess node = start(new JsonObject())) {
      Api api = node.api();
      postgres.deleteWebhooks(api);
      postgres.webhook(api, receiver, "license.validated");
      Installation.License license = postgres.license(api, new JsonObject().put("name", "Editor").put("maxActivations", 3));
      node.api().anonymous().validate(license.key(), "device").expect(200); // activates it
      receiver.take();

      node.api().anonymous().header("traceparent", parentOf("01")).validate(license.key(), "device").expect(200);
      Delivery delivery = receiver.take();

      Span request = collector.await("POST", span -> parent(span).equals(PARENT));
      Span validation = span("validate");
      Span attempt = attempt(delivery.id(), "1");
      assertThat(parent(validation)).isEqualTo(id(request));
      assertThat(attribute(validation, "keyhook.validation.result")).isEqualTo("valid");
      assertThat(parent(span("batch look-ups"))).isEqualTo(id(validation));
      assertThat(parent(span("batch events"))).isEqualTo(id(validation));
      assertThat(parent(attempt)).isEqualTo(id(validation));
      assertThat(attribute(attempt, "http.response.status_code")).isEqualTo("200");
      assertThat(attempt.getName()).isEqualTo("attempt license.validated");
      assertThat(delivery.headers().get("traceparent")).isEqualTo("00-" + TRACE + "-" + id(attempt) + "-01");
    }
    assertThat(collector.exported()).allSatisfy(exported -> assertThat(exported.getResource().getAttributesList())
        .anyMatch(one -> one.getKey().equals("service.name") && one.getValue().getStringValue().equals("keyhook")));
    postgres.retire(receiver);
  }

  @Test
  void anotherNodeThatSendsTheDeliveryLaterContinuesTheTrace() {
    Receiver receiver = postgres.receiver();
    receiver.answer(Answer.status(500));
    JsonObject once = new JsonObject().put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT24H")));
    String deliveryId;
    try (NodeProcess node = start(once)) {
      Api api = node.api();
      postgres.deleteWebhooks(api);
      postgres.webhook(api, receiver, "license.activated");
      Installation.License license = postgres.license(api, new JsonObject().put("name", "Editor").put("maxActivations", 3));
      node.api().anonymous().header("traceparent", parentOf("01")).validate(license.key(), "device").expect(200);
      deliveryId = receiver.take().id();
      assertThat(attribute(attempt(deliveryId, "1"), "error.type")).isEqualTo("500");
      node.stop();
    }
    try (NodeProcess other = start(once)) {
      receiver.answer(Answer.OK);
      other.api().post("/api/deliveries/" + deliveryId + "/redeliver").expect(202);
      Delivery again = receiver.take();
      Span second = attempt(deliveryId, "2");
      assertThat(trace(second)).isEqualTo(TRACE);
      assertThat(parent(second)).isEqualTo(id(span("validate")));
      assertThat(again.headers().get("traceparent")).isEqualTo("00-" + TRACE + "-" + id(second) + "-01");
    }
    postgres.retire(receiver);
  }

  @Test
  void nothingIsExportedThatIsSecret() {
    Receiver receiver = postgres.receiver();
    try (NodeProcess node = start(new JsonObject())) {
      Api api = node.api();
      postgres.deleteWebhooks(api);
      Installation.License license = postgres.license(api, new JsonObject().put("name", "Editor").put("maxActivations", 3));
      JsonObject webhook = api.post("/api/webhooks", new JsonObject().put("url", receiver.url().replace("/hook", SECRET_PATH))
          .put("events", new JsonArray().add("license.activated"))).expect(201).json();
      receiver.trust(webhook.getString("secret"));
      api.get("/api/licenses?search=" + license.key()).expect(200);
      send(node.uri(), "GET /api/licenses?search=" + license.key() + " HTTP/1.1\r\n\r\n", "400");
      send(node.uri(), "GET /api/licenses?search=" + license.key() + " HTTP/1.1\r\nHost: a\r\nb d: x\r\n\r\n", "400");
      node.api().anonymous().validate(license.key(), "device").expect(200);
      receiver.take();
      collector.await("attempt license.activated", span -> true);
      Awaitility.await("spans of all searches").atMost(Waiting.LONG).until(() -> collector.spans()
          .filter(span -> "/api/licenses".equals(attribute(span, "url.path")) && span.getName().equals("GET")).count() == 3);
      assertThat(collector.spans().map(span -> attribute(span, "http.url"))).contains(node.uri() + "/api/licenses");
      assertThat(collector.text()).doesNotContain(license.key(), Node.API_KEY, webhook.getString("secret"), SECRET_PATH);
    }
    postgres.retire(receiver);
  }

  /** A request that {@link Api} would not send. */
  private static void send(URI node, String request, String status) {
    try (Socket socket = new Socket(node.getHost(), node.getPort())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).startsWith("HTTP/1.1 " + status);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Half of them, by chance: these IDs are the ones that a decision by ID always records. */
  @Test
  void aCallerCannotChooseATraceThatIsRecordedAndARecordedRequestIsRecordedWhole() {
    int calls = 64;
    try (NodeProcess node = start(new JsonObject().put("enabled", true).put("endpoint", collector.url()).put("sampling", 0.5),
        new JsonObject(), AT_ONCE)) {
      for (int i = 1; i <= calls; i++) {
        assertThat(status(node, "traceparent", "00-%032x-%s-01".formatted(i, PARENT))).isEqualTo(404);
      }
      Awaitility.await("the span of a later request").atMost(Waiting.LONG).until(() -> {
        status(node);
        return collector.spans().anyMatch(span -> span.getName().equals("validate") && !isChosen(span));
      });
    }
    Set<String> requests = traces("POST");
    assertThat(requests).hasSizeBetween(1, calls - 1);
    assertThat(traces("validate")).isEqualTo(requests);
  }

  private static boolean isChosen(Span span) {
    return trace(span).startsWith("0".repeat(16));
  }

  private Set<String> traces(String name) {
    return collector.spans().filter(span -> span.getName().equals(name) && isChosen(span)).map(Collector::trace)
        .collect(Collectors.toSet());
  }

  /** The exporter would wait an hour for the response, and has a place for 4 spans. */
  @Test
  void aCollectorThatNeverAnswersDelaysNeitherCallsNorAStop(Vertx vertx) {
    Promise<Void> asked = Promise.promise();
    HttpServer silent = Waiting.on(vertx.createHttpServer().requestHandler(request -> asked.tryComplete()).listen(0, "127.0.0.1"));
    try (NodeProcess node = start(
        new JsonObject().put("enabled", true).put("endpoint", "http://127.0.0.1:" + silent.actualPort()), new JsonObject(),
        Map.of("OTEL_BSP_SCHEDULE_DELAY", "50", "OTEL_BSP_EXPORT_TIMEOUT", "3600000", "OTEL_EXPORTER_OTLP_TIMEOUT", "3600000",
            "OTEL_BSP_MAX_QUEUE_SIZE", "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4"))) {
      status(node);
      Waiting.on(asked.future());
      for (int i = 0; i < 20; i++) {
        assertThat(status(node)).isEqualTo(404);
      }
      assertThat(node.stop()).as(node.output()).isEqualTo(STOPPED);
      assertThat(node.output()).contains("Stopped").doesNotContain("did not stop cleanly");
    }
    Waiting.on(silent.close());
  }

  @Test
  void aTraceThatItsCallerDoesNotRecordIsNotRecorded() {
    try (NodeProcess node = start(new JsonObject())) {
      node.api().anonymous().header("traceparent", parentOf("00")).validate("ABCD-1234-EFGH-5678", "device").expect(404);
      node.api().anonymous().get("/health/live").expect(200);
      node.api().anonymous().validate("ABCD-1234-EFGH-5678", "device").expect(404);
      collector.await("validate", span -> "license_not_found".equals(attribute(span, "keyhook.validation.result")));
    }
    assertThat(collector.spans()).noneMatch(span -> trace(span).equals(TRACE))
        .noneMatch(span -> "/health/live".equals(attribute(span, "url.path")));
  }

  @Test
  void withoutTracingNoTraceparentIsSentAndNothingIsKept() {
    Receiver receiver = postgres.receiver();
    String before = kept();
    try (NodeProcess node = start(new JsonObject().put("endpoint", collector.url()), new JsonObject(), AT_ONCE)) {
      Api api = node.api();
      postgres.deleteWebhooks(api);
      postgres.webhook(api, receiver, "license.activated");
      Installation.License license = postgres.license(api, new JsonObject().put("name", "Editor").put("maxActivations", 3));
      node.api().anonymous().header("traceparent", parentOf("01")).validate(license.key(), "device").expect(200);
      Delivery delivery = receiver.take();
      assertThat(delivery.headers().contains("traceparent")).isFalse();
      assertThat(kept()).isEqualTo(before);
      node.stop(); // exports what is left
    }
    assertThat(collector.exported()).isEmpty();
    postgres.retire(receiver);
  }
}
