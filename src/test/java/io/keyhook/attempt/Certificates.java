package io.keyhook.attempt;

import io.keyhook.target.Policies;
import io.vertx.core.Future;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocketFactory;

/** An authority of the tests' own, made by the JDK's keytool, and servers with good and bad certificates. */
final class Certificates {
  /** In the good certificate; {@link #rig} resolves it, and every other name, to this machine. */
  static final String HOST = "hooks.example.com";

  private static final String PASSWORD = "password";

  private final KeyStore all;

  private Certificates(KeyStore all) {
    this.all = all;
  }

  static Certificates make() throws IOException, GeneralSecurityException, InterruptedException {
    Path directory = Files.createTempDirectory("keyhook-certificates");
    Path store = directory.resolve("store.p12");
    try {
      key(store, "authority", "-ext", "bc:c");
      key(store, "good", "-signer", "authority", "-ext", "san=dns:" + HOST);
      key(store, "expired", "-signer", "authority", "-ext", "san=dns:" + HOST, "-startdate", "-10d", "-validity", "5");
      key(store, "self", "-ext", "san=dns:" + HOST);
      KeyStore all = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(store)) {
        all.load(in, PASSWORD.toCharArray());
      }
      return new Certificates(all);
    } finally {
      Files.deleteIfExists(store);
      Files.delete(directory);
    }
  }

  private static void key(Path store, String alias, String... options) throws IOException, InterruptedException {
    String program = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command = new ArrayList<>(List.of(program, "-genkeypair", "-keystore", store.toString(),
        "-storetype", "PKCS12", "-storepass", PASSWORD, "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1",
        "-dname", "CN=" + alias));
    command.addAll(List.of(options));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes());
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool: " + said);
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
      one.setKeyEntry(alias, all.getKey(alias, PASSWORD.toCharArray()), PASSWORD.toCharArray(),
          all.getCertificateChain(alias));
      KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(one, PASSWORD.toCharArray());
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
    return new SenderRig(SenderRig.Sockets.NATIVE, new VertxOptions(),
        vertx -> host -> Future.succeededFuture(List.of(InetAddress.getLoopbackAddress())), Policies.insecure(),
        trust(), timeout);
  }
}
