package io.keyhook.bus;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/** Events as an embedding application hears of them. */
public interface Events {
  /**
   * @param type as a webhook would have it, {@code license.activated} say
   * @param data as a webhook would have it; shared between subscribers, not to be changed
   */
  record Event(String accountId, String type, JsonObject data) {}

  /** Ends when it is closed; closing twice does nothing. */
  interface Subscription {
    Future<Void> close();
  }
}
