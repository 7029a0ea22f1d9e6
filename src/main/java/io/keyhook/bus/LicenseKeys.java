package io.keyhook.bus;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/** License keys: four groups of four out of 30 unambiguous characters, with 78 random bits. */
public final class LicenseKeys {
  private static final String ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
  private static final int GROUPS = 4;
  private static final int GROUP = 4;
  /** Five random bits choose a character; values beyond the alphabet are skipped, so that each character is as likely. */
  private static final int FIVE_BITS = 31;
  /** Random bytes for most keys in one call: a call for each character takes ten times as long. */
  private static final int DRAWN_AT_ONCE = 32;
  /** The full-width forms of {@code !} to {@code ~} (Unicode block Halfwidth and Fullwidth Forms). */
  private static final char FULL_WIDTH_FIRST = '\uff01';
  private static final char FULL_WIDTH_LAST = '\uff5e';
  /** Hyphens outside of Unicode's category of dashes. */
  private static final char MINUS = '\u2212';
  private static final char HYPHEN_BULLET = '\u2043';
  /** A line break that is not white space in Java. */
  private static final char NEXT_LINE = '\u0085';
  /** Variation selectors, which change the look of a character. */
  private static final char VARIATION_FIRST = '\ufe00';
  private static final char VARIATION_LAST = '\ufe0f';
  /** Stands for a dropped character. */
  private static final char NOTHING = 0;

  private LicenseKeys() {}

  public static String generate(SecureRandom random) {
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
   * Returns the form by which a key is looked up: ASCII letters in upper case, without hyphens. Mail clients, PDFs and phones add
   * spaces, invisible marks and typographic hyphens, or replace characters by their full-width forms; all of these are ignored.
   * Other scripts stay unchanged, so that nothing else turns into a key. The database computes the same for a stored
   * key: {@code upper(replace(key, '-', ''))}.
   */
  public static String form(String key) {
    StringBuilder form = new StringBuilder(key.length());
    for (int i = 0; i < key.length(); i++) {
      char typed = typed(key.charAt(i));
      if (typed != NOTHING && typed != ' ' && typed != '-') {
        form.append(typed >= 'a' && typed <= 'z' ? (char) (typed - 'a' + 'A') : typed);
      }
    }
    return form.toString();
  }

  /**
   * Returns a key, or part of one, as typed on a keyboard: with plain hyphens and spaces, without invisible marks, full-width
   * forms and surrounding spaces.
   */
  public static String typed(String text) {
    StringBuilder typed = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = typed(text.charAt(i));
      if (c != NOTHING) {
        typed.append(c);
      }
    }
    return typed.toString().strip();
  }

  /**
   * Returns the forms that a text without hyphens can have in a generated key across the end of a group: one for each position
   * in a group at which it can begin.
   *
   * @return empty if no generated key can contain the text, or if it needs no hyphen
   */
  public static List<String> parts(String text) {
    String form = form(text);
    if (form.length() <= GROUP || form.length() > GROUPS * GROUP || typed(text).indexOf('-') >= 0
        || form.chars().anyMatch(c -> ALPHABET.indexOf(c) < 0)) {
      return List.of();
    }
    List<String> parts = new ArrayList<>(GROUP);
    for (int begin = 0; begin < GROUP && begin + form.length() <= GROUPS * GROUP; begin++) {
      StringBuilder part = new StringBuilder(GROUPS * (GROUP + 1));
      for (int i = 0; i < form.length(); i++) {
        part.append(i > 0 && (begin + i) % GROUP == 0 ? "-" : "").append(form.charAt(i));
      }
      parts.add(part.toString());
    }
    return parts;
  }

  /**
   * Returns the end of a key, by which people tell it from others and nobody can guess it: up to {@value #GROUP} characters, and no more
   * than a quarter of the key.
   *
   * @param key null: none
   * @return null: there is no key
   */
  public static String hint(String key) {
    return key == null ? null : "…" + key.substring(key.length() - Math.min(GROUP, key.length() / GROUPS));
  }

  /** Returns whether the input is a key, apart from case and surrounding spaces. */
  public static boolean isSame(String entered, String key) {
    return entered.strip().equalsIgnoreCase(key);
  }

  private static char typed(char c) {
    char plain = c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST ? (char) (c - FULL_WIDTH_FIRST + '!') : c;
    if (plain < 128) {
      return Character.isWhitespace(plain) ? ' ' : plain;
    }
    int type = Character.getType(plain);
    if (Character.isSpaceChar(plain) || Character.isWhitespace(plain) || plain == NEXT_LINE) {
      return ' ';
    }
    if (type == Character.DASH_PUNCTUATION || plain == MINUS || plain == HYPHEN_BULLET) {
      return '-';
    }
    return type == Character.FORMAT || plain >= VARIATION_FIRST && plain <= VARIATION_LAST ? NOTHING : plain;
  }
}
