package io.keyhook.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Takes messages as an incoming webhook of Slack does, and keeps them. */
public final class SlackServer implements AutoCloseable {
  private final HttpServer server;
  private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
  private final Queue<Integer> refusals = new ConcurrentLinkedQueue<>();

  public SlackServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Integer refusal = refusals.poll();
      byte[] answer = "ok".getBytes(StandardCharsets.US_ASCII);
      exchange.sendResponseHeaders(refusal == null ? 200 : refusal, answer.length);
      exchange.getResponseBody().write(answer);
      texts.add(new JsonObject(body).getString("text"));
    }
  }

  /** With a path that is the secret of such a URL. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/services/T0/B0/secret";
  }

  /** Answers the next message with this status. */
  public void refuseNext(int status) {
    refusals.add(status);
  }

  /** The text of the next message; waits for it. */
  public String take() {
    return Waiting.next(texts, "a message to Slack");
  }

  public boolean isEmpty() {
    return texts.isEmpty();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
