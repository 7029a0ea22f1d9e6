package io.keyhook.bus;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Requests about what is counted, and what is answered. Counts are for charts: a crash may lose a minute of them. */
public interface Statistics {
  /** How far a chart reaches back. The last of its points is still going on. */
  enum Range {
    HOUR("1h", 60, 60, 1),
    DAY("24h", 96, 900, 2),
    WEEK("7d", 84, 7200, 8),
    MONTH("30d", 90, 28_800, 31);

    private final String wireName;
    private final int points;
    private final int seconds;
    private final int daysKept;

    Range(String wireName, int points, int seconds, int daysKept) {
      this.wireName = wireName;
      this.points = points;
      this.seconds = seconds;
      this.daysKept = daysKept;
    }

    /**
     * @param wireName null: the last day
     * @throws FailureException there is none of this name
     */
    public static Range named(String wireName) {
      return wireName == null ? DAY : Arrays.stream(values()).filter(range -> range.wireName.equals(wireName)).findAny()
          .orElseThrow(() -> Check.invalid("range", "is not one of "
              + Arrays.stream(values()).map(Range::wireName).collect(Collectors.joining(", "))));
    }

    public String wireName() {
      return wireName;
    }

    public int points() {
      return points;
    }

    /** From one point to the next. They stand at multiples of it since 1970, and none spans two days. */
    public int seconds() {
      return seconds;
    }

    /** For how long a point is kept, beginning with the end of its day. */
    public int daysKept() {
      return daysKept;
    }
  }

  record Get(Caller caller, Range range) {}

  /**
   * An account's activity.
   *
   * @param from where the first point begins
   * @param to where the last one ends: later than now
   */
  record Overview(
      String range,
      Instant from,
      Instant to,
      int intervalSeconds,
      Validations validations,
      long activations,
      Attempts deliveries,
      List<Point> points) {}

  /** Of keys that are the account's. */
  record Validations(long total, long valid, long refused) {}

  /**
   * Attempts of deliveries, without tests.
   *
   * @param successRate 0 to 1; null where there was none
   * @param p95ResponseTime milliseconds, estimated; null where there was none
   */
  record Attempts(long attempts, long succeeded, long failed, Double successRate, Long p95ResponseTime) {}

  /**
   * @param at where it begins
   * @param succeeded attempts, as {@code failed}
   */
  record Point(
      Instant at, long valid, long refused, long activations, long succeeded, long failed, Long p95ResponseTime) {}

  record GetWebhooks(Caller caller) {}

  /**
   * How a webhook did in the last 24 hours, of which the last is still going on.
   *
   * @param successRate 0 to 1; null where there was no attempt
   * @param lastAttemptAt null where there was none, as the other two
   * @param consecutiveFailures attempts that failed since the last success
   */
  record WebhookActivity(
      String webhookId,
      Double successRate,
      long attempts,
      Instant lastAttemptAt,
      Instant lastSuccessAt,
      Instant lastFailureAt,
      long consecutiveFailures,
      List<Hour> hours) {}

  /** Attempts of one hour. */
  record Hour(Instant at, long succeeded, long failed) {}
}
