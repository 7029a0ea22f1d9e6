package io.keyhook.testing;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.time.Instant;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** An authenticator app: gives the codes of a key (RFC 6238). */
public final class Authenticator {
  private Authenticator() {}

  /**
   * The code that the app shows so many steps of 30 s from now.
   *
   * @param key in base 32
   */
  public static String code(String key, int stepsAhead) {
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(bytes(key), "HmacSHA1"));
      byte[] hash = mac.doFinal(ByteBuffer.allocate(8).putLong(Instant.now().getEpochSecond() / 30 + stepsAhead).array());
      BigInteger truncated = new BigInteger(1, ByteBuffer.allocate(4).put(hash, hash[19] & 15, 4).array()).clearBit(31);
      return String.valueOf(truncated.mod(BigInteger.valueOf(1_000_000)).add(BigInteger.valueOf(1_000_000))).substring(1);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Decodes base 32. */
  public static byte[] bytes(String key) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int bits = 0;
    int count = 0;
    for (char c : key.toCharArray()) {
      bits = bits << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c);
      count += 5;
      if (count >= 8) {
        count -= 8;
        bytes.write(bits >> count);
      }
    }
    return bytes.toByteArray();
  }
}
