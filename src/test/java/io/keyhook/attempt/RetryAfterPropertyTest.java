package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LinearWork;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class RetryAfterPropertyTest {
  private static final int LONG = 1_000_000;
  private static final Instant NOW = Instant.parse("2025-01-03T14:25:30Z");
  private static final List<DateTimeFormatter> FORMS = List.of(
      DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH),
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH),
      DateTimeFormatter.ofPattern("EEEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.ENGLISH),
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH));

  @Property
  void secondsAreSeconds(@ForAll @IntRange(max = 31_536_000) int seconds, @ForAll @IntRange(max = 30) int zeros) {
    assertThat(RetryAfter.of("0".repeat(zeros) + seconds, NOW)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @Property
  void aDateOfEachFormIsThatFarAwayOrOver(
      @ForAll @LongRange(min = -31_536_000, max = 31_536_000) long seconds, @ForAll @IntRange(max = 3) int form) {
    String date = FORMS.get(form).format(NOW.plusSeconds(seconds).atOffset(ZoneOffset.UTC));
    assertThat(RetryAfter.of(date, NOW)).as(date).isEqualTo(Duration.ofSeconds(Math.max(0, seconds)));
  }

  @Property
  void whateverComesIsNoErrorAndNoTimeBelowZeroOrPastTheLongest(@ForAll String header) {
    assertThat(RetryAfter.of(header, NOW)).isBetween(Duration.ZERO, RetryAfter.LONGEST);
  }

  @Example
  void whatIsEndlessIsTheLongest() {
    for (String header : List.of("9".repeat(8000), "31536001", "9223372036854775808",
        "Fri, 31 Dec 9999 23:59:59 GMT")) {
      assertThat(RetryAfter.of(header, NOW)).isEqualTo(RetryAfter.LONGEST);
    }
  }

  @Example
  void whatIsNeitherAsksForNothing() {
    for (String header : List.of("", " ", "-1", "+5", "1.5", "1e3", "60s", "0x10", "soon", "60, 90", "\u0666\u0660",
        "2025-01-03T15:00:00Z",
        "Fri, 31 Feb 2025 14:25:30 GMT", "Mon, 03 Jan 2025 15:25:30 GMT", "Fri, 03 Jan 2025 24:00:01 GMT",
        "Fri, 03 Jan 2025 15:25:30 +0000", "Fri, 03 Jan 99999 15:25:30 GMT")) {
      assertThat(RetryAfter.of(header, NOW)).as(header).isZero();
    }
    assertThat(RetryAfter.of(null, NOW)).isZero();
  }

  @Example
  void aLongHeaderTakesLinearTime() {
    for (String header : List.of("0".repeat(LONG) + "x", "0".repeat(LONG), "9".repeat(LONG) + "x", " ".repeat(LONG),
        "Fri, 03 Jan 2025 15:25:30 GMT" + "T".repeat(LONG), "Fri, ".repeat(LONG / 5), "Fri, 0" + "0".repeat(LONG))) {
      LinearWork.assertLinear(header.substring(0, 10), () -> RetryAfter.of(header, NOW));
    }
    assertThat(RetryAfter.of("0".repeat(LONG) + "7", NOW)).isEqualTo(Duration.ofSeconds(7));
  }
}
