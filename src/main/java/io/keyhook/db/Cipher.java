package io.keyhook.db;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) under the master key, with a random nonce each, and the row that it
 * belongs to as associated data, so that a ciphertext copied to another row does not open. Any thread.
 */
public final class Cipher {
  private static final byte FORMAT = 1;
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;

  private final SecretKeySpec key;
  private final SecureRandom random = new SecureRandom();

  /**
   * @param masterKey base64 of 32 bytes
   */
  public Cipher(String masterKey) {
    this.key = new SecretKeySpec(Base64.getDecoder().decode(masterKey), "AES");
  }

  public byte[] seal(String secret, UUID accountId, UUID rowId) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    byte[] sealed = run(javax.crypto.Cipher.ENCRYPT_MODE, nonce, secret.getBytes(StandardCharsets.UTF_8), accountId, rowId);
    return ByteBuffer.allocate(1 + NONCE + sealed.length).put(FORMAT).put(nonce).put(sealed).array();
  }

  /**
   * @throws IllegalStateException sealed under another master key, or for another row
   */
  public String open(byte[] sealed, UUID accountId, UUID rowId) {
    ByteBuffer in = ByteBuffer.wrap(sealed);
    if (in.get() != FORMAT) {
      throw new IllegalStateException("A secret at rest has an unknown format");
    }
    byte[] nonce = new byte[NONCE];
    in.get(nonce);
    byte[] rest = new byte[in.remaining()];
    in.get(rest);
    return new String(run(javax.crypto.Cipher.DECRYPT_MODE, nonce, rest, accountId, rowId), StandardCharsets.UTF_8);
  }

  private byte[] run(int mode, byte[] nonce, byte[] input, UUID accountId, UUID rowId) {
    try {
      javax.crypto.Cipher cipher = javax.crypto.Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(ByteBuffer.allocate(32)
          .putLong(accountId.getMostSignificantBits()).putLong(accountId.getLeastSignificantBits())
          .putLong(rowId.getMostSignificantBits()).putLong(rowId.getLeastSignificantBits()).array());
      return cipher.doFinal(input);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("A secret at rest does not open: is secrets.masterKey the one it was sealed with?", e);
    }
  }
}
