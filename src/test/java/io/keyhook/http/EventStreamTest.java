package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nothing is kept for who does not read. */
class EventStreamTest {
  private static final byte[] GET = "GET / HTTP/1.1\r\nHost: k\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
  private static final String DATA = "x".repeat(100_000);
  /** More than the buffers of both sockets hold. */
  private static final int TOO_MANY = 1000;

  private static final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private static Vertx vertx;
  private static HttpServer server;

  @BeforeAll
  static void start() {
    vertx = Vertx.vertx();
    Router router = Router.router(vertx);
    router.get("/").handler(context -> {
      AtomicInteger sent = new AtomicInteger();
      EventStream stream = EventStream.begin(context, () -> closed.complete(sent.get()));
      vertx.setPeriodic(1, timer -> {
        stream.event("delivery", DATA);
        if (sent.incrementAndGet() == TOO_MANY || closed.isDone()) {
          vertx.cancelTimer(timer);
          stream.end();
        }
      });
    });
    server = Waiting.on(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
  }

  @AfterAll
  static void stop() {
    Waiting.on(vertx.close());
  }

  @Test
  void whoDoesNotReadIsCutOff() throws Exception {
    try (Socket deaf = new Socket()) {
      deaf.setReceiveBufferSize(4096);
      deaf.connect(new InetSocketAddress("127.0.0.1", server.actualPort()));
      deaf.getOutputStream().write(GET);
      assertThat(closed.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)).isBetween(1, TOO_MANY - 1);
    }
  }
}
