package io.keyhook.license;

import java.security.SecureRandom;
import java.util.Locale;

/** License keys: four groups of four out of 30 characters that are not mistaken for each other, 78 random bits. */
final class LicenseKeys {
  private static final String ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
  private static final int GROUPS = 4;
  private static final int GROUP = 4;

  private LicenseKeys() {}

  static String generate(SecureRandom random) {
    StringBuilder key = new StringBuilder(GROUPS * (GROUP + 1));
    for (int i = 0; i < GROUPS * GROUP; i++) {
      if (i > 0 && i % GROUP == 0) {
        key.append('-');
      }
      key.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return key.toString();
  }

  /** What a key is looked up by: people type it in any case, and with space around it. */
  static String lookup(String key) {
    String stripped = key.strip();
    boolean ascii = stripped.chars().allMatch(c -> c < 128);
    return ascii ? stripped.toUpperCase(Locale.ROOT) : stripped; // no other script folds into a key
  }
}
