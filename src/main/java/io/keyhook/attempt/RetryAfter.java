package io.keyhook.attempt;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Reads the header {@code Retry-After} (RFC 9110, 10.2.3). */
final class RetryAfter {
  /** What is longer is this long: nobody waits for it. */
  static final Duration LONGEST = Duration.ofDays(365);

  private static final int MAX_DIGITS = 9;
  /** Longer than every form of a date. */
  private static final int MAX_DATE = 64;
  /** The form of today, also with a day of one digit as Java writes it, and the two obsolete ones that are to be understood. */
  private static final List<DateTimeFormatter> DATES = Stream.of(
          "EEE, d MMM uuuu HH:mm:ss 'GMT'", "EEEE, dd-MMM-uu HH:mm:ss 'GMT'", "EEE MMM ppd HH:mm:ss uuuu")
      .map(form -> DateTimeFormatter.ofPattern(form, Locale.ENGLISH).withResolverStyle(ResolverStyle.STRICT)).toList();

  private RetryAfter() {}

  /** How long a response asks to wait: only one that says that the endpoint is overloaded does. */
  static Duration asked(int statusCode, MultiMap headers) {
    return statusCode == 429 || statusCode == 503 ? of(headers.get(HttpHeaders.RETRY_AFTER), Instant.now()) : Duration.ZERO;
  }

  /**
   * How long it asks to wait: seconds, or until a date. Takes time linear in the header's length.
   *
   * @param header null where there was none
   * @param now when the response came
   * @return zero where nothing is asked, or nothing that can be understood
   */
  static Duration of(String header, Instant now) {
    if (header == null) {
      return Duration.ZERO;
    }
    Duration asked = isNumber(header) ? seconds(header) : header.length() > MAX_DATE ? Duration.ZERO : until(header, now);
    return asked.isNegative() ? Duration.ZERO : asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static Duration seconds(String digits) {
    int first = 0; // that counts
    while (first < digits.length() - 1 && digits.charAt(first) == '0') {
      first++;
    }
    return digits.length() - first > MAX_DIGITS ? LONGEST
        : Duration.ofSeconds(Long.parseLong(digits, first, digits.length(), 10));
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
