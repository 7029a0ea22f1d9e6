package io.keyhook.account;

import io.keyhook.config.KeyhookOptions;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * MACs under keys that are derived from the master keys for one purpose: nodes share them, and nothing is stored. Any thread.
 */
final class DerivedMac {
  static final int BYTES = 32;
  private static final String ALGORITHM = "HmacSHA256";

  /** The current one first; the others are derived from previous master keys. */
  private final List<SecretKeySpec> keys;

  /**
   * @throws IllegalArgumentException there is no master key
   */
  DerivedMac(KeyhookOptions.Secrets secrets, String purpose) {
    String masterKey = secrets.masterKey().orElseThrow(() -> new IllegalArgumentException("secrets.masterKey is not set"));
    byte[] label = purpose.getBytes(StandardCharsets.US_ASCII);
    keys = Stream.concat(Stream.of(masterKey), secrets.previousMasterKeys().stream()).map(key -> new SecretKeySpec(
        mac(new SecretKeySpec(Base64.getDecoder().decode(key), ALGORITHM), label), ALGORITHM)).toList();
  }

  /** Of all parts, one after another: all but one have a fixed length. */
  byte[] sign(byte[]... parts) {
    return mac(keys.get(0), parts);
  }

  /** Takes as long wherever they differ. */
  boolean isSigned(byte[] mac, byte[]... parts) {
    return keys.stream().anyMatch(key -> MessageDigest.isEqual(mac(key, parts), mac));
  }

  private static byte[] mac(SecretKeySpec key, byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every Java has " + ALGORITHM, e);
    }
  }
}
