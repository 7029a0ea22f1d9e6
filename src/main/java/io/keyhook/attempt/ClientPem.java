package io.keyhook.attempt;

import io.keyhook.bus.Check;
import io.keyhook.bus.ClientCertificate;
import io.keyhook.bus.JsonText;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A client certificate and its private key, read from PEM. Messages name the field and contain nothing of a key. Any thread.
 *
 * @param chain the client's certificate, followed by those that lead to its authority
 */
public record ClientPem(List<X509Certificate> chain, PrivateKey key) {
  private static final String CERTIFICATE = "authentication.certificate";
  private static final String PRIVATE_KEY = "authentication.privateKey";
  private static final int MAX_CHAIN = 10;
  /** A handshake signs on the event loop, and with a longer key that takes too long. */
  private static final int MAX_RSA_BITS = 4096;
  private static final int MIN_RSA_BITS = 2048;
  /** As many as Java allows for long keys; usual are 17. */
  private static final int MAX_RSA_EXPONENT_BITS = 64;
  /** The curves that Java's TLS signs with: P-256, P-384 and P-521. */
  private static final Set<Integer> CURVE_BITS = Set.of(256, 384, 521);
  private static final int SHOWN_NAME = 500;
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cntrl}\\p{Cs}]");
  private static final Pattern SPACE = Pattern.compile("\\s");
  private static final String CONVERT = "openssl pkcs8 -topk8 -nocrypt -in key.pem -out pkcs8.pem";
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});
  private static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String DASHES = "-----";

  /** What stands between two lines of dashes. */
  private record Block(String label, String text) {}

  /**
   * Reads PEM.
   *
   * @throws io.keyhook.bus.FailureException one of the two cannot be read
   */
  public static ClientPem read(ClientCertificate pem) {
    List<X509Certificate> chain = chain(pem.certificate());
    return new ClientPem(chain, key(pem.privateKey(), chain.get(0).getPublicKey()));
  }

  /**
   * Checks that they can be used now, and belong together.
   *
   * @throws io.keyhook.bus.FailureException they cannot
   */
  public ClientPem check(Instant now) {
    for (X509Certificate certificate : chain) {
      if (certificate.getNotAfter().toInstant().isBefore(now)) {
        throw Check.invalid(CERTIFICATE, "expired at " + JsonText.time(certificate.getNotAfter().toInstant()) + "; send a renewed one");
      } else if (certificate.getNotBefore().toInstant().isAfter(now)) {
        throw Check.invalid(CERTIFICATE, "is not valid before " + JsonText.time(certificate.getNotBefore().toInstant()));
      }
    }
    for (int i = 1; i < chain.size(); i++) {
      if (!chain.get(i - 1).getIssuerX500Principal().equals(chain.get(i).getSubjectX500Principal())) {
        throw Check.invalid(CERTIFICATE, "is not in order: the client's certificate comes first, then that of its issuer, and so on");
      }
    }
    if (!belongs(key, client().getPublicKey())) {
      throw Check.invalid(PRIVATE_KEY, "does not belong to the certificate");
    }
    return this;
  }

  private X509Certificate client() {
    return chain.get(0);
  }

  /** Returns it as it is kept: without text around it. */
  public ClientCertificate pem() {
    StringBuilder certificates = new StringBuilder();
    try {
      for (X509Certificate certificate : chain) {
        certificates.append(block("CERTIFICATE", certificate.getEncoded()));
      }
    } catch (CertificateException e) {
      throw new IllegalStateException(e); // it was decoded before
    }
    return new ClientCertificate(certificates.toString(), block("PRIVATE KEY", key.getEncoded()));
  }

  private static String block(String label, byte[] bytes) {
    return BEGIN + label + DASHES + '\n' + LINES.encodeToString(bytes) + '\n' + END + label + DASHES + '\n';
  }

  public String subject() {
    return shown(client().getSubjectX500Principal().getName());
  }

  public String issuer() {
    return shown(client().getIssuerX500Principal().getName());
  }

  public Instant expiresAt() {
    return client().getNotAfter().toInstant();
  }

  /** Returns the SHA-256 of the client's certificate, in hex. */
  public String fingerprint() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(client().getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String shown(String name) {
    String printable = UNPRINTABLE.matcher(name).replaceAll("\uFFFD");
    return printable.length() > SHOWN_NAME ? printable.substring(0, SHOWN_NAME) : printable;
  }

  private static List<X509Certificate> chain(String pem) {
    List<Block> blocks = blocks(CERTIFICATE, pem);
    if (blocks.isEmpty()) {
      throw Check.invalid(CERTIFICATE, "has no certificate in PEM");
    } else if (blocks.size() > MAX_CHAIN) {
      throw Check.invalid(CERTIFICATE, "has more than " + MAX_CHAIN + " certificates");
    }
    List<X509Certificate> chain = new ArrayList<>();
    for (Block block : blocks) {
      if (block.label.endsWith("PRIVATE KEY")) {
        throw Check.invalid(CERTIFICATE, "contains a private key; send it as privateKey");
      } else if (!block.label.equals("CERTIFICATE")) {
        throw Check.invalid(CERTIFICATE, "contains something other than certificates");
      }
      chain.add(certificate(block));
    }
    if (!isSupported(chain.get(0).getPublicKey())) {
      throw Check.invalid(CERTIFICATE, "has a key that is neither RSA of " + MIN_RSA_BITS + " to " + MAX_RSA_BITS
          + " bits nor EC on P-256, P-384 or P-521");
    }
    return List.copyOf(chain);
  }

  private static X509Certificate certificate(Block block) {
    try {
      return (X509Certificate) CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(decoded(CERTIFICATE, block)));
    } catch (CertificateException e) {
      throw Check.invalid(CERTIFICATE, "has a certificate that cannot be read");
    }
  }

  private static boolean isSupported(PublicKey key) {
    if (key instanceof RSAPublicKey rsa && key.getAlgorithm().equals("RSA")) {
      int bits = rsa.getModulus().bitLength();
      return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && rsa.getPublicExponent().bitLength() <= MAX_RSA_EXPONENT_BITS;
    }
    return key instanceof ECPublicKey ec && CURVE_BITS.contains(ec.getParams().getOrder().bitLength());
  }

  private static PrivateKey key(String pem, PublicKey of) {
    List<Block> blocks = blocks(PRIVATE_KEY, pem);
    for (Block block : blocks) {
      if (block.label.equals("ENCRYPTED PRIVATE KEY") || block.text.contains("ENCRYPTED")) {
        throw Check.invalid(PRIVATE_KEY, "is encrypted, and Keyhook encrypts it itself. Send what this command writes: " + CONVERT);
      } else if (block.label.equals("RSA PRIVATE KEY") || block.label.equals("EC PRIVATE KEY")) {
        throw Check.invalid(PRIVATE_KEY, "is not in PKCS#8. Send what this command writes: " + CONVERT);
      } else if (block.label.equals("CERTIFICATE")) {
        throw Check.invalid(PRIVATE_KEY, "contains a certificate; send it as certificate");
      }
    }
    if (blocks.size() != 1 || !blocks.get(0).label.equals("PRIVATE KEY")) {
      throw Check.invalid(PRIVATE_KEY, "is not one private key in PEM (PKCS#8)");
    }
    try {
      return KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(decoded(PRIVATE_KEY, blocks.get(0))));
    } catch (GeneralSecurityException e) {
      throw Check.invalid(PRIVATE_KEY, "cannot be read as the " + of.getAlgorithm() + " key of the certificate");
    }
  }

  private static boolean belongs(PrivateKey key, PublicKey of) {
    if (key instanceof RSAPrivateKey rsa && !isSound(rsa, (RSAPublicKey) of)) {
      return false;
    }
    byte[] text = "Do they belong together?".getBytes(StandardCharsets.US_ASCII);
    try {
      Signature signature = Signature.getInstance(key instanceof RSAPrivateKey ? "SHA256withRSA" : "SHA256withECDSA");
      signature.initSign(key);
      signature.update(text);
      byte[] signed = signature.sign();
      signature.initVerify(of);
      signature.update(text);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /**
   * Whether the numbers of a key are those of the modulus. Java takes others, of any size, and calculates with them in each handshake:
   * on the event loop, for as long as that takes.
   */
  private static boolean isSound(RSAPrivateKey key, RSAPublicKey of) {
    BigInteger modulus = of.getModulus();
    if (!key.getModulus().equals(modulus) || !isBelow(key.getPrivateExponent(), modulus)) {
      return false;
    }
    if (!(key instanceof RSAPrivateCrtKey parts)) {
      return true;
    }
    BigInteger p = parts.getPrimeP();
    BigInteger q = parts.getPrimeQ();
    return isBelow(p, modulus) && isBelow(q, modulus) && p.multiply(q).equals(modulus)
        && isBelow(parts.getPrimeExponentP(), p) && isBelow(parts.getPrimeExponentQ(), q) && isBelow(parts.getCrtCoefficient(), p)
        && parts.getPublicExponent().equals(of.getPublicExponent());
  }

  private static boolean isBelow(BigInteger number, BigInteger limit) {
    return number.signum() > 0 && number.compareTo(limit) < 0;
  }

  /** Text around the blocks, as OpenSSL writes it, is left out. */
  private static List<Block> blocks(String field, String pem) {
    List<Block> blocks = new ArrayList<>();
    int at = 0;
    for (int begin; (begin = pem.indexOf(BEGIN, at)) >= 0; ) {
      int label = begin + BEGIN.length();
      int text = pem.indexOf(DASHES, label);
      String name = text < 0 ? "" : pem.substring(label, text);
      int end = text < 0 ? -1 : pem.indexOf(END + name + DASHES, text);
      if (end < 0) {
        throw Check.invalid(field, "has a PEM block without an end");
      }
      blocks.add(new Block(name, pem.substring(text + DASHES.length(), end)));
      at = end + END.length() + name.length() + DASHES.length();
    }
    return blocks;
  }

  private static byte[] decoded(String field, Block block) {
    try {
      return Base64.getDecoder().decode(SPACE.matcher(block.text).replaceAll(""));
    } catch (IllegalArgumentException e) {
      throw Check.invalid(field, "has a PEM block that is not base64");
    }
  }

  /** Without the private key. */
  @Override
  public String toString() {
    return "ClientPem[subject=" + subject() + "]";
  }
}
