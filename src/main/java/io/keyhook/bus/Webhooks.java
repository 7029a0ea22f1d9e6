package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Requests about webhooks, and their responses. */
public interface Webhooks {
  int URL_BYTES = 2048;
  int DESCRIPTION = 1000;
  int MAX_OVERLAP_HOURS = 24 * 30;
  int DEFAULT_OVERLAP_HOURS = 24;
  /** The maximum number of previous secrets that sign alongside the current one. */
  int MAX_PREVIOUS_SECRETS = 5;
  String SECRET_PREFIX = "whsec_";
  int SECRET_BYTES_MIN = 24;
  int SECRET_BYTES_MAX = 64;
  int SECRET_CHARACTERS_MAX = 100;

  /**
   * @param isActive null: true
   * @param secret {@code whsec_} and the standard base64 of {@value #SECRET_BYTES_MIN} to {@value #SECRET_BYTES_MAX} random
   *     bytes, for endpoints that migrate from another sender; null: generated
   */
  record Create(
      Caller caller, String url, List<String> events, Boolean isActive, String description, String secret) {
    public Create {
      isActive = isActive == null || isActive;
      Check.that().required("url", url).text("url", url, URL_BYTES).required("events", events)
          .text("description", description, DESCRIPTION)
          .is("secret", secret == null || isSecret(secret), "is not " + SECRET_PREFIX + " and the base64 of "
              + SECRET_BYTES_MIN + " to " + SECRET_BYTES_MAX + " random bytes, with padding")
          .done();
    }

    /** Returns a request with a generated secret. */
    public Create(Caller caller, String url, List<String> events, Boolean isActive, String description) {
      this(caller, url, events, isActive, description, null);
    }

    private static boolean isSecret(String secret) {
      if (!secret.startsWith(SECRET_PREFIX) || secret.length() > SECRET_CHARACTERS_MAX) {
        return false;
      }
      String base64 = secret.substring(SECRET_PREFIX.length());
      try {
        byte[] bytes = Base64.getDecoder().decode(base64);
        return bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX
            && Base64.getEncoder().encodeToString(bytes).equals(base64);
      } catch (IllegalArgumentException e) {
        return false;
      }
    }

    @Override
    public String toString() {
      return "Create[url=" + url + ", events=" + events + "]";
    }

    /** Returns a request for an active webhook with a generated secret. */
    public static Create of(Caller caller, String url, String... events) {
      return new Create(caller, url, List.of(events), true, null);
    }

    public Create inactive() {
      return new Create(caller, url, events, false, description);
    }

    public Create withDescription(String description) {
      return new Create(caller, url, events, isActive, description);
    }
  }

  /** Changes the present fields and leaves the others. */
  record Update(
      Caller caller,
      String id,
      Field<String> url,
      Field<List<String>> events,
      Field<Boolean> isActive,
      Field<String> description) {
    public Update {
      Check check = Check.that();
      if (url.present()) {
        check.required("url", url.value()).text("url", url.value(), URL_BYTES);
      }
      if (events.present()) {
        check.required("events", events.value());
      }
      if (isActive.present()) {
        check.required("isActive", isActive.value());
      }
      check.text("description", description.value(), DESCRIPTION).done();
    }

    /** Returns a change without fields, to be extended. */
    public static Update of(Caller caller, String id) {
      return new Update(caller, id, Field.absent(), Field.absent(), Field.absent(), Field.absent());
    }

    public Update withUrl(String url) {
      return new Update(caller, id, Field.of(url), events, isActive, description);
    }

    public Update withEvents(String... events) {
      return new Update(caller, id, url, Field.of(List.of(events)), isActive, description);
    }

    public Update withActive(boolean isActive) {
      return new Update(caller, id, url, events, Field.of(isActive), description);
    }

    /**
     * @param description null: none
     */
    public Update withDescription(String description) {
      return new Update(caller, id, url, events, isActive, Field.of(description));
    }

    /** Returns the names of the fields that are present. */
    public List<String> changed() {
      return Field.present(Map.of("url", url, "events", events, "isActive", isActive, "description", description));
    }
  }

  /**
   * @param pausedAt since when its events wait to be sent; null: it is not paused
   * @param deactivatedReason null if it is active, or if a team member deactivated it
   * @param previousSecretUntil when the oldest active previous secret stops signing; null: there is none
   */
  record Webhook(
      String id,
      String url,
      List<String> events,
      boolean isActive,
      String description,
      Instant pausedAt,
      String deactivatedReason,
      Instant previousSecretUntil,
      Instant createdAt,
      Instant updatedAt) {}

  /** A webhook with its secret, which is only returned when it is created or rotated. */
  record WithSecret(@JsonUnwrapped Webhook webhook, String secret) {
    @Override
    public String toString() {
      return "WithSecret[webhook=" + webhook.id() + "]";
    }
  }

  record Get(Caller caller, String id) {}

  record ListAll(Caller caller, Page.Request page) {}

  record Delete(Caller caller, String id) {}

  /**
   * Pauses a webhook, or resumes it. While it is paused, events are recorded and wait, for as long as the account's plan keeps
   * the log; they are sent when it resumes, oldest first. Fails with {@link Failure.Conflict} if the webhook is inactive.
   */
  record SetPaused(Caller caller, String id, boolean paused) {}

  /**
   * Replaces the secret. Fails with {@link Failure.Conflict} if {@value #MAX_PREVIOUS_SECRETS} previous secrets sign already.
   *
   * @param overlapHours how long the old secret signs alongside the new one; null: 24; 0: all previous secrets end immediately
   */
  record RotateSecret(Caller caller, String id, Integer overlapHours) {
    public RotateSecret {
      overlapHours = overlapHours == null ? DEFAULT_OVERLAP_HOURS : overlapHours;
      Check.that().range("overlapHours", overlapHours, 0, MAX_OVERLAP_HOURS).done();
    }
  }

  /**
   * @param event null: {@code webhook.test}
   */
  record Test(Caller caller, String webhookId, String event) {
    public Test {
      Check.that().required("webhookId", webhookId).done();
    }
  }

  /**
   * @param statusCode null if there was no response
   * @param responseTime milliseconds
   * @param responseBody the first 4 KB; null if there was no response
   * @param error null where there was none
   */
  record TestResult(
      boolean success,
      String deliveryId,
      Integer statusCode,
      long responseTime,
      String responseBody,
      @JsonInclude(JsonInclude.Include.NON_NULL) String error) {}

  record GetHealth(Caller caller, String id) {}

  /**
   * The health of an endpoint. Counts, times and response times cover attempts, without those of test events.
   *
   * @param pending the number of pending deliveries
   */
  record Health(
      Window lastHour,
      Window lastDay,
      Window lastWeek,
      ResponseTime responseTime,
      long consecutiveFailures,
      Instant lastSuccessAt,
      Instant lastFailureAt,
      long pending) {}

  /**
   * @param successRate 0 to 1; null if there was no attempt
   */
  record Window(long count, long succeeded, Double successRate) {
    public static Window of(long succeeded, long failed) {
      long count = succeeded + failed;
      return new Window(count, succeeded, count == 0 ? null : Math.round(10_000.0 * succeeded / count) / 10_000.0);
    }
  }

  /**
   * Milliseconds, over the latest attempts; null if there was none.
   */
  record ResponseTime(Long p50, Long p95) {}
}
