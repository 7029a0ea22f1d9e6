package io.keyhook.attempt;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * How one attempt went.
 *
 * @param startedAt by this node's clock: for people
 * @param endedNanos {@link System#nanoTime()}: what a retry's delay counts from
 * @param statusCode null where there was no answer
 * @param error null where there was none
 * @param responseBody its first 4 KB as text; null where there was no answer
 * @param responseHeaders null where there was no answer
 * @param retryAfter how long the receiver asked to wait; zero where it did not
 * @param detail what else is known of the error; null: nothing
 */
public record Attempt(
    Instant startedAt, Duration duration, long endedNanos, Integer statusCode, AttemptError error, String responseBody,
    ResponseHeaders responseHeaders, Duration retryAfter, String detail) {

  /** One without a detail of its error. */
  public Attempt(
      Instant startedAt, Duration duration, long endedNanos, Integer statusCode, AttemptError error, String responseBody,
      ResponseHeaders responseHeaders, Duration retryAfter) {
    this(startedAt, duration, endedNanos, statusCode, error, responseBody, responseHeaders, retryAfter, null);
  }

  /** One that was not made, because its target may not be reached. */
  public static Attempt refused() {
    return new Attempt(Instant.now(), Duration.ZERO, System.nanoTime(), null, AttemptError.TARGET_REFUSED, null,
        null, Duration.ZERO);
  }

  /** One that ended without a response, outside of {@link Sender}. */
  public static Attempt failed(Instant startedAt, Duration duration, long endedNanos, AttemptError error) {
    return new Attempt(startedAt, duration, endedNanos, null, error, null, null, Duration.ZERO);
  }

  /**
   * One with a response that did not come over {@link Sender}, as it is logged.
   *
   * @param body at most 4 KB; null: there is none
   * @param extra headers that the endpoint may have repeated
   */
  public static Attempt answered(Instant startedAt, Duration duration, long endedNanos, int statusCode, Map<String, String> headers,
      String body, ExtraHeaders extra) {
    MultiMap response = MultiMap.caseInsensitiveMultiMap();
    headers.forEach((name, value) -> response.add(name, value));
    return new Attempt(startedAt, duration, endedNanos, statusCode, null, ResponseText.clean(body == null ? "" : body),
        new ResponseHeaders(response), RetryAfter.asked(statusCode, response)).without(extra);
  }

  /** As it is logged: without the values of headers that the endpoint may have repeated. */
  Attempt without(ExtraHeaders extra) {
    return new Attempt(startedAt, duration, endedNanos, statusCode, error, extra.redact(responseBody),
        responseHeaders == null ? null : responseHeaders.without(extra), retryAfter, detail);
  }

  public boolean succeeded() {
    return error == null && statusCode != null && statusCode >= 200 && statusCode <= 299;
  }

  /** The receiver did not accept the credentials. */
  boolean isUnauthorized() {
    return error == null && statusCode != null && statusCode == 401;
  }

  /** The receiver wants no more. */
  public boolean isGone() {
    return error == null && statusCode != null && statusCode == 410;
  }

  /**
   * As it is kept. Of an endpoint that accepts every delivery at once, headers would be a fifth of the log and say nothing.
   *
   * @param number of the attempt: a first one that succeeded is kept without headers
   */
  public String toJson(int number) {
    return toJson(number > 1 || !succeeded());
  }

  /**
   * As it is kept.
   *
   * @param withHeaders whether the response's headers are kept, too
   */
  public String toJson(boolean withHeaders) {
    JsonObject json = new JsonObject().put("at", startedAt.toEpochMilli()).put("ms", duration.toMillis());
    if (statusCode != null) {
      json.put("status", statusCode);
    }
    if (error != null) {
      json.put("error", error.wireName());
    }
    if (detail != null) {
      json.put("detail", detail);
    }
    if (responseBody != null && !responseBody.isEmpty()) {
      json.put("body", responseBody);
    }
    if (withHeaders && responseHeaders != null) {
      json.put("headers", responseHeaders.text());
    }
    return json.encode();
  }
}
