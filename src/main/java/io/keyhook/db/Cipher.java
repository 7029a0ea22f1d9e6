package io.keyhook.db;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.AEADBadTagException;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) under the master key, with a random nonce each, and the row that it
 * belongs to as associated data, so that a ciphertext copied to another row does not open. The id of its key stands
 * before it, so that keys can be told apart while one takes the place of another. Any thread.
 */
public final class Cipher {
  /** What was sealed before keys had ids. */
  private static final byte WITHOUT_KEY_ID = 1;
  private static final byte WITH_KEY_ID = 2;
  private static final int KEY_ID = 8;
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;

  private final MasterKey current;
  /** The current one first. */
  private final List<MasterKey> all = new ArrayList<>();
  private final SecureRandom random = new SecureRandom();

  /**
   * @param id tells nothing of the key: the beginning of its hash
   */
  private record MasterKey(byte[] id, SecretKeySpec key) {
    private static final byte[] ID = "keyhook master key id".getBytes(StandardCharsets.US_ASCII);

    static MasterKey of(String base64) {
      byte[] key = Base64.getDecoder().decode(base64);
      return new MasterKey(Arrays.copyOf(Hashes.sha256(ID, key), KEY_ID), new SecretKeySpec(key, "AES"));
    }
  }

  /**
   * @param masterKey base64 of 32 bytes: seals and opens
   * @param others likewise, and open only
   */
  public Cipher(String masterKey, List<String> others) {
    current = MasterKey.of(masterKey);
    all.add(current);
    others.forEach(other -> all.add(MasterKey.of(other)));
  }

  /** Of the key that seals, in hex. */
  public String keyId() {
    return HexFormat.of().formatHex(current.id);
  }

  public byte[] seal(String secret, UUID accountId, UUID rowId) {
    return sealBytes(secret.getBytes(StandardCharsets.UTF_8), accountId, rowId);
  }

  public byte[] sealBytes(byte[] secret, UUID accountId, UUID rowId) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    try {
      byte[] sealed = run(javax.crypto.Cipher.ENCRYPT_MODE, current, nonce, secret, accountId, rowId);
      return ByteBuffer.allocate(1 + KEY_ID + NONCE + sealed.length)
          .put(WITH_KEY_ID).put(current.id).put(nonce).put(sealed).array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether it is under the key that seals. */
  public boolean isCurrent(byte[] sealed) {
    return sealed[0] == WITH_KEY_ID && Arrays.equals(sealed, 1, 1 + KEY_ID, current.id, 0, KEY_ID);
  }

  /**
   * @throws UnreadableSecretException sealed under a key that is not among these, or for another row
   */
  public String open(byte[] sealed, UUID accountId, UUID rowId) {
    return new String(openBytes(sealed, accountId, rowId), StandardCharsets.UTF_8);
  }

  /**
   * @throws UnreadableSecretException sealed under a key that is not among these, or for another row
   */
  public byte[] openBytes(byte[] sealed, UUID accountId, UUID rowId) {
    ByteBuffer in = ByteBuffer.wrap(sealed);
    List<MasterKey> keys = switch (in.get()) {
      case WITH_KEY_ID -> List.of(keyOf(bytes(in, KEY_ID)));
      case WITHOUT_KEY_ID -> all;
      default -> throw new UnreadableSecretException("A secret at rest has an unknown format");
    };
    byte[] nonce = bytes(in, NONCE);
    byte[] rest = bytes(in, in.remaining());
    return keys.stream().flatMap(key -> open(key, nonce, rest, accountId, rowId).stream()).findFirst()
        .orElseThrow(() -> new UnreadableSecretException(
            "A secret at rest does not open: is secrets.masterKey the one it was sealed with?"));
  }

  private MasterKey keyOf(byte[] id) {
    return all.stream().filter(key -> Arrays.equals(key.id, id)).findFirst()
        .orElseThrow(() -> new UnreadableSecretException("A secret at rest is under the master key "
            + HexFormat.of().formatHex(id) + ", which is neither secrets.masterKey nor in secrets.previousMasterKeys"));
  }

  private static Optional<byte[]> open(MasterKey key, byte[] nonce, byte[] sealed, UUID accountId, UUID rowId) {
    try {
      return Optional.of(run(javax.crypto.Cipher.DECRYPT_MODE, key, nonce, sealed, accountId, rowId));
    } catch (AEADBadTagException e) {
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(ByteBuffer in, int count) {
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  private static byte[] run(int mode, MasterKey key, byte[] nonce, byte[] input, UUID accountId, UUID rowId)
      throws GeneralSecurityException {
    javax.crypto.Cipher cipher = javax.crypto.Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key.key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(ByteBuffer.allocate(32)
        .putLong(accountId.getMostSignificantBits()).putLong(accountId.getLeastSignificantBits())
        .putLong(rowId.getMostSignificantBits()).putLong(rowId.getLeastSignificantBits()).array());
    return cipher.doFinal(input);
  }
}
