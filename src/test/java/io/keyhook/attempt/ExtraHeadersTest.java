package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

/** Values of request headers are taken out of what is logged. */
class ExtraHeadersTest {
  private static String redacted(String text, String... secrets) {
    return ExtraHeaders.of(Map.of(), Arrays.asList(secrets)).redact(text);
  }

  @Test
  void aValueIsTakenOutWhereverItIs() {
    assertThat(redacted("a 12345678 b12345678 12345678", "12345678")).isEqualTo("a ******** b******** ********");
    assertThat(redacted("the longer: secret-and-more, the other: secret-and", "secret-and", "secret-and-more"))
        .isEqualTo("the longer: ********, the other: ********");
    assertThat(redacted("{\"a\":\"x\\\"y\\\\z/12\",\"b\":\"x\\\"y\\\\z\\/12\"}", "x\"y\\z/12"))
        .as("as JSON writes it").isEqualTo("{\"a\":\"********\",\"b\":\"********\"}");
    assertThat(redacted(null, "12345678")).isNull();
    assertThat(redacted("", "12345678")).isEmpty();
  }

  @Test
  void theBeginningOfAValueIsTakenOutWhereATextIsCutOff() {
    assertThat(redacted("cut off at 1234567890", "1234567890ab")).isEqualTo("cut off at ********");
    assertThat(redacted("cut off at 1234567", "1234567890ab")).as("too little to tell").isEqualTo("cut off at 1234567");
    assertThat(redacted("12345678 goes on", "1234567890ab")).isEqualTo("12345678 goes on");
  }

  @Test
  void shortValuesStay() {
    assertThat(redacted("live, deliveries", "live", null)).isEqualTo("live, deliveries");
  }

  /** What {@link String#replace} does, where the end of the text begins no value. */
  @Property
  void allOccurrencesAreFound(
      @ForAll @CharRange(from = 'a', to = 'b') @StringLength(min = 8, max = 12) String secret,
      @ForAll @CharRange(from = 'a', to = 'b') @StringLength(max = 300) String text) {
    assertThat(redacted(text + "c", secret)).isEqualTo((text + "c").replace(secret, "********"));
  }
}
