package io.keyhook.event;

import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import java.time.Instant;

/** The {@code data} of the events about webhooks: their fields are the contract, in this order. */
public final class WebhookEvents {
  private record Failing(String webhookId, String url, String description, long consecutiveFailures, Integer lastStatusCode,
      String lastError, Instant lastSuccessAt, Instant lastFailureAt) {}

  private record Recovered(String webhookId, String url, String description, Instant failingSince, Instant lastSuccessAt) {}

  private record Deactivated(String webhookId, String url, String description, String deactivatedReason, Instant deactivatedAt) {}

  private WebhookEvents() {}

  /**
   * The webhook that an event is about.
   *
   * @param description null: none
   */
  public record Subject(EndpointId endpoint, String url, String description) {
    private String id() {
      return Id.WEBHOOK.of(endpoint.webhookId());
    }
  }

  /**
   * What its latest attempts came to.
   *
   * @param consecutiveFailures since the last success, in the last 24 hours
   * @param statusCode of the latest failure; null: there was no response
   * @param error of the latest failure; null: none
   * @param lastSuccessAt in the last 24 hours; null: none
   * @param lastFailureAt likewise
   */
  public record Attempts(long consecutiveFailures, Integer statusCode, String error, Instant lastSuccessAt, Instant lastFailureAt) {}

  public static Raised failing(Subject webhook, Attempts attempts) {
    return raised(webhook, EventType.WEBHOOK_FAILING, new Failing(webhook.id(), webhook.url, webhook.description,
        attempts.consecutiveFailures, attempts.statusCode, attempts.error, attempts.lastSuccessAt, attempts.lastFailureAt));
  }

  /**
   * @param failingSince when it was reported as failing
   */
  public static Raised recovered(Subject webhook, Instant failingSince, Attempts attempts) {
    return raised(webhook, EventType.WEBHOOK_RECOVERED,
        new Recovered(webhook.id(), webhook.url, webhook.description, failingSince, attempts.lastSuccessAt));
  }

  public static Raised deactivated(Subject webhook, String reason, Instant at) {
    return raised(webhook, EventType.WEBHOOK_DEACTIVATED,
        new Deactivated(webhook.id(), webhook.url, webhook.description, reason, at));
  }

  private static Raised raised(Subject webhook, EventType type, Object data) {
    return new Raised(webhook.endpoint.accountId(), type, JsonText.of(data));
  }
}
