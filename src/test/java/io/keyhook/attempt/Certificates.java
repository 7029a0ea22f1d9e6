package io.keyhook.attempt;

import io.keyhook.target.Policies;
import io.keyhook.testing.Keytool;
import io.vertx.core.Future;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocketFactory;

/** An authority of the tests' own, made by the JDK's keytool, and servers with good and bad certificates. */
final class Certificates {
  /** In the good certificate; {@link #rig} resolves it, and every other name, to this machine. */
  static final String HOST = "hooks.example.com";

  private final KeyStore all;

  private Certificates(KeyStore all) {
    this.all = all;
  }

  static Certificates make() throws IOException, GeneralSecurityException, InterruptedException {
    Path directory = Files.createTempDirectory("keyhook-certificates");
    Path store = directory.resolve("store.p12");
    try {
      return new Certificates(new Keytool(store)
          .key("authority", "-ext", "bc:c")
          .key("good", "-signer", "authority", "-ext", "san=dns:" + HOST)
          .key("expired", "-signer", "authority", "-ext", "san=dns:" + HOST, "-startdate", "-10d", "-validity", "5")
          .key("self", "-ext", "san=dns:" + HOST)
          .load());
    } finally {
      Files.deleteIfExists(store);
      Files.delete(directory);
    }
  }

  SSLServerSocketFactory good() {
    return server("good");
  }

  SSLServerSocketFactory expired() {
    return server("expired");
  }

  SSLServerSocketFactory selfSigned() {
    return server("self");
  }

  private SSLServerSocketFactory server(String alias) {
    try {
      KeyStore one = KeyStore.getInstance("PKCS12");
      one.load(null, null);
      one.setKeyEntry(alias, all.getKey(alias, Keytool.PASSWORD.toCharArray()), Keytool.PASSWORD.toCharArray(),
          all.getCertificateChain(alias));
      KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(one, Keytool.PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context.getServerSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The authority, and nobody else. */
  TrustOptions trust() {
    try {
      return new PemTrustOptions().addCertValue(Buffer.buffer("-----BEGIN CERTIFICATE-----\n"
          + Base64.getMimeEncoder().encodeToString(all.getCertificate("authority").getEncoded())
          + "\n-----END CERTIFICATE-----\n"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A sender that trusts the authority. */
  SenderRig rig() {
    return rig(SenderRig.TIMEOUT);
  }

  SenderRig rig(Duration timeout) {
    return rig(timeout, 1);
  }

  /**
   * @param connections of a receiver and account
   */
  SenderRig rig(Duration timeout, int connections) {
    return rig(timeout, connections, null, InetAddress.getLoopbackAddress());
  }

  /**
   * @param proxy null: connections are direct
   * @param addresses of every host
   */
  SenderRig rig(Duration timeout, int connections, OutgoingProxy proxy, InetAddress... addresses) {
    return new SenderRig(SenderRig.Sockets.NATIVE, new VertxOptions(),
        (vertx, egress) -> host -> Future.succeededFuture(List.of(addresses)), Policies.insecure(),
        trust(), timeout, connections, proxy);
  }
}
