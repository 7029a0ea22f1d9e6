package io.keyhook.bus;

import java.time.Instant;

/** Requests about the keys that sign an account's validations, and their responses. */
public interface SigningKeys {
  /** How long a new key is public before it signs, unless a rotation says otherwise: time for an update of the licensed software. */
  int DEFAULT_OVERLAP_HOURS = 720;
  int MAX_OVERLAP_HOURS = 8760;
  /** Of an account. */
  int MAX_KEYS = 10;

  enum Status {
    /** Is public, and will sign once the overlap has ended. */
    NEXT,
    /** Signs. */
    CURRENT,
    /** No longer signs. What it has signed can still be verified. */
    PREVIOUS
  }

  /**
   * A key, without its private part.
   *
   * @param id the {@code kid} of what it signs
   * @param publicKey of Ed25519, in base64url without padding
   * @param signsFrom when it signs for the first time
   */
  record SigningKey(String id, Status status, String publicKey, Instant signsFrom, Instant createdAt) {}

  /** Lists the keys, newest first. An account without a key gets its first. */
  record ListAll(Caller caller) {}

  /** Returns the public keys of an account, for everyone. An account without a key gets its first. */
  record GetPublic(String accountId) {}

  /**
   * Creates a key that takes the place of the current one after an overlap, in which it is already public.
   *
   * @param overlapHours 0: it signs at once, or, if there is a next key, that one does; null: {@value #DEFAULT_OVERLAP_HOURS}
   */
  record Rotate(Caller caller, Integer overlapHours) {
    public Rotate {
      overlapHours = overlapHours == null ? DEFAULT_OVERLAP_HOURS : overlapHours;
      Check.that().range("overlapHours", overlapHours, 0, MAX_OVERLAP_HOURS).done();
    }
  }

  /**
   * Deletes a key: it signs nothing from now on, and is no longer public. In place of the current one, the next signs at once; if there
   * is none, a new one.
   */
  record Delete(Caller caller, String id) {}
}
