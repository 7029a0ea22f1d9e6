package io.keyhook.license;

import java.security.SecureRandom;

/** License keys: four groups of four out of 30 characters that are not mistaken for each other, 78 random bits. */
final class LicenseKeys {
  private static final String ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
  private static final int GROUPS = 4;
  private static final int GROUP = 4;
  /** Five random bits choose a character; values beyond the alphabet are skipped, so that each character is as likely. */
  private static final int FIVE_BITS = 31;
  /** Enough for most keys: a call for each character takes ten times as long. */
  private static final int DRAWN_AT_ONCE = 32;
  /** The full-width forms of {@code !} to {@code ~} (Unicode block Halfwidth and Fullwidth Forms). */
  private static final char FULL_WIDTH_FIRST = '\uff01';
  private static final char FULL_WIDTH_LAST = '\uff5e';
  /** Hyphens that Unicode does not count among the dashes. */
  private static final char MINUS = '\u2212';
  private static final char HYPHEN_BULLET = '\u2043';
  /** A line break that Java does not count among white space. */
  private static final char NEXT_LINE = '\u0085';
  /** Variation selectors: they change how a character looks. */
  private static final char VARIATION_FIRST = '\ufe00';
  private static final char VARIATION_LAST = '\ufe0f';

  private LicenseKeys() {}

  static String generate(SecureRandom random) {
    StringBuilder key = new StringBuilder(GROUPS * (GROUP + 1));
    byte[] drawn = new byte[DRAWN_AT_ONCE];
    int length = 0;
    while (length < GROUPS * GROUP) {
      random.nextBytes(drawn);
      for (int i = 0; i < drawn.length && length < GROUPS * GROUP; i++) {
        int at = drawn[i] & FIVE_BITS;
        if (at < ALPHABET.length()) {
          key.append(length > 0 && length % GROUP == 0 ? "-" : "").append(ALPHABET.charAt(at));
          length++;
        }
      }
    }
    return key.toString();
  }

  /**
   * The form that a key is looked up by: ASCII letters in upper case, without hyphens. Mail clients, PDFs and phones add
   * spaces, invisible marks and typographic hyphens, or replace characters by their full-width forms; none of these counts.
   * Other scripts are left as they are, so that nothing else turns into a key. The database computes the same of a stored
   * key: {@code upper(replace(key, '-', ''))}.
   */
  static String form(String key) {
    StringBuilder form = new StringBuilder(key.length());
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      char plain = c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST ? (char) (c - FULL_WIDTH_FIRST + '!') : c;
      if (!isLayout(plain)) {
        form.append(plain >= 'a' && plain <= 'z' ? (char) (plain - 'a' + 'A') : plain);
      }
    }
    return form.toString();
  }

  /** Whether what somebody entered is a key but for case and the space around it. */
  static boolean isSame(String entered, String key) {
    return entered.strip().equalsIgnoreCase(key);
  }

  private static boolean isLayout(char c) {
    if (c < 128) {
      return c == '-' || Character.isWhitespace(c);
    }
    int type = Character.getType(c);
    return Character.isSpaceChar(c) || Character.isWhitespace(c) || type == Character.FORMAT
        || type == Character.DASH_PUNCTUATION || c == MINUS || c == HYPHEN_BULLET || c == NEXT_LINE
        || c >= VARIATION_FIRST && c <= VARIATION_LAST;
  }
}
