package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An answer that leaves a body unread is the last one of its connection, and little of the body is read after it. */
@ExtendWith(BlockedThreads.class)
class UnwantedBodyTest {
  /** Far more than is read after an answer, and than the buffers between here and there hold. */
  private static final int FAR_TOO_MUCH = 64 * 1024 * 1024;
  private static final String KEY = "Authorization: Bearer " + Node.API_KEY + "\r\n";
  private static final String JSON = "Content-Type: application/json\r\n";
  private static final String LARGE = "Content-Length: 99999999999\r\n\r\n";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  /** Of a request whose answer leaves its body unread, by that answer. */
  private static Map<String, String> heads() {
    Map<String, String> heads = new LinkedHashMap<>();
    heads.put("413 too large", "POST /api/validate HTTP/1.1\r\nHost: k\r\n" + JSON + LARGE);
    heads.put("413 too large for who is logged in", "POST /api/licenses HTTP/1.1\r\nHost: k\r\n" + KEY + JSON + LARGE);
    heads.put("413 too large for who waits for a continue",
        "POST /api/licenses HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\n" + KEY + JSON + LARGE);
    heads.put("413 too many chunks", "POST /api/licenses HTTP/1.1\r\nHost: k\r\n" + KEY + JSON
        + "Transfer-Encoding: chunked\r\n\r\n" + ("10000\r\n" + "x".repeat(65536) + "\r\n").repeat(17) + "7fffffff\r\n");
    heads.put("417 another expectation", "POST /api/licenses HTTP/1.1\r\nHost: k\r\nExpect: tea\r\n" + KEY + JSON
        + "Content-Length: 1000000\r\n\r\n");
    heads.put("415 a content coding", "POST /api/licenses HTTP/1.1\r\nHost: k\r\nContent-Encoding: gzip\r\n" + KEY + JSON + LARGE);
    heads.put("405 another method", "DELETE /api/validate HTTP/1.1\r\nHost: k\r\n" + LARGE);
    heads.put("404 no such page", "POST /nothing HTTP/1.1\r\nHost: k\r\n" + LARGE);
    heads.put("200 a page", "GET / HTTP/1.1\r\nHost: k\r\n" + LARGE);
    heads.put("200 a probe", "GET /health/ready HTTP/1.1\r\nHost: k\r\n" + LARGE);
    heads.put("204 a preflight", "OPTIONS /api/validate HTTP/1.1\r\nHost: k\r\n" + LARGE);
    heads.put("400 two hosts", "POST /api/validate HTTP/1.1\r\nHost: k\r\nHost: k\r\n" + LARGE);
    return heads;
  }

  /** Each with a head on a connection of its own, all at once: an answer's connection stays open for seconds. */
  private static void all(Case test) throws InterruptedException {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Callable<Void>> cases = heads().entrySet().stream().<Callable<Void>>map(head -> () -> {
        try (Socket socket = connect()) {
          test.run(socket, head.getKey(), head.getValue());
        }
        return null;
      }).toList();
      List<Future<Void>> done = threads.invokeAll(cases);
      assertAll(done.stream().map(result -> result::get));
    } finally {
      threads.shutdownNow();
    }
  }

  private interface Case {
    void run(Socket socket, String status, String head) throws IOException;
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(keyhook.node().uri().getHost(), keyhook.node().uri().getPort());
    socket.setSoTimeout((int) Waiting.LONG.toMillis());
    return socket;
  }

  private static String head(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as("after %s", head).isNotNegative();
      head.append((char) next);
    }
    return head.toString();
  }

  @Test
  void theConnectionIsClosedAndNotReadOn() throws InterruptedException {
    all((socket, status, request) -> {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      assertThat(head(socket)).as(status).startsWith("HTTP/1.1 " + status.substring(0, 3))
          .containsIgnoringCase("\r\nconnection: close\r\n");
      int sent = 0;
      try {
        for (byte[] piece = new byte[65536]; sent < FAR_TOO_MUCH; sent += piece.length) {
          socket.getOutputStream().write(piece);
        }
      } catch (SocketException closed) {
        // as it should be
      }
      assertThat(sent).as("bytes taken after %s", status).isLessThan(FAR_TOO_MUCH);
    });
  }

  /** Most clients send all that they have, and read then. */
  @Test
  void aClientThatSendsALittleMoreReadsTheWholeAnswer() throws InterruptedException {
    all((socket, status, request) -> {
      if (status.contains("chunks")) {
        return; // its pieces are in the request
      }
      int length = Connections.UNWANTED_BYTES - 65536;
      socket.getOutputStream().write(request.replace("99999999999", Integer.toString(status.startsWith("413") ? 2_000_000 : length))
          .getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().write(new byte[length]);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).as(status).startsWith("HTTP/1.1 " + status.substring(0, 3));
    });
  }
}
