package io.keyhook.bus;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Instant;

/** Events for the application that embeds Keyhook. */
public interface Events {
  /**
   * A committed event.
   *
   * @param id {@code event_...}; ids sort in the order in which a node raised its events
   * @param timestamp when the event was raised, by the clock of the node that raised it
   * @param type as in a webhook's delivery, for example {@code license.activated}
   * @param data as in a webhook's delivery; shared between subscribers, so do not change it
   */
  record Event(String id, Instant timestamp, String accountId, String type, JsonObject data) {}

  /** A subscription. It ends when it is closed; closing it again does nothing. */
  interface Subscription {
    Future<Void> close();
  }
}
