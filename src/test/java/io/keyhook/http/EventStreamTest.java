package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.bus.StopBudget;
import io.keyhook.fair.FairShare;
import io.keyhook.trace.Tracing;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Nothing is kept for a client that does not read. */
@ExtendWith(VertxExtension.class)
class EventStreamTest {
  private static final byte[] GET = "GET / HTTP/1.1\r\nHost: k\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
  private static final String DATA = "x".repeat(100_000);
  /** More than the buffers of both sockets hold. */
  private static final int TOO_MANY = 1000;
  private static final Connections.Limits LIMITS = new Connections.Limits(
      Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofMillis(500));

  /** How many events had been sent when the stream was over, and what became of its connection. */
  private final Promise<Integer> streamClosed = Promise.promise();
  private final Promise<Void> connectionClosed = Promise.promise();
  private Socket deaf;

  @BeforeEach
  void connect(Vertx vertx, VertxTestContext test) {
    AtomicInteger port = new AtomicInteger();
    KeyhookOptions.Http options = new KeyhookOptions.Http(true, "127.0.0.1", 0, List.of(), Duration.ZERO,
        Optional.empty(), false);
    vertx.deployVerticle(new HttpVerticle(new Listener(options, "http", port, Tracing.OFF), this::router, new FairShare<>(10),
        new StopBudget(), LIMITS))
        .onComplete(test.succeeding(deployed -> test.verify(() -> {
          deaf = new Socket();
          deaf.setReceiveBufferSize(4096);
          deaf.connect(new InetSocketAddress("127.0.0.1", port.get()));
          test.completeNow();
        })));
  }

  private Router router(Vertx vertx) {
    Router router = Router.router(vertx);
    router.get("/").handler(context -> stream(vertx, context));
    return router;
  }

  private void stream(Vertx vertx, RoutingContext context) {
    AtomicInteger sent = new AtomicInteger();
    context.addEndHandler(ended -> connectionClosed.complete());
    EventStream stream = EventStream.begin(context, () -> streamClosed.complete(sent.get()));
    vertx.setPeriodic(1, timer -> {
      stream.event("delivery", DATA);
      if (sent.incrementAndGet() == TOO_MANY || streamClosed.future().isComplete()) {
        vertx.cancelTimer(timer);
        stream.end();
      }
    });
  }

  @AfterEach
  void disconnect() throws IOException {
    deaf.close();
  }

  @Test
  void aClientThatDoesNotReadIsGivenUpAndItsConnectionCloses(VertxTestContext test) throws IOException {
    streamClosed.future().compose(sent -> {
      test.verify(() -> assertThat(sent).isBetween(1, TOO_MANY - 1));
      return connectionClosed.future();
    }).onComplete(test.succeedingThenComplete());
    deaf.getOutputStream().write(GET);
  }
}
