package io.keyhook.db;

import io.keyhook.bus.PemCertificates;
import io.keyhook.bus.PemKeyPair;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.pgclient.SslMode;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Whom a connection to the database trusts, and with which certificate it shows itself. The event loops' client and the JDBC
 * driver use the same, so that one does not accept what the other refuses.
 */
final class Tls {
  private final Optional<TrustManagerFactory> trusted;
  private final Optional<KeyManagerFactory> own;

  private Tls(Optional<TrustManagerFactory> trusted, Optional<KeyManagerFactory> own) {
    this.trusted = trusted;
    this.own = own;
  }

  /**
   * Reads the files that the URI names. Blocks.
   *
   * @throws IllegalArgumentException one cannot be used
   */
  static Tls of(ConnectionUri uri) {
    return of(uri.sslMode(), uri.rootCertificate(), uri.certificate(), uri.key());
  }

  static Tls of(SslMode mode, Optional<Path> rootCertificate, Optional<Path> certificate, Optional<Path> key) {
    try {
      boolean verifies = mode == SslMode.VERIFY_CA || mode == SslMode.VERIFY_FULL;
      Optional<TrustManagerFactory> trusted = verifies ? Optional.of(trusted(rootCertificate)) : Optional.empty();
      return new Tls(trusted, certificate.isEmpty() ? Optional.empty() : Optional.of(own(certificate.get(), key.orElseThrow())));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrustManagerFactory trusted(Optional<Path> file) throws GeneralSecurityException, IOException {
    KeyStore store = null; // the JVM's own
    if (file.isPresent()) {
      store = emptyStore();
      for (Certificate certificate : certificates("sslrootcert", file.get())) {
        store.setCertificateEntry("root-" + store.size(), certificate);
      }
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory;
  }

  private static KeyManagerFactory own(Path certificate, Path key) {
    List<X509Certificate> chain = certificates("sslcert", certificate);
    return new PemKeyPair(chain, privateKey(key, chain.get(0).getPublicKey().getAlgorithm())).keyManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static List<X509Certificate> certificates(String parameter, Path file) {
    try {
      return PemCertificates.read(file);
    } catch (IOException e) {
      throw new IllegalArgumentException(parameter + " must name a readable file: " + file, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(parameter + " must name a file with certificates in PEM: " + file, e);
    }
  }

  private static PrivateKey privateKey(Path file, String algorithm) {
    try {
      return PemKeyPair.privateKey(file, algorithm);
    } catch (IOException e) {
      throw new IllegalArgumentException("sslkey must name a readable file: " + file, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("sslkey must name the private key of sslcert, in PEM (PKCS#8) and not encrypted"
          + " (openssl pkcs8 -topk8 -nocrypt makes one of others): " + file, e);
    }
  }

  /** For the event loops' client. A name is checked only if the mode is {@code verify-full}. */
  ClientSSLOptions clientOptions(SslMode mode) {
    ClientSSLOptions options = new ClientSSLOptions()
        .setHostnameVerificationAlgorithm(mode == SslMode.VERIFY_FULL ? "HTTPS" : "")
        .setTrustAll(trusted.isEmpty());
    trusted.ifPresent(factory -> options.setTrustOptions(TrustOptions.wrap(factory)));
    own.ifPresent(factory -> options.setKeyCertOptions(KeyCertOptions.wrap(factory)));
    return options;
  }

  /** For the JDBC driver, which checks the name itself. */
  SSLContext context() throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.map(KeyManagerFactory::getKeyManagers).orElse(null),
        trusted.map(TrustManagerFactory::getTrustManagers).orElseGet(TrustAll::managers), null);
    return context;
  }
}
