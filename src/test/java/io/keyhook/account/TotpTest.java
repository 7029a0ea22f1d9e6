package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Codes of authenticator apps, as the RFCs have them. */
class TotpTest {
  private static final byte[] KEY = "12345678901234567890".getBytes(StandardCharsets.US_ASCII);

  /** RFC 6238, appendix B, of whose eight digits these are the last six. */
  @Test
  void codesAreThoseOfTheRfc() {
    Map.of(59L, "287082", 1111111109L, "081804", 1111111111L, "050471", 1234567890L, "005924", 2000000000L, "279037",
        20000000000L, "353130").forEach((seconds, code) ->
        assertThat(Totp.code(KEY, Totp.step(Instant.ofEpochSecond(seconds)))).isEqualTo(code));
  }

  @Test
  void aCodeIsGoodForItsStepTheOneBeforeAndTheOneAfter() {
    Instant now = Instant.ofEpochSecond(1_000_000_000);
    long step = Totp.step(now);
    for (long i = -3; i <= 3; i++) {
      assertThat(Totp.match(KEY, Totp.code(KEY, step + i), now).isPresent()).as("%s", i).isEqualTo(Math.abs(i) <= 1);
    }
    assertThat(Totp.match(KEY, " " + Totp.code(KEY, step).replaceFirst("(...)", "$1 "), now)).hasValue(step);
  }

  @Test
  void whatIsNoCodeMatchesNothing() {
    for (String text : new String[] {"", "12345", "1234567", "abcdef", "-12345", "\u0661\u0662\u0663\u0664\u0665\u0666"}) {
      assertThat(Totp.match(KEY, text, Instant.EPOCH)).as(text).isEmpty();
    }
  }

  /** RFC 4648, section 10. */
  @Test
  void base32IsThatOfTheRfc() {
    assertThat(Totp.base32("fooba".getBytes(StandardCharsets.US_ASCII))).isEqualTo("MZXW6YTB");
    assertThat(Totp.base32(new byte[20])).isEqualTo("A".repeat(32));
  }
}
