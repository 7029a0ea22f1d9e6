package io.keyhook.account;

import io.keyhook.db.Hashes;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * A credential that names a row of an account and proves itself by 256 random bits: the cookie of a session, or the token of a
 * link. Because a cookie names its session, a secret that was replaced long ago can be told from one that never existed.
 */
record Ticket(UUID accountId, UUID rowId, byte[] secret) {
  private static final int SECRET_BYTES = 32;
  private static final int BYTES = 2 * 16 + SECRET_BYTES;
  private static final int LENGTH = 86;

  static byte[] secret(SecureRandom random) {
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    return secret;
  }

  /** Returns empty for anything that is not a ticket, including null. */
  static Optional<Ticket> parse(String text) {
    if (text == null || text.length() != LENGTH) {
      return Optional.empty();
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
      byte[] secret = new byte[SECRET_BYTES];
      bytes.get(BYTES - SECRET_BYTES, secret);
      return Optional.of(new Ticket(
          new UUID(bytes.getLong(), bytes.getLong()), new UUID(bytes.getLong(), bytes.getLong()), secret));
    } catch (IllegalArgumentException e) { // not base64
      return Optional.empty();
    }
  }

  String text() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(ByteBuffer.allocate(BYTES)
        .putLong(accountId.getMostSignificantBits()).putLong(accountId.getLeastSignificantBits())
        .putLong(rowId.getMostSignificantBits()).putLong(rowId.getLeastSignificantBits())
        .put(secret).array());
  }

  byte[] hash() {
    return Hashes.sha256(secret);
  }

  /**
   * Takes as long wherever they differ.
   *
   * @param hash null: none
   */
  boolean matches(byte[] hash) {
    return MessageDigest.isEqual(hash(), hash);
  }

  @Override
  public String toString() {
    return "Ticket[]";
  }
}
