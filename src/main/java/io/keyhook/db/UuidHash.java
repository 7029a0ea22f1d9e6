package io.keyhook.db;

import java.util.UUID;

/** PostgreSQL's hash of a UUID, by which Citus finds the shard of an account. Any thread. */
final class UuidHash {
  private UuidHash() {}

  /**
   * The hash by which Citus distributes: PostgreSQL's {@code uuid_hash}, which is Jenkins' lookup3 (2006) over the 16 bytes,
   * read as little-endian words.
   */
  static int of(UUID id) {
    int a = 0x9e3779b9 + 16 + 3923095;
    int b = a;
    int c = a;
    a += Integer.reverseBytes((int) (id.getMostSignificantBits() >>> 32));
    b += Integer.reverseBytes((int) id.getMostSignificantBits());
    c += Integer.reverseBytes((int) (id.getLeastSignificantBits() >>> 32));
    a = (a - c) ^ Integer.rotateLeft(c, 4);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 6);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 8);
    b += a;
    a = (a - c) ^ Integer.rotateLeft(c, 16);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 19);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 4);
    b += a;
    a += Integer.reverseBytes((int) id.getLeastSignificantBits());
    c = (c ^ b) - Integer.rotateLeft(b, 14);
    a = (a ^ c) - Integer.rotateLeft(c, 11);
    b = (b ^ a) - Integer.rotateLeft(a, 25);
    c = (c ^ b) - Integer.rotateLeft(b, 16);
    a = (a ^ c) - Integer.rotateLeft(c, 4);
    b = (b ^ a) - Integer.rotateLeft(a, 14);
    return (c ^ b) - Integer.rotateLeft(b, 24);
  }
}
