package io.keyhook.account;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** How credentials that are random enough to need no salt and no slow hash are kept. */
final class Hashes {
  private Hashes() {}

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
