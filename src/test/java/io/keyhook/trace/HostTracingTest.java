package io.keyhook.trace;

import static io.keyhook.testing.Collector.attribute;
import static io.keyhook.testing.Collector.id;
import static io.keyhook.testing.Collector.parent;
import static io.keyhook.testing.Collector.trace;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.Keyhook;
import io.keyhook.KeyhookBuilder;
import io.keyhook.config.ConfigurationException;
import io.keyhook.testing.Api;
import io.keyhook.testing.Collector;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.tracing.opentelemetry.OpenTelemetryTracingFactory;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hosts whose own Vert.x records spans. */
class HostTracingTest {
  @RegisterExtension
  static final Installation postgres = Installation.withoutNode();

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";
  private static final String TRACEPARENT = "00-" + TRACE + "-" + PARENT + "-01";

  private Vertx beside;
  private Collector collector;
  private OpenTelemetrySdk telemetry;
  private Vertx vertx;

  @BeforeEach
  void start() {
    beside = Vertx.vertx();
    collector = new Collector(beside);
    telemetry = OpenTelemetrySdk.builder()
        .setTracerProvider(SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(
            OtlpHttpSpanExporter.builder().setEndpoint(collector.url() + "/v1/traces").build())).build())
        .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance())).build();
    vertx = Vertx.builder().withTracer(new OpenTelemetryTracingFactory(telemetry)).build();
  }

  @AfterEach
  void stop() {
    Waiting.on(vertx.close());
    telemetry.close();
    collector.close();
    Waiting.on(beside.close());
  }

  /**
   * @param serves whether Keyhook has a server of its own
   */
  private static JsonObject settings(boolean serves) {
    JsonObject settings = Node.settings(postgres.database().uri());
    settings.getJsonObject("http").put("enabled", serves);
    return settings;
  }

  private Api serve(UnaryOperator<KeyhookBuilder> more) {
    Keyhook keyhook = more.apply(Keyhook.builder().configuration(settings(false))).build();
    Waiting.on(vertx.deployVerticle(keyhook));
    Router router = Router.router(vertx);
    router.route("/*").subRouter(keyhook.router());
    HttpServer server = Waiting.on(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
    return Api.of(URI.create("http://127.0.0.1:" + server.actualPort())).bearer(Node.API_KEY);
  }

  private Delivery deliver(Api api, Receiver receiver) {
    postgres.webhook(api, receiver, "license.activated");
    Installation.License license = postgres.license(api, new JsonObject().put("name", "Editor").put("maxActivations", 3));
    api.header("traceparent", TRACEPARENT).validate(license.key(), "device").expect(200);
    return receiver.take();
  }

  @Test
  void spansOfTheHostAndOfKeyhookAreOneTrace() {
    Receiver receiver = postgres.receiver();
    Delivery delivery = deliver(serve(builder -> builder.openTelemetry(telemetry)), receiver);
    Span request = collector.await("POST", span -> parent(span).equals(PARENT));
    Span validation = collector.await("validate", span -> parent(span).equals(id(request)));
    Span attempt = collector.await("attempt license.activated", span -> parent(span).equals(id(validation)));
    assertThat(trace(attempt)).isEqualTo(TRACE);
    assertThat(delivery.headers().get("traceparent")).isEqualTo("00-" + TRACE + "-" + id(attempt) + "-01");
    postgres.retire(receiver);
  }

  @Test
  void aHostThatDoesNotPassItsOwnGetsNoSpansOfKeyhookAndSendsNoTraceparent() {
    Receiver receiver = postgres.receiver();
    Delivery delivery = deliver(serve(builder -> builder), receiver);
    collector.await("POST", span -> parent(span).equals(PARENT));
    assertThat(delivery.headers().contains("traceparent")).isFalse();
    assertThat(collector.spans().map(Span::getName)).containsOnly("POST");
    postgres.retire(receiver);
  }

  @Test
  void aSearchThatTheHostServesLeavesNoQueryInItsTraces() {
    Api api = serve(builder -> builder.openTelemetry(telemetry));
    api.get("/api/licenses?search=secret-of-a-customer").expect(200);
    assertThat(attribute(searched(), "http.url")).endsWith("/api/licenses");
    assertThat(collector.text()).doesNotContain("secret-of-a-customer");
  }

  @Test
  void aSearchThatKeyhookServesLeavesNoQueryInTheTracesOfTheHost() {
    Keyhook keyhook = Keyhook.builder().configuration(settings(true)).openTelemetry(telemetry).build();
    Waiting.on(vertx.deployVerticle(keyhook));
    search(keyhook);
    assertThat(attribute(searched(), "http.url")).endsWith("/api/licenses");
    assertThat(collector.text()).doesNotContain("secret-of-a-customer");
  }

  @Test
  void aServerOfKeyhookWithoutTracingLeavesNothingInTheTracesOfTheHost() {
    Keyhook keyhook = Keyhook.builder().configuration(settings(true)).build();
    String id = Waiting.on(vertx.deployVerticle(keyhook));
    search(keyhook);
    Waiting.on(vertx.undeploy(id)); // ends its requests, and their spans
    telemetry.getTracer("host").spanBuilder("later").startSpan().end();
    collector.await("later", span -> true);
    assertThat(collector.spans().map(Span::getName)).containsOnly("later");
  }

  private static void search(Keyhook keyhook) {
    Api.of(URI.create("http://127.0.0.1:" + keyhook.port())).bearer(Node.API_KEY).get("/api/licenses?search=secret-of-a-customer")
        .expect(200);
  }

  private Span searched() {
    return collector.await("GET", span -> "/api/licenses".equals(attribute(span, "url.path")));
  }

  @Test
  void aBatchBelongsToItsFirstMemberAndNamesTheOthers() {
    Tracing tracing = new OpenTelemetryTracing(telemetry, "1");
    String unrecorded = TRACEPARENT.replaceAll("01$", "00");
    List<String> contexts = Arrays.asList(null, unrecorded, TRACEPARENT, TRACEPARENT.replace(PARENT, "00000000000000aa"),
        TRACEPARENT.replace(PARENT, "00000000000000bb"));
    tracing.batch("batch", contexts, Future::succeededFuture);
    Span batch = collector.await("batch", span -> true);
    assertThat(parent(batch)).isEqualTo(PARENT);
    assertThat(batch.getLinksList().stream().map(link -> link.getSpanId().byteAt(7))).containsExactly((byte) 0xaa, (byte) 0xbb);
    assertThat(attribute(batch, "db.operation.batch.size")).isEqualTo("5");
  }

  @Test
  void theSettingsOfTheProcessAreNotThoseOfAHost() {
    JsonObject settings = Node.settings(postgres.database().uri()).put("tracing", new JsonObject().put("enabled", true));
    assertThatThrownBy(() -> Keyhook.builder().configuration(settings).openTelemetry(OpenTelemetry.noop()).build())
        .isInstanceOf(ConfigurationException.class).hasMessageContaining("KeyhookBuilder.openTelemetry");
  }
}
