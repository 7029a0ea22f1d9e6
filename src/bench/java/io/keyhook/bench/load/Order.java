package io.keyhook.bench.load;

import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * What is to be sent.
 *
 * @param ports of the nodes, which take turns
 * @param rate validations a second; 0: as many as the users can
 * @param users where there is no rate
 * @param keyPrefix which eight digits follow, {@code 0000-0000} and up
 * @param licenses of which each validation takes one at random
 * @param first the sequence number of the first; each has its own in its {@code deviceType}
 * @param accepted whether to tell which were answered 200
 */
record Order(List<Integer> ports, int rate, int users, int seconds, int connections, int timeoutMillis, String keyPrefix,
    int licenses, int first, boolean accepted) {
  private static final int MOST_SESSIONS = 30_000;

  static Order of(JsonObject json) {
    return new Order(json.getJsonArray("ports").stream().map(Integer.class::cast).toList(),
        json.getInteger("rate"), json.getInteger("users"), json.getInteger("seconds"), json.getInteger("connections"),
        json.getInteger("timeoutMillis"), json.getString("keyPrefix"), json.getInteger("licenses"),
        json.getInteger("first"), json.getBoolean("accepted"));
  }

  /** Enough for all that are due in two seconds; what is due while all wait is not sent, and counted. */
  int maxSessions() {
    return Math.min(MOST_SESSIONS, Math.max(2000, 2 * rate));
  }
}
