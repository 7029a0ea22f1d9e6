package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Waiting;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A socket that is opened for an attempt is closed when the attempt is over, and its place is free for others, long before its
 * connect or its handshake times out. Each name has two addresses here, of which the first hangs.
 */
class AbandonedConnectTest {
  /** Until connects and handshakes time out: longer than a test waits. */
  private static final Duration TIMEOUT = Waiting.LONG.multipliedBy(4);

  private static Certificates certificates;
  private static InetAddress hanging;
  private static InetAddress working;

  private SenderRig rig;

  @BeforeAll
  static void makeCertificates() throws Exception {
    certificates = Certificates.make();
    hanging = InetAddress.getByName("127.0.0.2");
    working = InetAddress.getByName("127.0.0.1");
  }

  @BeforeEach
  void start() {
    rig = certificates.rig(TIMEOUT, 100, null, hanging, working);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private void attempt(RawReceiver receiver, String path) {
    Attempt attempt = rig.send(UUID.randomUUID(), receiver.url(Certificates.HOST, path)).join();
    assertThat(attempt.error()).isNull();
    assertThat(attempt.succeeded()).isTrue();
  }

  @Test
  void aSocketThatDoesNotConnectIsClosedWithItsAttempt() throws Exception {
    try (RawReceiver receiver = new RawReceiver(Fault.OK, working, 0);
        FullBacklog full = new FullBacklog(hanging, receiver.port())) {
      int others = full.connecting();
      attempt(receiver, "/hook");
      Waiting.until("the socket is closed", () -> full.connecting() == others);
    }
  }

  @Test
  void soIsOneWhoseHandshakeHangsAndItsPlaceIsFree() {
    try (RawReceiver receiver = new RawReceiver(Fault.OK, certificates.good(), working, 0);
        RawReceiver mute = new RawReceiver(AbandonedConnectTest::hang, hanging, receiver.port())) {
      attempt(receiver, "/first");
      int most = Openings.AT_FIRST + Openings.MAX_HUNG;
      for (int i = 1; i <= most + 1; i++) {
        attempt(receiver, "/hook/" + i);
        mute.awaitClosed();
        assertThat(mute.accepted()).isEqualTo(1 + i);
      }
    }
  }

  /** All but the first, while Vert.x still loads what the client trusts. */
  private static void hang(RawReceiver.Connection connection) throws IOException {
    if (connection.number() > 1) {
      connection.awaitClose();
    }
  }
}
