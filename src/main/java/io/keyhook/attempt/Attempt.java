package io.keyhook.attempt;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;

/**
 * How one attempt went.
 *
 * @param startedAt by this node's clock: for people
 * @param endedNanos {@link System#nanoTime()}: what a retry's delay counts from
 * @param statusCode null where there was no answer
 * @param error null where there was none
 * @param responseBody its first 4 KB as text; null where there was no answer
 * @param retryAfter how long the receiver asked to wait; zero where it did not
 */
public record Attempt(
    Instant startedAt, Duration duration, long endedNanos, Integer statusCode, AttemptError error, String responseBody,
    Duration retryAfter) {

  /** One that was not made, because its target may not be reached. */
  public static Attempt refused() {
    return new Attempt(Instant.now(), Duration.ZERO, System.nanoTime(), null, AttemptError.TARGET_REFUSED, null,
        Duration.ZERO);
  }

  public boolean succeeded() {
    return error == null && statusCode != null && statusCode >= 200 && statusCode <= 299;
  }

  /** The receiver wants no more. */
  public boolean isGone() {
    return error == null && statusCode != null && statusCode == 410;
  }

  /** As it is kept. */
  public String toJson() {
    JsonObject json = new JsonObject().put("at", startedAt.toEpochMilli()).put("ms", duration.toMillis());
    if (statusCode != null) {
      json.put("status", statusCode);
    }
    if (error != null) {
      json.put("error", error.wireName());
    }
    if (responseBody != null && !responseBody.isEmpty()) {
      json.put("body", responseBody);
    }
    return json.encode();
  }
}
