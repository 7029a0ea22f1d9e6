package io.keyhook.attempt;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the header {@code Retry-After} (RFC 9110, 10.2.3). */
final class RetryAfter {
  /** What is longer is this long: nobody waits for it. */
  static final Duration LONGEST = Duration.ofDays(365);

  private static final Pattern SECONDS = Pattern.compile("0*([0-9]+)");
  private static final int MAX_DIGITS = 9;
  /** The form of today, and the two obsolete ones that are to be understood. */
  private static final List<DateTimeFormatter> DATES = Stream.of(
          "EEE, dd MMM uuuu HH:mm:ss 'GMT'", "EEEE, dd-MMM-uu HH:mm:ss 'GMT'", "EEE MMM ppd HH:mm:ss uuuu")
      .map(form -> DateTimeFormatter.ofPattern(form, Locale.ENGLISH).withResolverStyle(ResolverStyle.STRICT)).toList();

  private RetryAfter() {}

  /**
   * How long it asks to wait: seconds, or until a date.
   *
   * @param header null where there was none
   * @param now when the response came
   * @return zero where nothing is asked, or nothing that can be understood
   */
  static Duration of(String header, Instant now) {
    if (header == null) {
      return Duration.ZERO;
    }
    Matcher seconds = SECONDS.matcher(header);
    Duration asked = !seconds.matches() ? until(header, now)
        : seconds.group(1).length() > MAX_DIGITS ? LONGEST : Duration.ofSeconds(Long.parseLong(seconds.group(1)));
    return asked.isNegative() ? Duration.ZERO : asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
  }

  private static Duration until(String date, Instant now) {
    for (DateTimeFormatter form : DATES) {
      try {
        return Duration.between(now, LocalDateTime.parse(date, form).toInstant(ZoneOffset.UTC));
      } catch (DateTimeException e) {
        continue; // it may have another form
      }
    }
    return Duration.ZERO;
  }
}
