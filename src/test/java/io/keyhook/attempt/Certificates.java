package io.keyhook.attempt;

import io.keyhook.bus.ClientCertificate;
import io.keyhook.target.Policies;
import io.keyhook.testing.Keytool;
import io.vertx.core.Future;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** An authority of the tests' own, made by the JDK's keytool, and servers with good and bad certificates. */
final class Certificates {
  /** In the good certificate; {@link #rig} resolves it, and every other name, to this machine. */
  static final String HOST = "hooks.example.com";

  /** Made once for all tests of a process, because making one takes a process of its own; null: not yet. */
  private static Certificates ofServers;
  private static Certificates ofServersAndClients;

  private final KeyStore all;

  private Certificates(KeyStore all) {
    this.all = all;
  }

  static synchronized Certificates make() throws IOException, GeneralSecurityException, InterruptedException {
    if (ofServers == null) {
      ofServers = make(new String[0][]);
    }
    return ofServers;
  }

  /** The same with certificates of clients, good and bad. */
  static synchronized Certificates withClients() throws IOException, GeneralSecurityException, InterruptedException {
    if (ofServersAndClients == null) {
      ofServersAndClients = makeWithClients();
    }
    return ofServersAndClients;
  }

  private static Certificates makeWithClients() throws IOException, GeneralSecurityException, InterruptedException {
    return make(new String[][] {
        {"local", "-signer", "authority", "-ext", "san=ip:127.0.0.1"},
        {"client-a", "-signer", "authority"},
        {"client-b", "-signer", "authority"},
        {"client-rsa", "-signer", "authority", "-keyalg", "RSA", "-keysize", "2048"},
        {"client-expired", "-signer", "authority", "-startdate", "-10d", "-validity", "5"},
        {"client-future", "-signer", "authority", "-startdate", "+10d", "-validity", "5"},
        {"client-short", "-signer", "authority", "-keyalg", "RSA", "-keysize", "1024"},
        {"client-other", "-keyalg", "Ed25519"},
        {"stranger"}});
  }

  /**
   * @param more aliases, each with its options
   */
  private static Certificates make(String[][] more) throws IOException, GeneralSecurityException, InterruptedException {
    Path directory = Files.createTempDirectory("keyhook-certificates");
    Path store = directory.resolve("store.p12");
    try {
      Keytool keytool = new Keytool(store)
          .key("authority", "-ext", "bc:c")
          .key("good", "-signer", "authority", "-ext", "san=dns:" + HOST)
          .key("expired", "-signer", "authority", "-ext", "san=dns:" + HOST, "-startdate", "-10d", "-validity", "5")
          .key("self", "-ext", "san=dns:" + HOST);
      for (String[] key : more) {
        keytool.key(key[0], Arrays.copyOfRange(key, 1, key.length));
      }
      return new Certificates(keytool.load());
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

  /** A server that lets in who has a certificate of the authority, by the name {@link #HOST} or at 127.0.0.1. */
  ServerSocketFactory requiringClients(boolean local) {
    SSLServerSocketFactory server = server(local ? "local" : "good", TrustAuthority.YES);
    return new ServerSocketFactory() {
      @Override
      public ServerSocket createServerSocket(int port) throws IOException {
        return requiring(server.createServerSocket(port));
      }

      @Override
      public ServerSocket createServerSocket(int port, int backlog) throws IOException {
        return requiring(server.createServerSocket(port, backlog));
      }

      @Override
      public ServerSocket createServerSocket(int port, int backlog, InetAddress address) throws IOException {
        return requiring(server.createServerSocket(port, backlog, address));
      }
    };
  }

  private static ServerSocket requiring(ServerSocket socket) {
    ((SSLServerSocket) socket).setNeedClientAuth(true);
    return socket;
  }

  /** A client's certificate and its key. */
  ClientCertificate client(String alias) {
    return new ClientCertificate(certificate(alias), key(alias));
  }

  String certificate(String alias) {
    try {
      return pem("CERTIFICATE", all.getCertificate(alias).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  String key(String alias) {
    try {
      return pem("PRIVATE KEY", all.getKey(alias, Keytool.PASSWORD.toCharArray()).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static String pem(String label, byte[] bytes) {
    return "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + label + "-----\n";
  }

  private enum TrustAuthority { YES, NO }

  private SSLServerSocketFactory server(String alias) {
    return server(alias, TrustAuthority.NO);
  }

  private SSLServerSocketFactory server(String alias, TrustAuthority trust) {
    try {
      KeyStore one = KeyStore.getInstance("PKCS12");
      one.load(null, null);
      one.setKeyEntry(alias, all.getKey(alias, Keytool.PASSWORD.toCharArray()), Keytool.PASSWORD.toCharArray(),
          all.getCertificateChain(alias));
      KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(one, Keytool.PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust == TrustAuthority.NO ? null : trusting().getTrustManagers(), null);
      return context.getServerSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private TrustManagerFactory trusting() throws GeneralSecurityException, IOException {
    KeyStore one = KeyStore.getInstance("PKCS12");
    one.load(null, null);
    one.setCertificateEntry("authority", all.getCertificate("authority"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(one);
    return trust;
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
