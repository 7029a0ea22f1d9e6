package io.keyhook.db;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256: tells contents apart, and is how credentials that are random enough to need no salt and no slow hash are kept. */
public final class Hashes {
  private Hashes() {}

  /** Of all parts, one after another. */
  public static byte[] sha256(byte[]... parts) {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        hash.update(part);
      }
      return hash.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
