package io.keyhook.attempt;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs with one secret, in both forms: Standard Webhooks, and the plain HMAC of the body. Keeps its {@link Mac}s, so it
 * belongs to one thread.
 *
 * @see <a href="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md">the
 *     specification</a>
 */
public final class Signer {
  private static final String PREFIX = "whsec_";
  private static final int SECRET_BYTES = 32;

  private static final String ALGORITHM = "HmacSHA256";
  private static final HexFormat HEX = HexFormat.of();

  private final Mac standard;
  private final Mac plain;

  /**
   * @param secret {@code whsec_} and standard base64
   */
  public Signer(String secret) {
    standard = mac(Base64.getDecoder().decode(secret.substring(PREFIX.length())));
    plain = mac(secret.getBytes(StandardCharsets.UTF_8));
  }

  /** A new secret: Standard Webhooks wants a prefix and base64, and its libraries the standard one with padding. */
  public static String newSecret(SecureRandom random) {
    byte[] bytes = new byte[SECRET_BYTES];
    random.nextBytes(bytes);
    return PREFIX + Base64.getEncoder().encodeToString(bytes);
  }

  /**
   * For {@code webhook-signature}.
   *
   * @param timestamp seconds since 1970
   */
  String standard(String id, long timestamp, byte[] body) {
    standard.update((id + '.' + timestamp + '.').getBytes(StandardCharsets.UTF_8));
    return "v1," + Base64.getEncoder().encodeToString(standard.doFinal(body));
  }

  /** For {@code X-Webhook-Signature}. */
  String plain(byte[] body) {
    return HEX.formatHex(plain.doFinal(body));
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every Java has " + ALGORITHM, e);
    }
  }
}
