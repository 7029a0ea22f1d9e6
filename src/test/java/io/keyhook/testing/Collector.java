package io.keyhook.testing;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A receiver of traces by OTLP over HTTP, as a collector is: keeps what is exported. */
public final class Collector implements AutoCloseable {
  private final HttpServer server;
  private final Queue<ResourceSpans> exported = new ConcurrentLinkedQueue<>();
  private final Queue<String> bytes = new ConcurrentLinkedQueue<>();

  public Collector(Vertx vertx) {
    server = vertx.createHttpServer().requestHandler(request -> request.body().onSuccess(body -> {
      if (request.path().equals("/v1/traces")) {
        received(body);
        request.response().putHeader("Content-Type", "application/x-protobuf")
            .end(Buffer.buffer(ExportTraceServiceResponse.getDefaultInstance().toByteArray()));
      } else {
        request.response().setStatusCode(404).end();
      }
    }));
    Waiting.on(server.listen(0, "127.0.0.1"));
  }

  private void received(Buffer body) {
    try {
      exported.addAll(ExportTraceServiceRequest.parseFrom(body.getBytes()).getResourceSpansList());
      bytes.add(body.toString(StandardCharsets.ISO_8859_1));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  public String url() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  public List<ResourceSpans> exported() {
    return List.copyOf(exported);
  }

  /** All that was received, to look for what must not be in it. */
  public String text() {
    return String.join("\n", bytes);
  }

  public Stream<Span> spans() {
    return exported.stream().flatMap(resource -> resource.getScopeSpansList().stream())
        .flatMap(scope -> scope.getSpansList().stream());
  }

  /** The first span that is so; waits for it. */
  public Span await(String name, Predicate<Span> which) {
    return await(span -> span.getName().equals(name) && which.test(span));
  }

  /** The same whatever its name. */
  public Span await(Predicate<Span> which) {
    Awaitility.await("a span").atMost(Waiting.LONG).until(() -> spans().anyMatch(which));
    return spans().filter(which).findFirst().orElseThrow();
  }

  public static String trace(Span span) {
    return HexFormat.of().formatHex(span.getTraceId().toByteArray());
  }

  public static String id(Span span) {
    return HexFormat.of().formatHex(span.getSpanId().toByteArray());
  }

  public static String parent(Span span) {
    return HexFormat.of().formatHex(span.getParentSpanId().toByteArray());
  }

  /** As text; null: there is none. */
  public static String attribute(Span span, String key) {
    return span.getAttributesList().stream().filter(one -> one.getKey().equals(key)).map(KeyValue::getValue)
        .map(value -> value.hasIntValue() ? Long.toString(value.getIntValue()) : value.getStringValue()).findFirst().orElse(null);
  }

  @Override
  public void close() {
    Waiting.on(server.close());
  }
}
