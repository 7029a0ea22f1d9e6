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
import io.opentelemetry.proto.trace.v1.Span;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.util.Map;
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
    return postgres.fork(postgres.proxy(), more.mergeIn(new JsonObject().put("tracing",
        new JsonObject().put("enabled", true).put("endpoint", collector.url())), true), AT_ONCE, directory.resolve("output"));
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
      node.api().anonymous().validate(license.key(), "device").expect(200);
      receiver.take();
      collector.await("attempt license.activated", span -> true);
      collector.await("GET", span -> "/api/licenses".equals(attribute(span, "url.path")));
      assertThat(collector.text()).doesNotContain(license.key(), Node.API_KEY, webhook.getString("secret"), SECRET_PATH);
    }
    postgres.retire(receiver);
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
    try (NodeProcess node = postgres.fork(postgres.proxy(), new JsonObject(), Map.of(), directory.resolve("output"))) {
      Api api = node.api();
      postgres.deleteWebhooks(api);
      postgres.webhook(api, receiver, "license.activated");
      Installation.License license = postgres.license(api, new JsonObject().put("name", "Editor").put("maxActivations", 3));
      node.api().anonymous().header("traceparent", parentOf("01")).validate(license.key(), "device").expect(200);
      Delivery delivery = receiver.take();
      assertThat(delivery.headers().contains("traceparent")).isFalse();
      assertThat(kept()).isEqualTo(before);
    }
    assertThat(collector.exported()).isEmpty();
    postgres.retire(receiver);
  }
}
