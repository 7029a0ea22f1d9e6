package io.keyhook.bus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;

/**
 * A certificate with its private key.
 *
 * @param chain the certificate, and those that lead to its authority
 */
public record PemKeyPair(List<X509Certificate> chain, PrivateKey key) {
  private static final char[] NO_PASSWORD = {};
  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String END = "-----END PRIVATE KEY-----";

  /**
   * Reads two files. Blocks.
   *
   * @throws IOException one cannot be read
   * @throws GeneralSecurityException one cannot be used, or the key is that of another certificate
   */
  public static PemKeyPair read(Path certificate, Path key) throws IOException, GeneralSecurityException {
    List<X509Certificate> chain = PemCertificates.read(certificate);
    PublicKey open = chain.get(0).getPublicKey();
    PrivateKey secret = privateKey(key, open.getAlgorithm());
    String algorithm = switch (open.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      default -> open.getAlgorithm(); // EdDSA names itself
    };
    byte[] message = {1};
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(secret);
    signer.update(message);
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(open);
    verifier.update(message);
    if (!verifier.verify(signer.sign())) {
      throw new InvalidKeySpecException(key + " is not the private key of " + certificate);
    }
    return new PemKeyPair(chain, secret);
  }

  /**
   * Reads a private key in PKCS#8 that is not encrypted. Blocks.
   *
   * @param algorithm of the key, such as RSA or EC
   * @throws GeneralSecurityException the file has no such key
   */
  public static PrivateKey privateKey(Path file, String algorithm) throws IOException, GeneralSecurityException {
    String pem = Files.readString(file);
    int begin = pem.indexOf(BEGIN) + BEGIN.length();
    int end = pem.indexOf(END, begin);
    if (begin < BEGIN.length() || end < 0) {
      throw new InvalidKeySpecException(file + " has no private key in PKCS#8");
    }
    try {
      return KeyFactory.getInstance(algorithm)
          .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.substring(begin, end))));
    } catch (IllegalArgumentException e) {
      throw new InvalidKeySpecException(file + " is not base64", e);
    }
  }

  /** Returns what shows this certificate to the other side of a connection. */
  public KeyManagerFactory keyManagers() {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("own", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
      KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, NO_PASSWORD);
      return factory;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String toString() {
    return "PemKeyPair[]";
  }
}
