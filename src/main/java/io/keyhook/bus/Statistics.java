package io.keyhook.bus;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Requests about statistics, and their responses. A crash may lose a minute of the counts. */
public interface Statistics {
  /** The time range of a chart. Its last point has not ended yet. */
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
     * @throws FailureException if no range has this name
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

    /** The distance between two points. Points start at its multiples since 1970, and none spans two days. */
    public int seconds() {
      return seconds;
    }

    /** How long a point is kept, from the end of its day. */
    public int daysKept() {
      return daysKept;
    }
  }

  record Get(Caller caller, Range range) {}

  /**
   * An account's activity.
   *
   * @param from the start of the first point
   * @param to the end of the last point, which is in the future
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
   * @param successRate 0 to 1; null if there was no attempt
   * @param p95ResponseTime estimated milliseconds; null if there was no attempt
   */
  record Attempts(long attempts, long succeeded, long failed, Double successRate, Long p95ResponseTime) {}

  /**
   * @param at the start of the point
   * @param succeeded attempts, as {@code failed}
   */
  record Point(
      Instant at, long valid, long refused, long activations, long succeeded, long failed, Long p95ResponseTime) {}

  record GetWebhooks(Caller caller) {}

  /**
   * The statistics of a webhook over the last 24 hours; the last hour has not ended yet.
   *
   * @param successRate 0 to 1; null if there was no attempt
   * @param lastAttemptAt null if there was none, likewise the other two
   * @param consecutiveFailures attempts that failed since the last success
   * @param waiting deliveries that wait because the webhook is paused, counted up to {@value #MAX_WAITING}
   */
  record WebhookActivity(
      String webhookId,
      Double successRate,
      long attempts,
      Instant lastAttemptAt,
      Instant lastSuccessAt,
      Instant lastFailureAt,
      long consecutiveFailures,
      long waiting,
      List<Hour> hours) {
    public static final int MAX_WAITING = 100_000;
  }

  /** Attempts of one hour. */
  record Hour(Instant at, long succeeded, long failed) {}
}
