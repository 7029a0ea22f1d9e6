package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Script;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How many connections are opened, and whose handshakes wait for whose. */
class OpeningsTest {
  private static final UUID ACCOUNT = UUID.randomUUID();
  private static final int BURST = 64;
  private static final Script OK = connection -> {
    while (true) {
      connection.request();
      connection.write(Receivers.ok(""));
    }
  };

  private static Certificates certificates;
  private static SenderRig rig;

  @BeforeAll
  static void start() throws Exception {
    certificates = Certificates.make();
    rig = certificates.rig(Waiting.LONG, BURST);
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static List<CompletableFuture<Attempt>> burst(String url) {
    return IntStream.range(0, BURST).mapToObj(i -> rig.send(ACCOUNT, url)).toList();
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("nothing happened");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Test
  void aBurstWaitsForTheConnectionThatThereIsWhileHandshakesAreSlow() {
    CountDownLatch handshakes = new CountDownLatch(1);
    try (RawReceiver receiver = new RawReceiver(connection -> {
      if (connection.number() > 1) {
        await(handshakes);
      }
      OK.run(connection);
    }, certificates.good())) {
      String url = receiver.url(Certificates.HOST);
      for (int i = 0; i < 2; i++) { // the second finds the connection quiet
        assertThat(rig.ended(rig.send(ACCOUNT, url)).succeeded()).isTrue();
      }
      List<CompletableFuture<Attempt>> burst = burst(url);
      Waiting.until("the others are over", () ->
          burst.stream().filter(CompletableFuture::isDone).count() >= BURST - 4 * Openings.AT_FIRST);
      handshakes.countDown();
      assertThat(burst).allMatch(attempt -> attempt.join().succeeded());
      assertThat(receiver.accepted()).isLessThanOrEqualTo(1 + 4 * Openings.AT_FIRST);
    }
  }

  @Test
  void connectionsThatEndTheirResponsesAreNotTakenForIdleOnes() {
    int before = 40;
    CountDownLatch handshakes = new CountDownLatch(1);
    try (RawReceiver receiver = new RawReceiver(connection -> {
      if (connection.number() > before) {
        await(handshakes);
      }
      connection.request();
      connection.write("HTTP/1.1 200 OK\r\n\r\nas long as it goes");
    }, certificates.good()); RawReceiver other = new RawReceiver(OK, certificates.good())) {
      String url = receiver.url(Certificates.HOST);
      for (int i = 0; i < before; i++) {
        assertThat(rig.ended(rig.send(ACCOUNT, url)).succeeded()).isTrue();
      }
      List<CompletableFuture<Attempt>> burst = burst(url);
      Waiting.until("the first are opened", () -> receiver.accepted() >= before + Openings.AT_FIRST);
      assertThat(rig.send(ACCOUNT, other.url(Certificates.HOST)).join().succeeded()).isTrue();
      assertThat(receiver.accepted()).isLessThanOrEqualTo(before + 4 * Openings.AT_FIRST);
      handshakes.countDown();
      assertThat(burst).allMatch(attempt -> attempt.join().succeeded());
    }
  }

  @Test
  void aReceiverThatAnswersWhenAllAreThereGetsAllAtOnce() {
    CountDownLatch all = new CountDownLatch(BURST);
    try (RawReceiver receiver = new RawReceiver(connection -> {
      connection.request();
      all.countDown();
      await(all);
      connection.write(Receivers.ok(""));
      connection.awaitClose();
    }, certificates.good())) {
      assertThat(burst(receiver.url(Certificates.HOST))).allMatch(attempt -> attempt.join().succeeded());
      assertThat(receiver.accepted()).isEqualTo(BURST);
    }
  }

  @Test
  void aBurstWaitsForTheConnectionThatThereIsWhereANewOneWouldTakeLonger() {
    CountDownLatch never = new CountDownLatch(1);
    try (RawReceiver receiver = new RawReceiver(connection -> {
      pause(never); // the handshake takes as long
      OK.run(connection);
    }, certificates.good())) {
      String url = receiver.url(Certificates.HOST);
      for (int i = 0; i < 2; i++) { // the second finds the connection quiet
        assertThat(rig.ended(rig.send(ACCOUNT, url)).succeeded()).isTrue();
      }
      assertThat(burst(url)).allMatch(attempt -> attempt.join().succeeded());
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  private static void pause(CountDownLatch never) throws IOException {
    try {
      assertThat(never.await(Openings.PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isFalse();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Test
  void aReceiverThatKeepsConnectionsGetsMoreWhereItsAnswersTakeLonger() {
    CountDownLatch all = new CountDownLatch(BURST);
    int before = 2;
    try (RawReceiver receiver = new RawReceiver(connection -> {
      for (int i = 0; connection.number() == 1 && i < before; i++) {
        connection.request();
        connection.write(Receivers.ok(""));
      }
      connection.request();
      all.countDown();
      await(all);
      connection.write(Receivers.ok(""));
      connection.awaitClose();
    }, certificates.good())) {
      String url = receiver.url(Certificates.HOST);
      for (int i = 0; i < before; i++) {
        assertThat(rig.ended(rig.send(ACCOUNT, url)).succeeded()).isTrue();
      }
      assertThat(burst(url)).allMatch(attempt -> attempt.join().succeeded());
      assertThat(receiver.accepted()).isEqualTo(BURST);
    }
  }

  @Test
  void handshakesThatHangDelayNoOtherHosts() {
    try (RawReceiver hanging = new RawReceiver(connection -> connection.awaitClose())) {
      List<CompletableFuture<Attempt>> hang = new ArrayList<>();
      for (int i = 0; i < BURST; i++) { // names that all are hosts of their own
        hang.add(rig.send(ACCOUNT, hanging.url("host" + i + ".example.com").replace("http:", "https:")));
      }
      for (int i = 0; i < 4; i++) {
        try (RawReceiver other = new RawReceiver(OK, certificates.good())) {
          assertThat(rig.send(UUID.randomUUID(), other.url(Certificates.HOST)).join().succeeded()).isTrue();
        }
      }
      assertThat(hang).noneMatch(CompletableFuture::isDone);
    }
  }

  @Test
  void aNewConnectionResumesTheSessionOfTheOneBefore() {
    BlockingQueue<Long> sessions = new LinkedBlockingQueue<>();
    try (RawReceiver receiver = new RawReceiver(connection -> {
      connection.request();
      sessions.add(connection.sessionBegan());
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }, certificates.good())) {
      long first = 0;
      for (int i = 0; i < 3; i++) {
        assertThat(rig.ended(rig.send(ACCOUNT, receiver.url(Certificates.HOST))).succeeded()).isTrue();
        receiver.awaitClosed();
        long session = Waiting.next(sessions, "session");
        first = i == 0 ? session : first;
        assertThat(session).isEqualTo(first);
      }
      assertThat(receiver.accepted()).isEqualTo(3);
    }
  }

  /** A connection that may not be used again yet stays open, and the next attempt has one that is not kept. */
  @Test
  void soDoesOneThatIsNotKept() {
    BlockingQueue<Long> sessions = new LinkedBlockingQueue<>();
    try (RawReceiver receiver = new RawReceiver(connection -> {
      connection.request();
      sessions.add(connection.sessionBegan());
      connection.write(Receivers.ok(""));
      connection.awaitClose();
    }, certificates.good())) {
      String url = receiver.url(Certificates.HOST);
      assertThat(rig.send(ACCOUNT, url).join().succeeded()).isTrue();
      assertThat(rig.send(ACCOUNT, url).join().succeeded()).isTrue();
      assertThat(receiver.accepted()).isEqualTo(2);
      assertThat(Waiting.next(sessions, "session")).isEqualTo(Waiting.next(sessions, "session"));
    }
  }

  /** Asks for places, and keeps those that are granted. */
  private static final class Asking {
    private final List<Pass> granted = new CopyOnWriteArrayList<>();

    static Openings.Key key(InetAddress address, int port) {
      return new Openings.Key("hooks.example.com", port, false, address);
    }

    static Line line(Vertx vertx, Openings openings, UUID accountId, InetAddress address, int port) {
      return new Line(vertx, new Reuse(System::nanoTime, () -> { }, () -> { }), openings.host(key(address, port)), accountId);
    }

    void ask(Vertx vertx, Openings openings, UUID accountId, InetAddress address, int port, int times) {
      enter(line(vertx, openings, accountId, address, port), times);
    }

    void enter(Line line, int times) {
      for (int i = 0; i < times; i++) {
        line.enter(new Line.Entry() {
          @Override
          public boolean isWanted() {
            return true;
          }

          @Override
          public void go(Pass pass) {
            granted.add(pass);
          }
        });
      }
    }
  }

  @Test
  void callsWaitForNoConnectionOfAReceiverThatEndsThem() {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    Asking asking = new Asking();
    CompletableFuture<Integer> atFirst = new CompletableFuture<>();
    CompletableFuture<Integer> next = new CompletableFuture<>();
    try {
      vertx.runOnContext(v -> {
        Openings openings = new Openings(vertx);
        Line line = Asking.line(vertx, openings, ACCOUNT, InetAddress.getLoopbackAddress(), 1);
        openings.host(Asking.key(InetAddress.getLoopbackAddress(), 1))
            .opened(TimeUnit.MILLISECONDS.toNanos(Openings.PATIENCE_MILLIS));
        line.added();
        line.removed();
        asking.enter(line, Openings.AT_FIRST);
        atFirst.complete(asking.granted.size());
        line.ends();
        vertx.runOnContext(w -> next.complete(asking.granted.size()));
      });
      assertThat(atFirst.join()).isEqualTo(1);
      assertThat(next.join()).isEqualTo(Openings.AT_FIRST);
    } finally {
      Waiting.on(vertx.close());
    }
  }

  @Test
  void connectsThatHangAreFewAtAHost() {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    try {
      Asking dead = new Asking();
      vertx.runOnContext(v -> dead.ask(vertx, new Openings(vertx), ACCOUNT, InetAddress.getLoopbackAddress(), 1, 1000));
      int most = Openings.AT_FIRST + Openings.MAX_HUNG;
      Waiting.until("as many as may hang", () -> dead.granted.size() >= most);
      // longer than any of them counts
      Waiting.on(vertx.timer(Openings.PATIENCE_MILLIS + Openings.PATIENCE_MILLIS / 10));
      assertThat(dead.granted).hasSize(most);
      dead.granted.forEach(place -> vertx.runOnContext(v -> place.ended()));
      Waiting.until("the next are opened", () -> dead.granted.size() > most);
    } finally {
      Waiting.on(vertx.close());
    }
  }

  @Test
  void connectsThatHangLeaveSomeToOtherAccounts() {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    try {
      Asking greedy = new Asking();
      Asking modest = new Asking();
      vertx.runOnContext(v -> {
        Openings openings = new Openings(vertx);
        for (int port = 1; port <= Openings.MAX_UNESTABLISHED; port++) {
          greedy.ask(vertx, openings, ACCOUNT, InetAddress.getLoopbackAddress(), port, 1);
        }
        modest.ask(vertx, openings, UUID.randomUUID(), InetAddress.getLoopbackAddress(), 1, 1);
      });
      Waiting.until("the other account connects", () -> modest.granted.size() == 1);
      assertThat(greedy.granted).hasSize(Openings.MAX_UNESTABLISHED / 2);
      List<Pass> first = List.copyOf(greedy.granted);
      vertx.runOnContext(v -> first.forEach(place -> place.begun(true)));
      Waiting.until("the rest connect", () -> greedy.granted.size() == Openings.MAX_UNESTABLISHED);
    } finally {
      Waiting.on(vertx.close());
    }
  }
}
