package io.keyhook.account;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/** How a passkey names its user. It says nothing about the person, as WebAuthn demands. */
record UserHandle(UUID accountId, UUID userId) {
  private static final int BYTES = 2 * 16;

  /** Returns empty for bytes that are no user handle. */
  static Optional<UserHandle> parse(byte[] bytes) {
    if (bytes.length != BYTES) {
      return Optional.empty();
    }
    ByteBuffer ids = ByteBuffer.wrap(bytes);
    return Optional.of(new UserHandle(new UUID(ids.getLong(), ids.getLong()), new UUID(ids.getLong(), ids.getLong())));
  }

  byte[] bytes() {
    return ByteBuffer.allocate(BYTES)
        .putLong(accountId.getMostSignificantBits()).putLong(accountId.getLeastSignificantBits())
        .putLong(userId.getMostSignificantBits()).putLong(userId.getLeastSignificantBits()).array();
  }
}
