package io.keyhook.target;

import java.text.Normalizer;
import java.util.Locale;

/**
 * The ASCII form of an international label (RFC 5890, 2.3.2.1). {@link java.net.IDN} knows IDNA 2003 and Unicode 3.2
 * only, and so refuses names that are registered today, such as those with a German sharp s or a Greek final sigma;
 * hence the decoder of RFC 3492 here.
 */
final class ALabel {

  static final String PREFIX = "xn--";

  // RFC 3492, 5
  private static final int BASE = 36;
  private static final int T_MIN = 1;
  private static final int T_MAX = 26;
  private static final int SKEW = 38;
  private static final int DAMP = 700;
  private static final int INITIAL_BIAS = 72;
  private static final int INITIAL_N = 0x80;

  private ALabel() {}

  /**
   * Whether the label decodes to text that needs this form: characters beyond ASCII that mapping (NFKC, lower case)
   * leaves as they are. A label that fails could be shown, or read by another resolver, as the ASCII name it maps to.
   * The other conditions are those of RFC 5891, 4.2.3.1, and RFC 3490, 3.1, which reads one more character as a dot.
   *
   * @param label in lower case, with its prefix
   */
  static boolean isValid(String label) {
    String text = decode(label.substring(PREFIX.length()));
    return text != null
        && text.codePoints().anyMatch(ALabel::isVisibleBeyondAscii)
        && !text.startsWith("-")
        && !text.endsWith("-")
        && text.indexOf('\u3002') < 0
        && text.equals(Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT));
  }

  /** Soft hyphen, joiners and variation selectors do not count: mapping drops them (RFC 3454, B.1). */
  private static boolean isVisibleBeyondAscii(int codePoint) {
    return codePoint >= INITIAL_N
        && !Character.isIdentifierIgnorable(codePoint)
        && Character.getType(codePoint) != Character.NON_SPACING_MARK;
  }

  /** RFC 3492, 6.2. It reads each text from one form only, so that nothing has to be encoded again to compare. */
  private static String decode(String encoded) {
    int delimiter = encoded.lastIndexOf('-');
    StringBuilder output = new StringBuilder(encoded.substring(0, Math.max(delimiter, 0)));
    int length = output.length();
    int n = INITIAL_N;
    int bias = INITIAL_BIAS;
    int i = 0;
    int next = delimiter > 0 ? delimiter + 1 : 0;
    while (next < encoded.length()) {
      // longs: a label's 63 digits must not overflow into a small number
      long sum = i;
      long weight = 1;
      for (int k = BASE; ; k += BASE) {
        int digit = next < encoded.length() ? digit(encoded.charAt(next++)) : -1;
        sum += digit * weight;
        if (digit < 0 || sum > Integer.MAX_VALUE) {
          return null;
        }
        int threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
        if (digit < threshold) {
          break;
        }
        weight *= BASE - threshold;
      }
      length++;
      bias = adapt((int) sum - i, length, i == 0);
      long codePoint = n + sum / length;
      if (codePoint > Character.MAX_CODE_POINT || isSurrogate((int) codePoint)) {
        return null;
      }
      n = (int) codePoint;
      i = (int) (sum % length);
      output.insert(output.offsetByCodePoints(0, i), Character.toChars(n));
      i++;
    }
    return output.toString();
  }

  private static int adapt(int delta, int length, boolean first) {
    int d = first ? delta / DAMP : delta / 2;
    d += d / length;
    int k = 0;
    while (d > (BASE - T_MIN) * T_MAX / 2) {
      d /= BASE - T_MIN;
      k += BASE;
    }
    return k + (BASE - T_MIN + 1) * d / (d + SKEW);
  }

  private static int digit(char c) {
    if (c >= 'a' && c <= 'z') {
      return c - 'a';
    }
    return c >= '0' && c <= '9' ? c - '0' + 26 : -1;
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }
}
