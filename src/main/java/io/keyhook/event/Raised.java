package io.keyhook.event;

import io.keyhook.bus.Id;
import java.util.UUID;

/**
 * An event that is to be committed with the change that raised it.
 *
 * @param data the JSON of its {@code data}, an object with fields
 * @param sequence the number that the data has as a last field for {@linkplain Subscription#isSequenced webhooks that know it};
 *     null: the data is the same for all webhooks
 * @param gone what filters compare of a license that is not there any more, as JSON; null: it is there
 * @param trace the context of the span that raised it, as {@link io.keyhook.trace.Tracing} describes it; null: there is none
 */
public record Raised(UUID accountId, EventType type, String data, Long sequence, String gone, String trace) {
  private static final String BEGIN = "{\"licenseId\":\"";

  /** An event of a license that is there. */
  public Raised(UUID accountId, EventType type, String data, Long sequence, String trace) {
    this(accountId, type, data, sequence, null, trace);
  }

  /** An event that no span raised. */
  public Raised(UUID accountId, EventType type, String data, Long sequence) {
    this(accountId, type, data, sequence, null);
  }

  /** An event whose data is the same for all webhooks. */
  public Raised(UUID accountId, EventType type, String data) {
    this(accountId, type, data, null, null);
  }

  /** The same event of a license that this transaction deletes. */
  public Raised ofGone(String license) {
    return new Raised(accountId, type, data, sequence, license, trace);
  }

  /** The license that it is about, which is the first field of the data; null: it is about none. */
  UUID licenseId() {
    return data.startsWith(BEGIN) ? Id.LICENSE.parse(data.substring(BEGIN.length(), data.indexOf('"', BEGIN.length()))) : null;
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
