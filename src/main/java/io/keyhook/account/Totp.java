package io.keyhook.account;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Time-based one-time passwords (RFC 6238) with HMAC-SHA-1, 6 digits and steps of 30 s, which all authenticator apps know. The
 * step before and the one after are accepted, because clocks differ (5.2 of the RFC). Any thread.
 */
final class Totp {
  private static final int KEY_BYTES = 20; // RFC 4226, section 4, R6
  private static final int STEP_SECONDS = 30;
  private static final int DIGITS = 1_000_000;
  private static final int WINDOW = 1;
  private static final Pattern CODE = Pattern.compile("[0-9]{6}");
  private static final String BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648

  private Totp() {}

  static byte[] newKey(SecureRandom random) {
    byte[] key = new byte[KEY_BYTES];
    random.nextBytes(key);
    return key;
  }

  static long step(Instant time) {
    return Math.floorDiv(time.getEpochSecond(), STEP_SECONDS);
  }

  /** The code of a step, as text of six digits. */
  static String code(byte[] key, long step) {
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(key, "HmacSHA1"));
      byte[] hash = mac.doFinal(ByteBuffer.allocate(Long.BYTES).putLong(step).array());
      int truncated = ByteBuffer.wrap(hash).getInt(hash[hash.length - 1] & 0xf) & 0x7fff_ffff; // RFC 4226, 5.3
      return String.format(Locale.ROOT, "%06d", truncated % DIGITS);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every Java has HmacSHA1", e);
    }
  }

  /** Returns the step that a code belongs to, if it is valid at this time; spaces in the code are ignored. */
  static OptionalLong match(byte[] key, String code, Instant now) {
    String digits = code.replace(" ", "");
    OptionalLong matching = OptionalLong.empty();
    if (CODE.matcher(digits).matches()) {
      byte[] given = digits.getBytes(StandardCharsets.US_ASCII);
      for (long step = step(now) - WINDOW; step <= step(now) + WINDOW; step++) {
        if (MessageDigest.isEqual(code(key, step).getBytes(StandardCharsets.US_ASCII), given)) {
          matching = OptionalLong.of(step);
        }
      }
    }
    return matching;
  }

  /** Encodes bytes in base 32 without padding. The number of bytes is a multiple of five. */
  static String base32(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    long bits = 0;
    int count = 0;
    for (byte b : bytes) {
      bits = bits << 8 | b & 0xff;
      count += 8;
      while (count >= 5) {
        count -= 5;
        text.append(BASE32.charAt((int) (bits >> count & 31)));
      }
    }
    return text.toString();
  }
}
