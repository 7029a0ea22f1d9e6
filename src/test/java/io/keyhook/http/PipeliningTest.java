package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are sent without waiting for answers are answered in turn, and keep nobody else waiting. */
@ExtendWith(BlockedThreads.class)
class PipeliningTest {
  private static final int REQUESTS = 20_000;
  private static final String LAST = "GET /health/live HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost:k\r\n\r\n";
  }

  private static CompletableFuture<Void> write(Socket socket, String requests) {
    return CompletableFuture.runAsync(() -> {
      try {
        socket.getOutputStream().write(requests.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/a", "/health/live"})
  void thousandsInARowBlockNoEventLoop(String path) throws Exception {
    try (Socket socket = new Socket(keyhook.node().uri().getHost(), keyhook.node().uri().getPort())) {
      CompletableFuture<Void> written = write(socket, get(path).repeat(REQUESTS) + LAST);
      keyhook.api().get("/api/account").expect(200);
      long answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("HTTP/1.1 ", -1).length - 1;
      written.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS);
      assertThat(answers).isEqualTo(REQUESTS + 1);
    }
  }

  @Test
  void thousandsThatAskForMetricsBlockNoEventLoop() throws Exception {
    CompletableFuture<Void> written;
    try (Socket socket = new Socket(keyhook.node().uri().getHost(), keyhook.node().uri().getPort())) {
      written = write(socket, get("/metrics").repeat(REQUESTS));
      assertThat(socket.getInputStream().readNBytes(100_000)).hasSize(100_000);
      keyhook.api().get("/metrics").expect(200);
    }
    written.handle((done, e) -> null).get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS); // closing ends it
  }

  @Test
  void metricsAreAnsweredInTurn() {
    assertThat(new Wire(keyhook.node().uri()).statuses(get("/metrics").repeat(5) + LAST)).hasSize(6).containsOnly(200);
  }
}
