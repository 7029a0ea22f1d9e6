package io.keyhook.account;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/**
 * Challenges that a browser returns signed by a passkey. Each holds a random number, its expiry by the clock of the database, and a
 * MAC over both and over the user who creates a passkey. Any node can check it, and nothing is stored until it is used. Any thread.
 */
final class PasskeyChallenges {
  /** The longest that a user takes to confirm. */
  static final Duration LIFETIME = Duration.ofMinutes(5);
  private static final int NONCE = 16;
  private static final int HEAD = NONCE + Long.BYTES;
  private static final int BYTES = HEAD + DerivedMac.BYTES;
  /** The user of a login is not known before. */
  private static final byte[] NOBODY = {};

  private final DerivedMac macs;
  private final SecureRandom random;

  PasskeyChallenges(DerivedMac macs, SecureRandom random) {
    this.macs = macs;
    this.random = random;
  }

  /** Returns a challenge for a user who creates a passkey. */
  byte[] issue(UserHandle user, Instant now) {
    return issue(user.bytes(), now);
  }

  /** Returns a challenge for a login. */
  byte[] issue(Instant now) {
    return issue(NOBODY, now);
  }

  private byte[] issue(byte[] user, Instant now) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    byte[] head = ByteBuffer.allocate(HEAD).put(nonce).putLong(now.plus(LIFETIME).toEpochMilli()).array();
    return ByteBuffer.allocate(BYTES).put(head).put(macs.sign(head, user)).array();
  }

  /** Returns whether a challenge was issued for this user and has not expired. It may have been used. */
  boolean isFor(UserHandle user, byte[] challenge, Instant now) {
    return isFor(user.bytes(), challenge, now);
  }

  /** Returns whether a challenge was issued for a login and has not expired. It may have been used. */
  boolean isForLogin(byte[] challenge, Instant now) {
    return isFor(NOBODY, challenge, now);
  }

  private boolean isFor(byte[] user, byte[] challenge, Instant now) {
    if (challenge.length != BYTES) {
      return false;
    }
    byte[] head = Arrays.copyOf(challenge, HEAD);
    return macs.isSigned(Arrays.copyOfRange(challenge, HEAD, BYTES), head, user)
        && ByteBuffer.wrap(head, NONCE, Long.BYTES).getLong() > now.toEpochMilli();
  }

  /** Returns what tells a challenge from all others. */
  static byte[] nonce(byte[] challenge) {
    return Arrays.copyOf(challenge, NONCE);
  }
}
