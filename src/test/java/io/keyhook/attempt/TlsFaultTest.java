package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Script;
import io.keyhook.testing.Waiting;
import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLServerSocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The receiver is who the URL names, over a TLS that is still good, or it gets nothing. */
class TlsFaultTest {
  private static SenderRig rig;
  private static Certificates certificates;

  @BeforeAll
  static void start() throws Exception {
    certificates = Certificates.make();
    rig = certificates.rig();
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static void assertRefused(NetworkFault fault, SSLServerSocketFactory server, String host) {
    try (RawReceiver receiver = new RawReceiver(Fault.OK, server)) {
      for (int i = 0; i < 2; i++) { // the second finds the place free
        Attempt attempt = rig.ended(rig.send(receiver.url(host)));
        assertThat(attempt.error()).isEqualTo(fault.error());
        assertThat(attempt.statusCode()).isNull();
      }
      receiver.awaitClosed();
      assertThat(receiver.requests()).isEmpty();
    }
  }

  @Test
  void aGoodCertificateIsAccepted() {
    try (RawReceiver receiver = new RawReceiver(Fault.OK, certificates.good())) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
      assertThat(receiver.accepted()).isEqualTo(1);
      assertThat(receiver.requests()).allMatch(head -> head.contains(Certificates.HOST + ":" + receiver.port()));
    }
  }

  @Test
  void anExpiredCertificateIsRefused() {
    assertRefused(NetworkFault.TLS_EXPIRED, certificates.expired(), Certificates.HOST);
  }

  @Test
  void aSelfSignedCertificateIsRefused() {
    assertRefused(NetworkFault.TLS_SELF_SIGNED, certificates.selfSigned(), Certificates.HOST);
  }

  @Test
  void aCertificateOfAnotherHostIsRefused() {
    assertRefused(NetworkFault.TLS_OTHER_NAME, certificates.good(), "others.example.com");
    assertRefused(NetworkFault.TLS_OTHER_NAME, certificates.good(), "127.0.0.1");
  }

  @Test
  void aCertificateThatOnlyTheTestsTrustIsRefusedInProduction() {
    try (SenderRig production = new SenderRig(SenderRig.Sockets.NATIVE);
        RawReceiver receiver = new RawReceiver(Fault.OK, certificates.good())) {
      assertThat(production.ended(production.send(receiver.url())).error())
          .isEqualTo(NetworkFault.TLS_UNKNOWN_ISSUER.error());
      assertThat(receiver.requests()).isEmpty();
    }
  }

  @Test
  void aReceiverThatDoesNotSpeakTlsIsRefused() {
    assertUnencrypted(NetworkFault.TLS_NONE, c -> {
      c.write("HTTP/1.1 400 No TLS here\r\nContent-Length: 0\r\n\r\n");
      c.awaitClose();
    });
  }

  @Test
  void aHandshakeThatHangsTimesOutAndItsSocketIsClosed() {
    assertUnencrypted(NetworkFault.TLS_HANGS, c -> c.awaitClose());
  }

  @Test
  void aHandshakeThatIsCutIsRefused() {
    assertUnencrypted(NetworkFault.TLS_CUT, c -> c.read());
  }

  /** Java's own server would not do it any more: its answer is written by hand. */
  @Test
  void onlyTls12AndLaterIsSpoken() {
    CompletableFuture<String> hello = new CompletableFuture<>();
    assertUnencrypted(NetworkFault.TLS_OLD, c -> {
      ByteArrayOutputStream record = new ByteArrayOutputStream();
      for (int length = 5; record.size() < length; ) {
        record.write(c.read());
        if (record.size() == 5) {
          length += record.toByteArray()[3] << 8 | record.toByteArray()[4] & 0xff;
        }
      }
      hello.complete(HexFormat.of().formatHex(record.toByteArray()));
      // ServerHello of TLS 1.0, with TLS_RSA_WITH_AES_128_CBC_SHA
      c.write(HexFormat.of().parseHex("160301002a" + "02000026" + "0301" + "00".repeat(32) + "00" + "002f" + "00"));
      c.awaitClose();
    });
    assertThat(hello).isCompletedWithValueMatching(bytes -> bytes.contains("002b" + "0005" + "04" + "0304" + "0303"),
        "supported_versions: TLS 1.3 and 1.2");
  }

  @Test
  void keyUpdatesWithoutEndAreCutOffWhetherARequestWaitsOrNot() {
    try (SenderRig patient = certificates.rig(Waiting.LONG);
        RawReceiver receiver = new RawReceiver(Fault.then(c -> c.updateKeysWithoutEnd()), certificates.good())) {
      Attempt unanswered = patient.ended(patient.send(receiver.url(Certificates.HOST)));
      assertThat(unanswered.error()).isEqualTo(AttemptError.PROTOCOL_ERROR);
      receiver.awaitClosed();

      receiver.behave(Fault.then(c -> {
        c.write(Receivers.ok("first"));
        c.updateKeysWithoutEnd();
      }));
      assertThat(patient.ended(patient.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
      receiver.awaitClosed();
    }
  }

  private static void assertUnencrypted(NetworkFault fault, Script script) {
    try (RawReceiver receiver = new RawReceiver(script)) {
      String url = receiver.url(Certificates.HOST).replace("http:", "https:");
      for (int i = 0; i < 2; i++) { // the second finds the place free
        assertThat(rig.ended(rig.send(url)).error()).isEqualTo(fault.error());
        receiver.awaitClosed();
      }
      assertThat(receiver.accepted()).isEqualTo(2);
    }
  }
}
