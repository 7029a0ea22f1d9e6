package io.keyhook.signing;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;

/**
 * Ed25519 (RFC 8032) of the JDK 17, which computes it in Java. A signature takes 1.25 ms on one of 2 shared cores, some 5 ms while others
 * keep them busy, and 50 ms the first time; a new key takes as long. So both belong on a worker. Any thread.
 */
final class Ed25519 {
  private static final String NAME = "Ed25519";
  private static final int PUBLIC_KEY = 32;

  private Ed25519() {}

  /**
   * A new key.
   *
   * @param publicKey its 32 bytes: RFC 8410 puts them at the end of the encoded form
   * @param privateKey PKCS #8
   */
  record Generated(byte[] publicKey, byte[] privateKey) {}

  static Generated generate() {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(NAME).generateKeyPair();
      byte[] encoded = pair.getPublic().getEncoded();
      return new Generated(Arrays.copyOfRange(encoded, encoded.length - PUBLIC_KEY, encoded.length), pair.getPrivate().getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every Java 17 has Ed25519", e);
    }
  }

  /**
   * @param privateKey PKCS #8
   */
  static byte[] sign(byte[] privateKey, byte[] message) {
    try {
      PrivateKey key = KeyFactory.getInstance(NAME).generatePrivate(new PKCS8EncodedKeySpec(privateKey));
      Signature signature = Signature.getInstance(NAME);
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
