package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.target.Policies;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a receiver does, an attempt ends in time and is named for what happened, its connection is closed or used
 * again, its place is free, and no more is read than is wanted. Each fault is tried on both kinds of sockets, and many at
 * once on one event loop: they must not be in each other's way either.
 */
class ReceiverFaultTest {
  /** What the sender reads (256 KB at most), and what the system holds between two sockets. */
  private static final long MAX_WRITTEN = 8 * 1024 * 1024;

  /** Enough for all attempts at once on a busy machine, beside receivers that flood it. */
  private static final Duration TIMEOUT = SenderRig.TIMEOUT.multipliedBy(3);

  private static final Map<SenderRig.Sockets, SenderRig> RIGS = new LinkedHashMap<>();
  private static final List<Run> RUNS = new ArrayList<>();

  /**
   * @param next the attempt after it, made soon where it uses the same connection, which stays open for a while only; null: not
   *     made yet
   */
  private record Run(SenderRig.Sockets sockets, Fault fault, RawReceiver receiver, CompletableFuture<Attempt> attempt,
      CompletableFuture<Attempt> next) {
    SenderRig rig() {
      return RIGS.get(sockets);
    }

    Run followed() {
      rig().ended(attempt);
      return new Run(sockets, fault, receiver, attempt, sendNext());
    }

    CompletableFuture<Attempt> sendNext() {
      receiver.behave(Fault.OK);
      return rig().send(receiver.url());
    }

    @Override
    public String toString() {
      return fault.name() + " (" + sockets + ")";
    }
  }

  @BeforeAll
  static void startAll() {
    for (SenderRig.Sockets sockets : SenderRig.Sockets.values()) {
      SenderRig rig = new SenderRig(sockets, new VertxOptions(), SenderRig::resolver, Policies.insecure(), null, TIMEOUT);
      RIGS.put(sockets, rig);
      warmUp(rig);
      start(sockets, Fault.HOSTILE);
      start(sockets, Fault.ANSWERING);
    }
  }

  private static void start(SenderRig.Sockets sockets, List<Fault> faults) {
    SenderRig rig = RIGS.get(sockets);
    List<Run> started = new ArrayList<>();
    for (Fault fault : faults) {
      RawReceiver receiver = new RawReceiver(fault.script());
      started.add(new Run(sockets, fault, receiver, rig.send(receiver.url()), null));
    }
    started.forEach(run -> run.attempt().join());
    started.forEach(run -> RUNS.add(run.fault().kept() ? run.followed() : run));
  }

  /** Loads classes, which would keep the event loop from the time of the attempts. */
  private static void warmUp(SenderRig rig) {
    try (RawReceiver receiver = new RawReceiver(Fault.answer("HTTP/1.1 200 OK\r\nno header\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nfirst\r\n0\r\n\r\n"))) {
      for (int i = 0; i < 20; i++) {
        rig.send(receiver.url()).join();
      }
    }
  }

  @AfterAll
  static void stop() {
    RIGS.values().forEach(SenderRig::close);
    RUNS.forEach(run -> run.receiver().close());
  }

  static List<Integer> redirects() {
    return Fault.REDIRECTS;
  }

  static List<Run> runs() {
    return RUNS;
  }

  @ParameterizedTest(name = "a receiver that {0}")
  @MethodSource("runs")
  void anAttemptEndsAsItMustInTimeAndLeavesNothingBehind(Run run) {
    Fault fault = run.fault();
    RawReceiver receiver = run.receiver();
    Attempt attempt = run.rig().ended(run.attempt());
    assertThat(attempt.error()).isEqualTo(fault.error());
    assertThat(attempt.statusCode()).isEqualTo(fault.status());
    assertThat(attempt.responseBody()).isEqualTo(fault.body());
    assertThat(attempt.succeeded()).isEqualTo(fault.isSuccess());
    CompletableFuture<Attempt> following = run.next();
    if (following == null) {
      assertThat(receiver.accepted()).as("connections for one attempt").isEqualTo(1);
      receiver.awaitClosed();
      following = run.sendNext();
    }
    Attempt next = run.rig().ended(following);
    assertThat(receiver.written()).isLessThan(MAX_WRITTEN);
    assertThat(next.error()).as("the only place for the receiver is free").isNull();
    assertThat(receiver.accepted()).as("connections for two attempts").isEqualTo(fault.kept() ? 1 : 2);
    assertThat(receiver.requests()).allSatisfy(head -> assertThat(head).startsWith("POST /hook HTTP/1.1\r\n")
        .containsIgnoringCase("\r\nhost: 127.0.0.1:" + receiver.port() + "\r\n")
        .containsIgnoringCase("\r\naccept-encoding: identity\r\n"));
  }

  @ParameterizedTest
  @MethodSource("redirects")
  void aRedirectIsFollowedNeitherElsewhereNorInALoop(int status) {
    SenderRig rig = RIGS.get(SenderRig.Sockets.NATIVE);
    try (RawReceiver elsewhere = new RawReceiver(Fault.OK); RawReceiver receiver = new RawReceiver(Fault.OK)) {
      for (String location : List.of(elsewhere.url(), receiver.url(), "/hook", "//127.0.0.1:" + elsewhere.port())) {
        receiver.behave(Fault.answer("HTTP/1.1 " + status + " Moved\r\nLocation: " + location
            + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        int before = receiver.requests().size();
        Attempt attempt = rig.ended(rig.send(receiver.url()));
        assertThat(attempt.statusCode()).isEqualTo(status);
        assertThat(attempt.succeeded()).isFalse();
        assertThat(receiver.requests()).hasSize(before + 1);
      }
      assertThat(elsewhere.accepted()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void nobodyListeningIsRefused(SenderRig.Sockets sockets) throws IOException {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    assertThat(ended(sockets, "http://127.0.0.1:" + port + "/").error())
        .isEqualTo(NetworkFault.NOT_LISTENING.error());
  }

  /** The system has no route for TCP to a broadcast address. */
  @ParameterizedTest
  @EnumSource
  void noRouteIsNamedSo(SenderRig.Sockets sockets) {
    assertThat(ended(sockets, "http://127.255.255.255:9/").error()).isEqualTo(NetworkFault.NO_ROUTE.error());
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatIsNotTakenUpTimesOutAndItsSocketIsClosed(SenderRig.Sockets sockets) throws IOException {
    try (FullBacklog full = new FullBacklog(InetAddress.getLoopbackAddress(), 0)) {
      int others = full.connecting();
      assertThat(ended(sockets, "http://127.0.0.1:" + full.port() + "/").error())
          .isEqualTo(NetworkFault.SYN_DROPPED.error());
      Waiting.until("the socket is closed", () -> full.connecting() == others);
    }
  }

  private static Attempt ended(SenderRig.Sockets sockets, String url) {
    SenderRig rig = RIGS.get(sockets);
    return rig.ended(rig.send(url));
  }
}
