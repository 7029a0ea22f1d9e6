package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.ClientCredentials;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.testing.ConnectProxy;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Waiting;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Through a proxy, an attempt reaches the address that Keyhook judged and the host that the URL names, and nothing else. */
class OutgoingProxyTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static Certificates certificates;

  private ConnectProxy proxy;
  private int port;
  private RawReceiver receiver;

  @BeforeAll
  static void makeCertificates() throws Exception {
    certificates = Certificates.make();
  }

  @BeforeEach
  void start() {
    proxy = new ConnectProxy();
    port = proxy.port();
    receiver = new RawReceiver(Fault.OK, certificates.good());
  }

  @AfterEach
  void stop() {
    receiver.close();
    proxy.close();
  }

  private SenderRig rig(int port, String user, InetAddress... addresses) {
    return certificates.rig(SenderRig.TIMEOUT, 1, new OutgoingProxy(new KeyhookOptions.Proxy("127.0.0.1", port,
        Optional.ofNullable(user), Optional.ofNullable(user).map(u -> "p:ss"))), addresses);
  }

  private SenderRig rig() {
    return rig(proxy.port(), null, LOOPBACK);
  }

  private List<String> logged() {
    return LogWatch.linesWith("the proxy at 127.0.0.1:" + port + " ");
  }

  @Test
  void theTunnelIsAskedForByTheAddressAndTlsIsTheHosts() {
    try (SenderRig rig = rig()) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
      assertThat(rig.ended(rig.send(receiver.url("others.example.com"))).error()).isEqualTo(AttemptError.TLS_FAILURE);
    }
    assertThat(proxy.targets()).hasSize(2).containsOnly("127.0.0.1:" + receiver.port());
    assertThat(proxy.requests()).noneMatch(head -> head.contains("example.com") || head.contains("Proxy-Authorization"));
    assertThat(receiver.requests()).singleElement().asString().containsIgnoringCase("Host: " + Certificates.HOST)
        .startsWith("POST /hook HTTP/1.1\r\n")
        .doesNotContainIgnoringCase("Proxy-");
  }

  @Test
  void tunnelsAreKeptAndNoTwoAccountsShareOne() {
    try (SenderRig rig = rig()) {
      for (UUID account : new UUID[] {UUID.randomUUID(), UUID.randomUUID()}) {
        for (int i = 0; i < 3; i++) {
          assertThat(rig.ended(rig.send(account, receiver.url(Certificates.HOST))).succeeded()).isTrue();
        }
      }
    }
    assertThat(proxy.requests()).hasSize(2);
    assertThat(receiver.accepted()).isEqualTo(2);
  }

  @Test
  void credentialsAreTheProxysOnly() {
    try (SenderRig rig = rig(proxy.port(), "us@r", LOOPBACK)) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
    }
    assertThat(proxy.requests()).singleElement().asString().containsIgnoringCase("proxy-authorization: Basic "
        + Base64.getEncoder().encodeToString("us@r:p:ss".getBytes(StandardCharsets.UTF_8)));
    assertThat(receiver.requests()).noneMatch(head -> head.toLowerCase(Locale.ROOT).contains("authorization"));
  }

  @Test
  void requestsForTokensLeadThroughItAsWell() {
    String issued = "{\"access_token\":\"token-1\",\"token_type\":\"Bearer\"}";
    try (RawReceiver tokens = new RawReceiver(Fault.answer(Receivers.ok(issued)), certificates.good())) {
      Grant grant = new Grant(UUID.randomUUID(), UUID.randomUUID(), ClientCredentials.of(tokens.url(Certificates.HOST, "/token"), "id",
          "secret").withMethod(ClientCredentials.Method.CLIENT_SECRET_BASIC));
      try (SenderRig rig = rig()) {
        assertThat(rig.ended(rig.send(grant, receiver.url(Certificates.HOST))).succeeded()).isTrue();
      }
      assertThat(proxy.targets()).containsExactly("127.0.0.1:" + tokens.port(), "127.0.0.1:" + receiver.port());
      assertThat(receiver.requests()).singleElement().asString().contains("Bearer token-1");
      proxy.close();
      try (SenderRig rig = rig()) {
        Attempt attempt = rig.ended(rig.send(grant, receiver.url(Certificates.HOST)));
        assertThat(attempt.error()).as("a fault of Keyhook's own").isEqualTo(AttemptError.PROXY_FAILURE);
        assertThat(attempt.detail()).isNull();
      }
    }
  }

  @Test
  void theNextAddressIsTriedWhereTheProxyReachesNone() throws Exception {
    try (SenderRig rig = rig(proxy.port(), null, InetAddress.getByName("127.0.0.2"), LOOPBACK)) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
    }
    assertThat(proxy.targets()).containsExactly("127.0.0.2:" + receiver.port(), "127.0.0.1:" + receiver.port());
  }

  @Test
  void aRefusalOfTheProxyIsAnErrorOfItsOwn() {
    try (SenderRig rig = rig()) {
      for (String status : new String[] {"403 Forbidden", "502 Bad Gateway", "504 Gateway Timeout"}) {
        proxy.refuse(status);
        Attempt attempt = rig.ended(rig.send(receiver.url(Certificates.HOST)));
        assertThat(attempt.error()).isEqualTo(AttemptError.PROXY_REFUSED);
        assertThat(attempt.statusCode()).isNull();
      }
      assertThat(logged()).isEmpty();
    }
    assertThat(receiver.accepted()).isZero();
  }

  @Test
  void aProxyThatCannotBeUsedIsLoggedOnceUntilItWorksAgain() {
    try (SenderRig rig = rig(proxy.port(), "us@r", LOOPBACK)) {
      proxy.refuse("407 Proxy Authentication Required");
      for (int i = 0; i < 2; i++) {
        assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).error()).isEqualTo(AttemptError.PROXY_FAILURE);
      }
      assertThat(logged()).singleElement().asString().startsWith("WARN").contains("407").doesNotContain("p:ss");
      proxy.refuse(null);
      await("it works").atMost(Waiting.LONG).until(() ->
          rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded() && rig.proxy().isAvailable());
      assertThat(logged()).hasSize(2);
      assertThat(logged().get(1)).startsWith("WARN").contains("sent again");
    }
  }

  @Test
  void aProxyThatHangsIsTheProxysFailureAndIsLogged() {
    proxy.hang();
    try (SenderRig rig = rig()) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).error()).isEqualTo(AttemptError.PROXY_FAILURE);
      assertThat(logged()).singleElement().asString().startsWith("WARN");
      assertThat(rig.proxy().isAvailable()).as("the endpoint may be to blame").isTrue();
    }
    assertThat(proxy.requests()).isNotEmpty();
  }

  @Test
  void anEndpointThatHangsBehindAProxyThatWorksIsATimeout() {
    try (SenderRig rig = rig()) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
      proxy.hang();
      assertThat(rig.ended(rig.send(receiver.url("others.example.com"))).error()).isEqualTo(AttemptError.TIMEOUT);
      assertThat(logged()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(ConnectProxy.Breach.class)
  void aConnectionThatTheProxyEndsWithoutAResponseIsNoOutage(ConnectProxy.Breach how) {
    proxy.breakOff(how);
    try (SenderRig rig = rig()) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).error()).isEqualTo(AttemptError.PROXY_FAILURE);
      assertThat(rig.proxy().isAvailable()).as("the endpoint may be to blame").isTrue();
      assertThat(logged()).singleElement().asString().startsWith("WARN").contains("does not respond to CONNECT");
    }
  }

  @ParameterizedTest
  @EnumSource(ConnectProxy.Breach.class)
  void itIsTheEndpointsWhileTheProxyRespondsToOthers(ConnectProxy.Breach how) {
    try (SenderRig rig = rig()) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
      proxy.breakOff(how);
      assertThat(rig.ended(rig.send(receiver.url("others.example.com"))).error()).isEqualTo(AttemptError.PROXY_REFUSED);
      assertThat(rig.proxy().isAvailable()).isTrue();
      assertThat(logged()).isEmpty();
    }
  }

  @Test
  void aProxyThatIsDownIsTheProxysFailure() {
    proxy.close();
    try (SenderRig rig = rig(port, null, LOOPBACK)) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).error()).isEqualTo(AttemptError.PROXY_FAILURE);
      assertThat(rig.proxy().isAvailable()).isFalse();
    }
    assertThat(receiver.accepted()).isZero();
  }
}
