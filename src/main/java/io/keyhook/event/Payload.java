package io.keyhook.event;

import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import java.time.Instant;
import java.util.UUID;

/** The body of a delivery: made of what is stored and nothing else, so that every attempt sends the same bytes. */
public final class Payload {
  private Payload() {}

  public static Id idOf(boolean test) {
    return test ? Id.TEST_DELIVERY : Id.DELIVERY;
  }

  /**
   * @param type its name
   * @param id as it is sent
   * @param data JSON
   */
  public static String body(String type, UUID deliveryId, String id, String data) {
    return "{\"event\":\"" + type + "\",\"timestamp\":\""
        + JsonText.time(Instant.ofEpochMilli(Id.millis(deliveryId))) + "\",\"deliveryId\":\"" + id
        + "\",\"data\":" + data + "}";
  }
}
