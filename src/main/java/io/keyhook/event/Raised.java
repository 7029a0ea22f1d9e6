package io.keyhook.event;

import java.util.UUID;

/**
 * An event that is to be committed with the change that raised it.
 *
 * @param data the JSON of its {@code data}, an object with fields
 * @param sequence the number that the data has as a last field for {@linkplain Subscription#isSequenced webhooks that know it};
 *     null: the data is the same for all webhooks
 * @param trace the context of the span that raised it, as {@link io.keyhook.trace.Tracing} describes it; null: there is none
 */
public record Raised(UUID accountId, EventType type, String data, Long sequence, String trace) {
  /** An event that no span raised. */
  public Raised(UUID accountId, EventType type, String data, Long sequence) {
    this(accountId, type, data, sequence, null);
  }


  /** An event whose data is the same for all webhooks. */
  public Raised(UUID accountId, EventType type, String data) {
    this(accountId, type, data, null, null);
  }

  /**
   * The data for a webhook, as the statement of {@link OutboxStore} makes it.
   *
   * @param sequenced whether the webhook knows the number
   */
  public String dataFor(boolean sequenced) {
    return sequenced && sequence != null ? data.substring(0, data.length() - 1) + ",\"sequence\":" + sequence + "}" : data;
  }
}
