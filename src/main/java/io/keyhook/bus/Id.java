package io.keyhook.bus;

import java.util.Arrays;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Public ids: a prefix for the kind, and a UUIDv7 as 26 characters of Crockford's base32 in lower
 * case, so that ids sort by time. (Crockford, "Base 32"; the layout is that of a ULID.)
 */
public enum Id {
  ACCOUNT("acct_", "account"),
  USER("user_", "user"),
  API_KEY("key_", "API key"),
  LICENSE("lic_", "license"),
  POLICY("policy_", "policy"),
  PRODUCT("product_", "product"),
  ACTIVATION("act_", "activation"),
  WEBHOOK("webhook_", "webhook"),
  DELIVERY("delivery_", "delivery"),
  TEST_DELIVERY("delivery_test_", "delivery"),
  REQUEST("request_", "request that waits for a response"),
  RECOVERY("recovery_", "recovery"),
  EVENT("event_", "event"),
  SIGNING_KEY("signkey_", "signing key"),
  SESSION("session_", "session"),
  INVITATION("invite_", "invitation"),
  PASSWORD_RESET("reset_", "link to reset a password"),
  AUDIT_ENTRY("audit_", "audit entry"),
  PASSKEY("passkey_", "passkey"),
  PORTAL_LINK("portal_", "portal link");

  private static final char[] DIGITS = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final byte[] VALUES = new byte[128];
  private static final int LENGTH = 26;

  static {
    Arrays.fill(VALUES, (byte) -1);
    for (int i = 0; i < DIGITS.length; i++) {
      VALUES[DIGITS[i]] = (byte) i;
    }
  }

  private final String prefix;
  private final String noun;

  Id(String prefix, String noun) {
    this.prefix = prefix;
    this.noun = noun;
  }

  public String prefix() {
    return prefix;
  }

  public String of(UUID id) {
    char[] out = new char[prefix.length() + LENGTH];
    prefix.getChars(0, prefix.length(), out, 0);
    long high = id.getMostSignificantBits();
    long low = id.getLeastSignificantBits();
    for (int i = out.length - 1; i >= prefix.length(); i--) {
      out[i] = DIGITS[(int) (low & 31)];
      low = low >>> 5 | high << 59;
      high >>>= 5;
    }
    return new String(out);
  }

  /**
   * Returns the row's id.
   *
   * @throws FailureException not found, if the text is not an id of this kind
   */
  public UUID parse(String id) {
    UUID parsed = read(id);
    if (parsed == null) {
      throw notFound();
    }
    return parsed;
  }

  /** Returns whether the text is an id of this kind. */
  public boolean fits(String id) {
    return read(id) != null;
  }

  private UUID read(String id) {
    if (id == null || id.length() != prefix.length() + LENGTH || !id.startsWith(prefix)) {
      return null;
    }
    long high = 0;
    long low = 0;
    for (int i = prefix.length(); i < id.length(); i++) {
      char c = id.charAt(i);
      int value = c < 128 ? VALUES[c] : -1;
      if (value < 0 || i == prefix.length() && value > 7) {
        return null;
      }
      high = high << 5 | low >>> 59;
      low = low << 5 | value;
    }
    return new UUID(high, low);
  }

  public FailureException notFound() {
    return new Failure.NotFound("There is no such " + noun).exception();
  }

  /** Returns a new UUIDv7 by this node's clock, for rows that are never shown and whose order matters only for locality. */
  public static UUID v7(RandomGenerator random) {
    return v7(System.currentTimeMillis(), random);
  }

  /** Returns a new UUIDv7 of a time, in milliseconds since 1970. */
  public static UUID v7(long millis, RandomGenerator random) {
    return new UUID(millis << 16 | 0x7000 | random.nextInt(0x1000), random.nextLong() >>> 2 | 0x8000000000000000L);
  }

  /** Returns the time of a UUIDv7, in milliseconds since 1970. */
  public static long millis(UUID v7) {
    return v7.getMostSignificantBits() >>> 16;
  }

  /** Returns the smallest UUIDv7 of a millisecond, as a bound for ids by time. Before 1970 it is that of 1970. */
  public static UUID floor(long millis) {
    return new UUID(Math.max(0, millis) << 16 | 0x7000, 0x8000000000000000L);
  }
}
