package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Connection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An endpoint sees the client certificate of the webhook that a request is for, and a connection with one carries nothing else. */
class ClientCertificateTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static Certificates certificates;

  private final UUID account = UUID.randomUUID();
  private final List<String> peers = new CopyOnWriteArrayList<>();
  private final List<Connection> connections = new CopyOnWriteArrayList<>();
  private RawReceiver receiver;
  private SenderRig rig;

  @BeforeAll
  static void makeCertificates() throws Exception {
    certificates = Certificates.withClients();
  }

  @BeforeEach
  void start() {
    receiver = new RawReceiver(c -> {
      connections.add(c);
      while (true) {
        c.request();
        peers.add(c.peer());
        c.write(Receivers.ok(""));
      }
    }, certificates.requiringClients(false));
    rig = certificates.rig(TIMEOUT);
  }

  @AfterEach
  void stop() {
    rig.close();
    receiver.close();
  }

  private static ClientIdentity identity(UUID webhook, String alias) {
    return new ClientIdentity(webhook, certificates.client(alias));
  }

  private static ClientIdentity identity(String alias) {
    return identity(UUID.randomUUID(), alias);
  }

  /**
   * @param identity null: none
   */
  private Attempt attempt(UUID account, ClientIdentity identity) {
    String url = receiver.url(Certificates.HOST);
    return rig.ended(identity == null ? rig.send(account, url) : rig.send(account, identity, url));
  }

  @Test
  void theCertificateIsShownAndItsConnectionIsKept() {
    ClientIdentity identity = identity("client-a");
    for (int i = 0; i < 3; i++) {
      assertThat(attempt(account, identity).succeeded()).isTrue();
    }
    assertThat(peers).containsExactly("CN=client-a", "CN=client-a", "CN=client-a");
    assertThat(receiver.accepted()).isEqualTo(1);
  }

  @Test
  void twoWebhooksWithCertificatesForOneUrlShareNoConnection() {
    ClientIdentity a = identity("client-a");
    ClientIdentity b = identity("client-b");
    ClientIdentity sameCertificate = identity("client-a");
    for (int i = 0; i < 2; i++) {
      for (ClientIdentity identity : List.of(a, b, sameCertificate)) {
        assertThat(attempt(account, identity).succeeded()).isTrue();
      }
    }
    assertThat(attempt(UUID.randomUUID(), a).succeeded()).as("of another account").isTrue();
    assertThat(peers).containsExactly("CN=client-a", "CN=client-b", "CN=client-a", "CN=client-a", "CN=client-b", "CN=client-a",
        "CN=client-a");
    assertThat(receiver.accepted()).isEqualTo(4);
  }

  @Test
  void aWebhookWithoutACertificateGetsNeitherAConnectionNorASessionOfOneThatHasOne() {
    assertThat(attempt(account, identity("client-a")).succeeded()).isTrue();
    for (int i = 0; i < 2; i++) {
      Attempt attempt = attempt(account, null);
      assertThat(attempt.succeeded()).isFalse();
      // of TLS 1.3, whose server says so after the handshake, and may close before that is read
      assertThat(attempt.error()).isIn(AttemptError.TLS_FAILURE, AttemptError.CONNECTION_RESET);
    }
    assertThat(peers).containsExactly("CN=client-a");
  }

  @Test
  void aCertificateOfAnotherAuthorityIsTheEndpointsToRefuse() {
    Attempt attempt = attempt(account, identity("stranger"));
    assertThat(attempt.error()).isIn(AttemptError.TLS_FAILURE, AttemptError.CONNECTION_RESET);
    assertThat(peers).isEmpty();
  }

  @Test
  void anRsaKeySignsAsWell() {
    assertThat(attempt(account, identity("client-rsa")).succeeded()).isTrue();
    assertThat(peers).containsExactly("CN=client-rsa");
  }

  @Test
  void anotherCertificateOpensAnotherConnectionAndTheOldOneIsClosed() {
    UUID webhook = UUID.randomUUID();
    assertThat(attempt(account, identity(webhook, "client-a")).succeeded()).isTrue();
    assertThat(attempt(account, identity(webhook, "client-b")).succeeded()).isTrue();
    assertThat(peers).containsExactly("CN=client-a", "CN=client-b");
    connections.get(0).awaitClosed();
    assertThat(attempt(account, identity(webhook, "client-b")).succeeded()).isTrue();
    assertThat(receiver.accepted()).isEqualTo(2);
    assertThat(attempt(account, identity(webhook, "client-a")).succeeded()).as("the first one again").isTrue();
    assertThat(peers).containsExactly("CN=client-a", "CN=client-b", "CN=client-b", "CN=client-a");
    assertThat(receiver.accepted()).isEqualTo(3);
  }

  @Test
  void anEndpointThatAsksForNoneGetsTheDeliveryAllTheSame() {
    try (RawReceiver usual = new RawReceiver(Fault.OK, certificates.good())) {
      assertThat(rig.ended(rig.send(account, identity("client-a"), usual.url(Certificates.HOST))).succeeded()).isTrue();
    }
  }

  @Test
  void theEndpointIsVerifiedAsWell() {
    try (RawReceiver impostor = new RawReceiver(Fault.OK, certificates.selfSigned())) {
      assertThat(rig.ended(rig.send(account, identity("client-a"), impostor.url(Certificates.HOST))).error())
          .isEqualTo(AttemptError.TLS_FAILURE);
      assertThat(impostor.requests()).isEmpty();
    }
  }
}
