package io.keyhook.guide;

import com.sun.net.httpserver.HttpServer;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Stands in for a chat service: takes messages, and answers 204 or what it is told. */
final class Sink implements AutoCloseable {
  private final HttpServer server;
  private final BlockingQueue<JsonObject> taken = new LinkedBlockingQueue<>();
  private final Queue<Integer> refusals = new ConcurrentLinkedQueue<>();

  Sink() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> {
      JsonObject message =
          new JsonObject(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      Integer refusal = refusals.poll();
      if (refusal == null) {
        taken.add(message);
      }
      exchange.sendResponseHeaders(refusal == null ? 204 : refusal, -1);
      exchange.close();
    });
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/services/T0/B0/x";
  }

  /** The next message is refused. */
  void refuseNext(int status) {
    refusals.add(status);
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
