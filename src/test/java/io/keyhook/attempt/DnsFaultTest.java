package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.keyhook.target.Policies;
import io.keyhook.target.Resolver;
import io.keyhook.testing.NameServer;
import io.keyhook.testing.NameServer.Reply;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What DNS does is in the attempt's time and by its name, and what it says is judged before every attempt. */
class DnsFaultTest {
  private static final int SHORT_MILLIS = 100;

  private static VertxOptions asking(NameServer names, long queryTimeout) {
    return new VertxOptions().setAddressResolverOptions(
        new AddressResolverOptions().addServer(names.address()).setQueryTimeout(queryTimeout));
  }

  private static SenderRig rig(NameServer names, long queryTimeout) {
    return new SenderRig(SenderRig.Sockets.NATIVE, asking(names, queryTimeout), SenderRig::resolver, Policies.insecure(),
        null);
  }

  private static SenderRig rig(NameServer names, BiFunction<Vertx, Egress, Resolver> resolver) {
    return new SenderRig(SenderRig.Sockets.NATIVE, asking(names, 10 * SenderRig.TIMEOUT.toMillis()), resolver, Policies.insecure(), null);
  }

  private static AttemptError errorOf(SenderRig rig) {
    Attempt attempt = rig.ended(rig.send("http://hooks.example.com/"));
    assertThat(attempt.statusCode()).isNull();
    return attempt.error();
  }

  @ParameterizedTest
  @CsvSource({"0, NO_ADDRESS", "2, SERVFAIL", "3, NXDOMAIN", "5, DNS_REFUSED"}) // RFC 1035, 4.1.1
  void aNameWithoutAnAddressIsNamedSo(int code, NetworkFault fault) {
    try (NameServer names = new NameServer(); SenderRig rig = rig(names, SHORT_MILLIS)) {
      names.reply(new Reply.Failure(code));
      assertThat(errorOf(rig)).isEqualTo(fault.error());
      assertThat(names.asked()).isPositive();
    }
  }

  @Test
  void soIsANameServerThatSaysNothingOrJunk() {
    try (NameServer names = new NameServer(); SenderRig rig = rig(names, SHORT_MILLIS)) {
      assertThat(errorOf(rig)).isEqualTo(NetworkFault.DNS_SILENT.error());
      names.reply(new Reply.Junk());
      assertThat(errorOf(rig)).isEqualTo(NetworkFault.DNS_JUNK.error());
    }
  }

  static Stream<Arguments> outages() {
    return Stream.of(arguments(new Reply.Dead(), SHORT_MILLIS), arguments(new Reply.Dead(), 10_000),
        arguments(new Reply.CutOff(), SHORT_MILLIS));
  }

  @ParameterizedTest
  @MethodSource("outages")
  void nameServersThatResolveNothingAtAllAreKeyhooksOwnFailureUntilTheyDo(Reply outage, long queryTimeout) {
    try (NameServer names = new NameServer(); RawReceiver receiver = new RawReceiver(Fault.OK);
        SenderRig rig = rig(names, queryTimeout)) {
      names.reply(outage);
      String url = receiver.url("hooks.example.com");
      for (int i = 0; i < 2; i++) {
        assertThat(rig.ended(rig.send(url)).error()).isEqualTo(AttemptError.RESOLVER_FAILURE);
      }
      assertThat(rig.names().isAvailable()).isFalse();
      names.addresses("127.0.0.1");
      await("the name servers work").atMost(Waiting.LONG).until(() ->
          rig.ended(rig.send(url)).succeeded() && rig.names().isAvailable());
    }
  }

  @Test
  void aLostDatagramIsNoOutage() {
    try (NameServer names = new NameServer(); SenderRig rig = rig(names, SHORT_MILLIS)) {
      names.loseRoot(1);
      assertThat(errorOf(rig)).isEqualTo(AttemptError.DNS_FAILURE);
      assertThat(rig.names().isAvailable()).isTrue();
    }
  }

  @Test
  void anAttemptThatIsTooShortForAProbeIsKeyhooksOwnFailureOnceTheOutageIsKnown() {
    try (NameServer names = new NameServer(); SenderRig rig = rig(names, (vertx, egress) ->
        Resolver.of(vertx, Duration.ofNanos(1), SenderRig.TIMEOUT.multipliedBy(3).dividedBy(2), egress.watch()))) {
      names.reply(new Reply.Dead());
      assertThat(errorOf(rig)).isEqualTo(AttemptError.TIMEOUT);
      await("the outage is known").atMost(Waiting.LONG).until(() -> !rig.names().isAvailable());
      assertThat(errorOf(rig)).isEqualTo(AttemptError.RESOLVER_FAILURE);
    }
  }

  @Test
  void aResolverThatThrowsEndsTheAttempt() {
    try (NameServer names = new NameServer(); SenderRig rig = rig(names, (vertx, egress) -> host -> {
      throw new IllegalStateException("thrown for " + host);
    })) {
      assertThat(errorOf(rig)).isEqualTo(AttemptError.PROTOCOL_ERROR);
    }
  }

  @Test
  void askingCountsIntoTheTimeOfTheAttempt() {
    try (NameServer names = new NameServer(); SenderRig rig = rig(names, 10 * SenderRig.TIMEOUT.toMillis())) {
      assertThat(errorOf(rig)).isEqualTo(NetworkFault.DNS_SLOW.error());
    }
  }

  @Test
  void everyAttemptAsksAgainAndJudgesTheAnswer() throws Exception {
    Certificates certificates = Certificates.make();
    try (NameServer names = new NameServer();
        RawReceiver receiver = new RawReceiver(Fault.OK, certificates.good());
        SenderRig rig = new SenderRig(SenderRig.Sockets.NATIVE, asking(names, Waiting.LONG.toMillis()),
            SenderRig::resolver, Policies.ofPorts(Set.of(receiver.port()), List.of("127.0.0.0/8"), List.of()),
            certificates.trust(), Waiting.LONG)) {
      String url = receiver.url(Certificates.HOST);
      names.addresses("127.0.0.1");
      assertThat(rig.ended(rig.send(url)).succeeded()).isTrue();
      names.addresses("10.0.0.1");
      assertThat(rig.ended(rig.send(url)).error()).isEqualTo(NetworkFault.DNS_NOT_PUBLIC.error());
      names.addresses("127.0.0.1", "10.0.0.1");
      assertThat(rig.ended(rig.send(url)).error()).isEqualTo(NetworkFault.DNS_NOT_PUBLIC.error());
      names.addresses("::1");
      assertThat(rig.ended(rig.send(url)).error()).isEqualTo(NetworkFault.DNS_NOT_PUBLIC.error());
      names.addresses("127.0.0.1", "::1");
      assertThat(rig.ended(rig.send(url)).error()).isEqualTo(NetworkFault.DNS_NOT_PUBLIC.error());
      names.addresses("127.0.0.2");
      assertThat(rig.ended(rig.send(url)).error()).as("not the connection that is kept")
          .isEqualTo(AttemptError.CONNECTION_REFUSED);
      assertThat(receiver.requests()).hasSize(1);
      names.addresses("127.0.0.1");
      assertThat(rig.ended(rig.send(url)).succeeded()).isTrue();
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  @Test
  void anAddressIsNotAskedFor() {
    try (NameServer names = new NameServer(); SenderRig rig = rig(names, SHORT_MILLIS);
        RawReceiver receiver = new RawReceiver(Fault.OK)) {
      assertThat(rig.ended(rig.send(receiver.url())).succeeded()).isTrue();
      assertThat(names.asked()).isZero();
    }
  }
}
