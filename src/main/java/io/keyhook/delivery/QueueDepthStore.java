package io.keyhook.delivery;

import io.keyhook.event.DeliveryRowStore;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;

/** The SQL that counts the queue. */
final class QueueDepthStore {
  /** A bitmap scan would read the whole index, however few rows are wanted. */
  private static final String COUNT = """
      SET LOCAL enable_bitmapscan = off;
      SELECT count(*) FILTER (WHERE leased), count(*) FILTER (WHERE NOT (leased OR parked) AND tries > 0),
        count(*) FILTER (WHERE NOT (leased OR parked) AND tries <= 0), count(*) FILTER (WHERE parked)
      FROM (
        SELECT q.leased, q.tries, %s AND NOT %s AS parked FROM keyhook.delivery_queue q WHERE q.due_at > '-infinity' LIMIT %d) q""";

  private QueueDepthStore() {}

  /**
   * How many deliveries the queue has.
   *
   * @param leased held by a node
   * @param retrying waiting for a retry
   * @param waiting waiting for their first attempt, or for their turn, or sent again by a person
   * @param paused waiting until their webhook resumes
   */
  record Depth(long leased, long retrying, long waiting, long paused) {}

  /**
   * Counts the queue of all nodes.
   *
   * @param most rows that are read
   */
  static Future<Depth> count(SqlClient client, int most) {
    return client.query(COUNT.formatted(DeliveryRowStore.isParked("q"), DeliveryRowStore.isHeld("q"), most)).execute()
        .map(set -> set.next().iterator().next())
        .map(row -> new Depth(row.getLong(0), row.getLong(1), row.getLong(2), row.getLong(3)));
  }
}
