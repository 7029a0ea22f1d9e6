package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.target.Policies;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Script;
import io.vertx.core.Future;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A name with several addresses is reached at one that works, whichever of the others are dead, and in one attempt. */
class AddressTest {
  private static final String GOOD = "127.0.0.1";
  private static final String REFUSING = "127.0.0.2";
  /** The system has no route for TCP to a broadcast address. */
  private static final String WITHOUT_ROUTE = "127.255.255.255";

  private static final Script CLOSING = connection -> {
    connection.request();
    connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  };

  private static SenderRig rig(SenderRig.Sockets sockets, TrustOptions trust, String... addresses) {
    List<InetAddress> all = Stream.of(addresses).map(AddressTest::address).toList();
    return new SenderRig(
        sockets, new VertxOptions(), (vertx, egress) -> host -> Future.succeededFuture(all), Policies.insecure(), trust);
  }

  private static SenderRig rig(String... addresses) {
    return rig(SenderRig.Sockets.NATIVE, null, addresses);
  }

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static Attempt attempt(SenderRig rig, RawReceiver receiver) {
    return rig.ended(rig.send(receiver.url(Certificates.HOST)));
  }

  private static void assertReached(SenderRig rig, RawReceiver receiver) {
    for (int i = 1; i <= 3; i++) {
      Attempt attempt = attempt(rig, receiver);
      assertThat(attempt.error()).isEqualTo(NetworkFault.SOME_ADDRESSES_DEAD.error());
      assertThat(attempt.succeeded()).isTrue();
      assertThat(receiver.requests()).as("sent once each").hasSize(i);
    }
    assertThat(receiver.accepted()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void aDeadAddressIsPassedOver(SenderRig.Sockets sockets) {
    try (RawReceiver receiver = new RawReceiver(Fault.OK);
        SenderRig rig = rig(sockets, null, REFUSING, WITHOUT_ROUTE, "127.0.0.3", GOOD)) {
      assertReached(rig, receiver);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anAddressThatDropsWhatIsSentToItIsNotWaitedFor(SenderRig.Sockets sockets) throws IOException {
    try (RawReceiver receiver = new RawReceiver(Fault.OK);
        FullBacklog full = new FullBacklog(address(REFUSING), receiver.port());
        SenderRig rig = rig(sockets, null, REFUSING, GOOD)) {
      assertReached(rig, receiver);
      assertThat(full.port()).isEqualTo(receiver.port());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {REFUSING, WITHOUT_ROUTE})
  void theOtherFamilyIsTriedToo(String dead) {
    try (RawReceiver receiver = new RawReceiver(Fault.OK, address("::1"), 0); SenderRig rig = rig(dead, "::1")) {
      assertReached(rig, receiver);
    }
    try (RawReceiver receiver = new RawReceiver(Fault.OK); SenderRig rig = rig("::1", dead, GOOD)) {
      assertReached(rig, receiver);
    }
  }

  @Test
  void moreAddressesThanAnAttemptTriesTakeTurns() {
    String[] addresses = Stream.concat(IntStream.rangeClosed(2, 20).mapToObj(i -> "127.0.0." + i), Stream.of(GOOD))
        .toArray(String[]::new);
    try (RawReceiver receiver = new RawReceiver(Fault.OK); SenderRig rig = rig(addresses)) {
      for (int i = 1; i <= 2; i++) {
        assertThat(attempt(rig, receiver).succeeded()).isFalse();
      }
      assertReached(rig, receiver);
    }
  }

  @Test
  void theAddressThatWorkedIsTheFirstNextTime() throws Exception {
    Certificates certificates = Certificates.make();
    try (RawReceiver good = new RawReceiver(CLOSING, certificates.good());
        RawReceiver bad = new RawReceiver(Fault.OK, certificates.expired(), address(REFUSING), good.port());
        SenderRig rig = rig(SenderRig.Sockets.NATIVE, certificates.trust(), REFUSING, GOOD)) {
      for (int i = 1; i <= 3; i++) {
        assertThat(attempt(rig, good).succeeded()).isTrue();
        assertThat(good.requests()).hasSize(i);
      }
      assertThat(bad.accepted()).isEqualTo(1);
      assertThat(bad.requests()).isEmpty();
    }
  }

  @Test
  void anAddressThatWorkedOnceMayDie() {
    try (RawReceiver first = new RawReceiver(CLOSING);
        RawReceiver second = new RawReceiver(Fault.OK, address(REFUSING), first.port());
        SenderRig rig = rig(GOOD, REFUSING)) {
      assertThat(attempt(rig, first).succeeded()).isTrue();
      assertThat(second.accepted()).isZero();
      first.stopListening();
      assertThat(attempt(rig, first).succeeded()).isTrue();
      assertThat(second.requests()).hasSize(1);
    }
  }

  @Test
  void whereAllAreDeadTheErrorSaysMostOfTheReceiver() throws Exception {
    try (RawReceiver receiver = new RawReceiver(Fault.OK)) {
      String url = receiver.url(Certificates.HOST);
      try (SenderRig rig = rig(WITHOUT_ROUTE, REFUSING, "127.0.0.3")) {
        assertThat(rig.ended(rig.send(url)).error()).isEqualTo(AttemptError.CONNECTION_REFUSED);
      }
      try (SenderRig rig = rig(WITHOUT_ROUTE, WITHOUT_ROUTE)) {
        assertThat(rig.ended(rig.send(url)).error()).isEqualTo(AttemptError.NO_ROUTE);
      }
      assertThat(receiver.accepted()).isZero();
    }
  }

  @Test
  void noMoreThanAFewAreTried() {
    String[] many = Stream.concat(Stream.iterate(2, i -> i + 1).limit(20).map(i -> "127.0.0." + i), Stream.of(GOOD))
        .toArray(String[]::new);
    try (RawReceiver receiver = new RawReceiver(Fault.OK); SenderRig rig = rig(many)) {
      assertThat(attempt(rig, receiver).error()).isEqualTo(AttemptError.CONNECTION_REFUSED);
      assertThat(receiver.accepted()).isZero();
    }
  }

  @Test
  void anAnswerThatFailsIsNotAskedForElsewhere() {
    try (RawReceiver receiver = new RawReceiver(c -> c.request());
        RawReceiver other = new RawReceiver(Fault.OK, address(REFUSING), receiver.port());
        SenderRig rig = rig(GOOD, REFUSING)) {
      assertThat(attempt(rig, receiver).error()).isEqualTo(AttemptError.CONNECTION_RESET);
      assertThat(other.accepted()).isZero();
    }
  }
}
