package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonRawValue;
import java.util.List;

/** Public information about the server: the same for everyone, without secrets. */
public interface Info {
  record GetSettings() {}

  /**
   * @param retryDelays ISO 8601 durations, like {@code timeout}
   * @param passwordResetByMail whether users who forgot their password can have a link mailed to them
   */
  record Settings(
      String version, boolean signupEnabled, boolean allowInsecureTargets, List<String> retryDelays, String timeout,
      boolean passwordResetByMail) {}

  record ListPlans() {}

  /**
   * @param maxLicenses null: unlimited
   * @param maxWebhooks null: unlimited
   */
  record Plan(String name, Integer maxLicenses, Integer maxWebhooks, int logRetentionDays) {}

  record ListEventTypes() {}

  /** An event type that a webhook can subscribe to, with an example payload. */
  record EventType(String type, String description, Example example) {}

  /**
   * The body of a delivery.
   *
   * @param data JSON
   */
  record Example(String event, java.time.Instant timestamp, String deliveryId, @JsonRawValue String data) {}
}
