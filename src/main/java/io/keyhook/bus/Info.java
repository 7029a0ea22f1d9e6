package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonRawValue;
import java.util.List;

/** What this Keyhook is and offers: the same for everybody, and no secret. */
public interface Info {
  record GetSettings() {}

  /**
   * @param retryDelays as ISO 8601 has durations, as is {@code timeout}
   */
  record Settings(
      String version, boolean signupEnabled, boolean allowInsecureTargets, List<String> retryDelays, String timeout) {}

  record ListPlans() {}

  /**
   * @param maxLicenses null: unlimited
   * @param maxWebhooks null: unlimited
   */
  record Plan(String name, Integer maxLicenses, Integer maxWebhooks, int logRetentionDays) {}

  record ListEventTypes() {}

  /** A type of event that a webhook may subscribe to, and what is sent of it. */
  record EventType(String type, String description, Example example) {}

  /**
   * A delivery's body.
   *
   * @param data JSON
   */
  record Example(String event, java.time.Instant timestamp, String deliveryId, @JsonRawValue String data) {}
}
