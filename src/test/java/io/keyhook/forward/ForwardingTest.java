package io.keyhook.forward;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.keyhook.testing.Waiting;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command with a server in the place of Keyhook. */
class ForwardingTest {
  private static void respond(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  /** Says so once before it has listened again, and then only when it has. */
  @ParameterizedTest
  @CsvSource({"1, 1", "3, 2"})
  void itSaysThatItIsConnectedAgainBeforeThereIsARequest(int failures, int lost) throws IOException {
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<Void> never = new CompletableFuture<>();
    ExecutorService threads = Executors.newCachedThreadPool();
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(threads);
    server.createContext("/api/webhooks/webhook_1", exchange -> respond(exchange, 200, "{\"id\":\"webhook_1\"}"));
    server.createContext("/api/webhooks/webhook_1/listen", exchange -> {
      if (calls.incrementAndGet() <= failures) {
        respond(exchange, 503, "");
      } else {
        never.join();
      }
    });
    server.start();
    List<String> lines = new CopyOnWriteArrayList<>();
    Forwarding forwarding = new Forwarding(ForwardOptions.parse(List.of("--forward", "http://localhost:9/", "--webhook", "webhook_1",
        "--url", "http://127.0.0.1:" + server.getAddress().getPort()), Map.of("KEYHOOK_API_KEY", "kh_a")), lines::add);
    CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(forwarding::run, threads);
    try {
      Waiting.until("it listens again", () -> calls.get() > failures);
      assertThat(lines).filteredOn("Connected again"::equals).hasSize(1);
      assertThat(lines).filteredOn(line -> line.startsWith("Lost the connection")).hasSize(lost);
    } finally {
      forwarding.close();
      ended.join();
      never.complete(null);
      server.stop(0);
      threads.shutdownNow();
    }
  }
}
