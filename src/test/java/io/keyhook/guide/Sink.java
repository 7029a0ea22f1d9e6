package io.keyhook.guide;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Stands in for a service that takes messages, as JSON or as a form, and answers as Slack does, or what it is told. */
final class Sink implements AutoCloseable {
  private final HttpServer server;
  private final BlockingQueue<JsonObject> taken = new LinkedBlockingQueue<>();
  private final Queue<Refusal> refusals = new ConcurrentLinkedQueue<>();

  private record Refusal(int status, String body) {}

  Sink() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> {
      JsonObject message = message(exchange);
      Refusal refusal = refusals.poll();
      if (refusal == null) {
        taken.add(message.put("authorization", exchange.getRequestHeaders().getFirst("Authorization")));
      }
      byte[] body = (refusal == null ? "{\"ok\":true}" : refusal.body).getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.getResponseHeaders().set("Retry-After", "1");
      exchange.sendResponseHeaders(refusal == null ? 200 : refusal.status, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }

  private static JsonObject message(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    if (!"application/x-www-form-urlencoded".equals(exchange.getRequestHeaders().getFirst("Content-Type"))) {
      return new JsonObject(body);
    }
    JsonObject fields = new JsonObject();
    for (String field : body.split("&")) {
      String[] parts = field.split("=", 2);
      fields.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return fields;
  }

  /** Ends with a path as that of a service. */
  String url() {
    return origin() + "/services/T0/B0/x";
  }

  String origin() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The next message is refused. */
  void refuseNext(int status) {
    refuseNext(status, "{}");
  }

  void refuseNext(int status, String body) {
    refusals.add(new Refusal(status, body));
  }

  JsonObject take() {
    return Waiting.next(taken, "a message");
  }

  boolean isEmpty() {
    return taken.isEmpty();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
