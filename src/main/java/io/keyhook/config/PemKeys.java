package io.keyhook.config;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The keys of one signature algorithm of JWT (RFC 7518), in PEM: RS256 from 2048 bits on, ES256 on the curve P-256. */
record PemKeys(String algorithm) {
  private static final int RSA_BITS = 2048;

  /** Returns the public key (X.509), or empty if there is none for this algorithm. */
  Optional<PublicKey> publicKey(String pem) {
    return parse("PUBLIC KEY", pem, der -> KeyFactory.getInstance(type()).generatePublic(new X509EncodedKeySpec(der)));
  }

  /** Returns the private key (PKCS#8), or empty if there is none for this algorithm. */
  Optional<PrivateKey> privateKey(String pem) {
    return parse("PRIVATE KEY", pem, der -> KeyFactory.getInstance(type()).generatePrivate(new PKCS8EncodedKeySpec(der)));
  }

  /** Whether the one verifies what the other signs. */
  boolean arePair(PublicKey publicKey, PrivateKey privateKey) {
    byte[] message = {1, 2, 3};
    try {
      Signature signature = Signature.getInstance(isRsa() ? "SHA256withRSA" : "SHA256withECDSA");
      signature.initSign(privateKey);
      signature.update(message);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** The key in the one form of PEM that every reader takes, whatever the line breaks it came with. */
  static String pem(Key key) {
    String label = key instanceof PrivateKey ? "PRIVATE KEY" : "PUBLIC KEY";
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded());
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }

  boolean isRsa() {
    return algorithm.equals("RS256");
  }

  private String type() {
    return isRsa() ? "RSA" : "EC";
  }

  private interface Decoder<K> {
    K decode(byte[] der) throws GeneralSecurityException;
  }

  private static <K extends Key> Optional<K> parse(String label, String pem, Decoder<K> decoder) {
    // Environment variables often hold a PEM in one line, with \n written out.
    Matcher matcher = Pattern.compile("-----BEGIN " + label + "-----([A-Za-z0-9+/=\\s]+)-----END " + label + "-----")
        .matcher(pem.replace("\\r", "").replace("\\n", "\n").strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    try {
      K key = decoder.decode(Base64.getDecoder().decode(matcher.group(1).replaceAll("\\s", "")));
      return isStrong(key) ? Optional.of(key) : Optional.empty();
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isStrong(Key key) throws GeneralSecurityException {
    if (key instanceof RSAKey rsa) {
      return rsa.getModulus().bitLength() >= RSA_BITS;
    }
    AlgorithmParameters p256 = AlgorithmParameters.getInstance("EC");
    p256.init(new ECGenParameterSpec("secp256r1"));
    ECParameterSpec expected = p256.getParameterSpec(ECParameterSpec.class);
    return key instanceof ECKey ec && ec.getParams().getCurve().equals(expected.getCurve());
  }
}
