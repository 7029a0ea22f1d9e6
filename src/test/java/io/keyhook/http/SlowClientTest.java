package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.bus.StopBudget;
import io.keyhook.fair.FairShare;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Waiting;
import io.keyhook.trace.Tracing;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Clients that are slow on purpose are closed, however busily they drip; who waits for us is not. */
@ExtendWith({VertxExtension.class, BlockedThreads.class})
class SlowClientTest {
  private static final int MOST = 4;
  /** Of one address. */
  private static final int SHARE = 3;
  private static final String POST = "POST /body HTTP/1.1\r\nHost: k\r\nContent-Length: 100000\r\n\r\n";
  private static final String GET = "GET /now HTTP/1.1\r\nHost: k\r\n\r\n";
  private static final AtomicInteger port = new AtomicInteger();
  private static final AtomicInteger large = new AtomicInteger();
  private static final Promise<Void> released = Promise.promise();

  @BeforeAll
  static void start(Vertx vertx, VertxTestContext test) {
    KeyhookOptions.Http options = new KeyhookOptions.Http(true, "127.0.0.1", 0, List.of(), Duration.ZERO,
        Optional.empty(), false);
    Duration patience = Duration.ofMillis(500);
    vertx.deployVerticle(new HttpVerticle(new Listener(options, "http", port, Tracing.OFF), SlowClientTest::router, new FairShare<>(MOST),
            new StopBudget(), new Connections.Limits(patience, patience, patience, Duration.ofSeconds(5))))
        .onComplete(test.succeedingThenComplete());
  }

  private static Router router(Vertx vertx) {
    Router router = Router.router(vertx);
    router.route().failureHandler(context -> { }); // nobody is there any more
    router.post("/body").handler(BodyHandler.create(false)).handler(context -> context.end("read"));
    router.get("/now").handler(context -> context.end("now"));
    router.get("/large").handler(context -> {
      large.incrementAndGet();
      context.end("x".repeat(1024 * 1024));
    });
    router.get("/later").handler(context -> released.future().onComplete(now -> context.end("later")));
    return router;
  }

  /** Sends this, and then a byte whenever one is due, until the other side closes. */
  private static String dripUntilClosed(String first, String drip) throws IOException, InterruptedException {
    try (Socket socket = new Socket("127.0.0.1", port.get())) {
      socket.getOutputStream().write(first.getBytes(StandardCharsets.ISO_8859_1));
      socket.setSoTimeout(20);
      StringBuilder answer = new StringBuilder();
      long deadline = System.nanoTime() + Waiting.LONG.toNanos();
      for (int next = 0; System.nanoTime() < deadline;) {
        try {
          int read = socket.getInputStream().read();
          if (read < 0) {
            return answer.toString();
          }
          answer.append((char) read);
        } catch (java.net.SocketTimeoutException nothingYet) {
          drip(socket, drip.charAt(next++ % drip.length()));
        } catch (SocketException reset) {
          return answer.toString();
        }
      }
      throw new AssertionError("Not closed within " + Waiting.LONG.toSeconds() + " s");
    }
  }

  private static void drip(Socket socket, char next) throws IOException {
    try {
      socket.getOutputStream().write(next);
    } catch (SocketException closed) {
      // the next read says so
    }
  }

  @Test
  void whoSendsNothingIsClosed() throws Exception {
    assertThat(dripUntilClosed("", "\n")).isEmpty();
  }

  @Test
  void whoDripsAHeadIsClosed() throws Exception {
    assertThat(dripUntilClosed("GET /now HTTP/1.1\r\nHost: k\r\n", "X: 1\r\n")).isEmpty();
  }

  @Test
  void whoDripsABodyIsClosed() throws Exception {
    assertThat(dripUntilClosed(POST, "a")).isEmpty();
  }

  @Test
  void whoDripsChunksIsClosed() throws Exception {
    assertThat(dripUntilClosed("POST /body HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n")).isEmpty();
  }

  @Test
  void whoDripsTheSecondHeadIsClosed() throws Exception {
    assertThat(dripUntilClosed(GET + "GET /now HTTP/1.1\r\nHost: k\r\n", "X: 1\r\n")).startsWith("HTTP/1.1 200").endsWith("now");
  }

  @Test
  void whoDripsABodyThatNobodyReadsIsClosedToo() throws Exception {
    assertThat(dripUntilClosed("GET /now HTTP/1.1\r\nHost: k\r\nContent-Length: 100000\r\n\r\n", "a"))
        .startsWith("HTTP/1.1 200").endsWith("now");
  }

  @Test
  void whoWaitsForUsIsNotClosed() throws Exception {
    try (Socket waiting = new Socket("127.0.0.1", port.get())) {
      waiting.getOutputStream().write(GET.replace("/now", "/later").getBytes(StandardCharsets.ISO_8859_1));
      dripUntilClosed("", "\n"); // a whole patience has passed
      dripUntilClosed("", "\n");
      released.complete();
      waiting.setSoTimeout((int) Waiting.LONG.toMillis());
      assertThat(new String(waiting.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1)).isEqualTo("HTTP/1.1 200");
    }
  }

  @Test
  void whoAsksAndDoesNotReadIsAnsweredNoFurther() throws Exception {
    try (Socket deaf = new Socket("127.0.0.1", port.get())) {
      deaf.getOutputStream().write(GET.replace("/now", "/large").repeat(500).getBytes(StandardCharsets.ISO_8859_1));
      dripUntilClosed("", "\n"); // time enough to answer all of them
      assertThat(large.get()).isBetween(1, 100);
    }
  }

  @Test
  void anAddressHasItsShareOfConnectionsAndThereIsRoomForOthers() throws Exception {
    Socket[] taken = new Socket[SHARE];
    try {
      for (int i = 0; i < SHARE; i++) {
        taken[i] = new Socket("127.0.0.1", port.get());
        taken[i].setSoTimeout((int) Waiting.LONG.toMillis());
        taken[i].getOutputStream().write(GET.getBytes(StandardCharsets.ISO_8859_1));
        assertThat(taken[i].getInputStream().read()).isEqualTo('H');
      }
      try (Socket oneMore = new Socket("127.0.0.1", port.get())) {
        oneMore.setSoTimeout((int) Waiting.LONG.toMillis());
        assertThat(oneMore.getInputStream().read()).isEqualTo(-1);
      }
      try (Socket another = new Socket("127.0.0.1", port.get(), InetAddress.getByName("127.0.0.2"), 0)) {
        another.setSoTimeout((int) Waiting.LONG.toMillis());
        another.getOutputStream().write(GET.getBytes(StandardCharsets.ISO_8859_1));
        assertThat(another.getInputStream().read()).as("another address").isEqualTo('H');
      }
    } finally {
      for (Socket socket : taken) {
        socket.close();
      }
    }
    await().atMost(Waiting.LONG).until(() -> {
      try (Socket socket = new Socket("127.0.0.1", port.get())) {
        socket.setSoTimeout((int) Waiting.LONG.toMillis());
        socket.getOutputStream().write(GET.getBytes(StandardCharsets.ISO_8859_1));
        return socket.getInputStream().read() == 'H';
      } catch (SocketException stillFull) {
        return false;
      }
    });
  }
}
