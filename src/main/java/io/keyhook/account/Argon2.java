package io.keyhook.account;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.ref.SoftReference;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator.BlockPool;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator.FixedBlockPool;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Argon2id (RFC 9106) with 19 MiB, two passes and one lane (OWASP, "Password Storage Cheat Sheet"), written as Argon2's
 * reference implementation writes it: {@code $argon2id$v=19$m=19456,t=2,p=1$salt$hash}. A hash takes tens of milliseconds, and
 * the memory for it is used again until {@link #release}, as long as nothing else needs it. Any thread.
 */
final class Argon2 {
  private static final int MEMORY_KIB = 19 * 1024;
  private static final int PASSES = 2;
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final String PREFIX = "$argon2id$v=19$m=" + MEMORY_KIB + ",t=" + PASSES + ",p=1$";

  private final SecureRandom random = new SecureRandom();
  private final Queue<SoftReference<BlockPool>> idle = new ConcurrentLinkedQueue<>();

  /** With a random salt. */
  String hash(String password) {
    byte[] salt = random(SALT_BYTES);
    return written(salt, compute(password, salt));
  }

  /** Returns the hash of no password: {@link #matches} is false and takes as much time as with any other hash. */
  String ofNoPassword() {
    return written(random(SALT_BYTES), random(HASH_BYTES));
  }

  private byte[] random(int bytes) {
    byte[] result = new byte[bytes];
    random.nextBytes(result);
    return result;
  }

  private static String written(byte[] salt, byte[] hash) {
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return PREFIX + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
  }

  /**
   * @param hash a result of {@link #hash}
   * @throws IllegalArgumentException it is something else
   */
  boolean matches(String password, String hash) {
    int end = hash.lastIndexOf('$');
    if (!hash.startsWith(PREFIX) || end < PREFIX.length()) {
      throw new IllegalArgumentException("Not a hash of Argon2id with the parameters of Keyhook");
    }
    Base64.Decoder base64 = Base64.getDecoder();
    byte[] salt = base64.decode(hash.substring(PREFIX.length(), end).getBytes(US_ASCII));
    byte[] expected = base64.decode(hash.substring(end + 1).getBytes(US_ASCII));
    return MessageDigest.isEqual(compute(password, salt), expected);
  }

  /** Drops the memory of earlier hashes. The next ones take new memory. */
  void release() {
    idle.clear();
  }

  /** Returns how many hashes at once can use memory of earlier ones. */
  int kept() {
    return idle.size();
  }

  private byte[] compute(String password, byte[] salt) {
    BlockPool memory = take();
    try {
      Argon2BytesGenerator generator = new Argon2BytesGenerator();
      generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
          .withVersion(Argon2Parameters.ARGON2_VERSION_13)
          .withMemoryAsKB(MEMORY_KIB)
          .withIterations(PASSES)
          .withParallelism(1)
          .withSalt(salt)
          .withBlockPool(memory)
          .build());
      byte[] hash = new byte[HASH_BYTES];
      generator.generateBytes(password.getBytes(UTF_8), hash);
      return hash;
    } finally {
      idle.add(new SoftReference<>(memory));
    }
  }

  private BlockPool take() {
    for (SoftReference<BlockPool> next = idle.poll(); next != null; next = idle.poll()) {
      BlockPool memory = next.get();
      if (memory != null) {
        return memory;
      }
    }
    return new FixedBlockPool(Argon2BytesGenerator.getBlockCount(MEMORY_KIB, 1));
  }
}
