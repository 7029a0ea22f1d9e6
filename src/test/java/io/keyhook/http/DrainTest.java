package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node that stops tells load balancers first, and loses no request of a client that still comes. */
class DrainTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private static final String LIVE = "GET /health/live HTTP/1.1\r\nHost: k\r\n\r\n";

  private final Node node = keyhook.start(new JsonObject().put("http", new JsonObject().put("drainDelay", "PT3S")));
  private final URI uri = node.uri();
  private CompletableFuture<Void> stopped;

  private void stop() {
    stopped = CompletableFuture.runAsync(node::stop);
    Waiting.until("the node is not ready", () -> node.api().get("/health/ready").status() == 503);
  }

  @AfterEach
  void end() {
    stopped.join();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(uri.getHost(), uri.getPort());
    socket.setSoTimeout((int) Waiting.LONG.toMillis());
    return socket;
  }

  private static void send(Socket socket, String request) throws IOException {
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The head of the next answer. Its body stays unread, but for the end of the head. */
  private static String head(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as("after: " + head).isNotNegative();
      head.append((char) next);
    }
    return head.toString();
  }

  /** The event loop of a connection learns a moment later than its clients that the port is closed. */
  private static void awaitLastAnswer(Socket socket) throws IOException {
    for (String answer = ""; !answer.toLowerCase(Locale.ROOT).contains("connection: close"); ) {
      send(socket, LIVE);
      answer = head(socket);
      assertThat(answer).startsWith("HTTP/1.1 200");
      socket.getInputStream().skipNBytes("{\"status\":\"live\"}".length());
    }
  }

  private void awaitClosedPort() {
    await("the port is closed").atMost(Waiting.LONG).pollInterval(Duration.ofMillis(5)).until(() -> {
      try {
        connect().close();
        return false;
      } catch (ConnectException refused) {
        return true;
      }
    });
  }

  @Test
  void aNodeThatStopsIsNotReadyAndStillServes() throws IOException {
    String key = keyhook.license(1).key();
    stop();
    assertThat(node.api().get("/health/ready").expect(503).json().getString("status")).isEqualTo("stopping");
    node.api().validate(key, "device").expect(200);
    try (Socket socket = connect()) {
      send(socket, LIVE);
      assertThat(head(socket)).startsWith("HTTP/1.1 200").doesNotContainIgnoringCase("connection: close");
    }
  }

  @Test
  void onceThePortIsClosedAnOpenConnectionIsAnsweredOnceMoreAndToldToClose() throws IOException {
    try (Socket before = connect(); Socket silent = connect()) {
      send(before, LIVE);
      assertThat(head(before)).doesNotContainIgnoringCase("connection: close");
      before.getInputStream().skipNBytes("{\"status\":\"live\"}".length());
      stop();
      awaitClosedPort();
      awaitLastAnswer(before);
      awaitLastAnswer(silent);
      before.getInputStream().readAllBytes(); // ends: it is closed
    }
  }
}
