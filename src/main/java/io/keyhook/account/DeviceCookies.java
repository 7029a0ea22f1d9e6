package io.keyhook.account;

import io.keyhook.config.KeyhookOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/**
 * Cookies that a device gets when a user logs in on it, so that its next logins do not compete with those of strangers
 * (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). Each holds a random number, a mark of the password, and a
 * MAC over both and the e-mail, under a key derived from the master key: nodes share it, and nothing is stored. A changed
 * password ends all of them. A cookie does not log anybody in. Any thread.
 */
final class DeviceCookies {
  private static final int NONCE = 16;
  private static final int BYTES = NONCE + Tokens.MARK_BYTES + DerivedMac.BYTES;
  private static final int LENGTH = 80;

  private final SecureRandom random;
  private final DerivedMac macs;

  /**
   * @throws IllegalArgumentException there is no master key
   */
  DeviceCookies(KeyhookOptions.Secrets secrets, SecureRandom random) {
    this.random = random;
    this.macs = new DerivedMac(secrets, "keyhook device cookie");
  }

  /** Returns a new cookie for a device on which a user has logged in. */
  String issue(AccountStore.Member user) {
    return issue(user.email(), user.passwordHash());
  }

  /** Returns a new cookie for a device on which a user has chosen a password, and will log in with it. */
  String issue(String email, String passwordHash) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    byte[] head = ByteBuffer.allocate(NONCE + Tokens.MARK_BYTES).put(nonce).put(Tokens.markOf(passwordHash)).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(
        ByteBuffer.allocate(BYTES).put(head).put(macs.sign(head, anyCase(email))).array());
  }

  /**
   * Reads a cookie that was issued for an e-mail, in any case; empty for every other text. Whether the password is still the
   * same is left to {@link Device#isOf}.
   */
  Optional<Device> parse(String text, String email) {
    if (text.length() != LENGTH) {
      return Optional.empty();
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) { // not base64
      return Optional.empty();
    }
    byte[] head = Arrays.copyOf(bytes, NONCE + Tokens.MARK_BYTES);
    byte[] mac = Arrays.copyOfRange(bytes, head.length, BYTES);
    return macs.isSigned(mac, head, anyCase(email))
        ? Optional.of(new Device(text, Arrays.copyOfRange(head, NONCE, head.length))) : Optional.empty();
  }

  private static byte[] anyCase(String email) {
    return email.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * A device on which a user has logged in with an e-mail.
   *
   * @param passwordMark of the password at that time
   */
  record Device(String cookie, byte[] passwordMark) {
    /** Whether a password of this hash is still the same. */
    boolean isOf(String passwordHash) {
      return MessageDigest.isEqual(passwordMark, Tokens.markOf(passwordHash));
    }

    @Override
    public String toString() {
      return "Device[]";
    }
  }
}
