package io.keyhook.account;

import io.keyhook.db.Hashes;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/** API keys: {@code kh_} and 40 random characters. Only their SHA-256 is kept. */
public final class ApiKeys {
  public static final String PREFIX = "kh_";

  private static final byte[] RESTRICTED = "restricted ".getBytes(StandardCharsets.US_ASCII);
  private static final int LENGTH = 40;
  private static final int HINT_LENGTH = 7;

  private ApiKeys() {}

  public static String generate(SecureRandom random) {
    return PREFIX + RandomText.of(random, LENGTH);
  }

  /**
   * @param restricted whether the key has not full access or expires: nodes of versions that know neither must not find it
   */
  static byte[] hash(String key, boolean restricted) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    return restricted ? Hashes.sha256(RESTRICTED, bytes) : Hashes.sha256(bytes);
  }

  /** Returns the first characters of a key, to distinguish keys in a list. */
  static String hint(String key) {
    return key.substring(0, HINT_LENGTH);
  }
}
