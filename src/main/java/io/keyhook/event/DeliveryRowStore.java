package io.keyhook.event;

/**
 * The SQL of deliveries, in the queue and in the log, that several stores share.
 *
 * <p>A row keeps a JSON array of the last {@value #MAX_ATTEMPTS}, first to last. A delivery that is
 * redelivered again and again has had more. Its first kept attempt then carries its {@code number}; in all other arrays,
 * attempts count from 1.
 */
public final class DeliveryRowStore {
  /** A row is rewritten for each attempt, and an attempt holds up to 4 KB of response body. */
  public static final int MAX_ATTEMPTS = 50;

  private DeliveryRowStore() {}

  /**
   * How many attempts a delivery has had.
   *
   * @param attempts an SQL expression of an array of attempts, or of null
   */
  public static String attemptCount(String attempts) {
    return "(coalesce((%1$s -> 0 ->> 'number')::int - 1, 0) + coalesce(jsonb_array_length(%1$s), 0))".formatted(attempts);
  }

  /**
   * The attempts with one more, without those that are too many.
   *
   * @param attempts an SQL expression of an array of attempts, or of null
   * @param next an SQL expression of an array of one attempt
   */
  public static String withAttempt(String attempts, String next) {
    return """
        CASE WHEN jsonb_array_length(%1$s) >= %3$d
          THEN jsonb_set(jsonb_path_query_array(%1$s, '$[last - %4$d to last]') || %2$s, '{0,number}',
            to_jsonb(%5$s - %4$d))
          ELSE coalesce(%1$s || %2$s, %2$s) END"""
        .formatted(attempts, next, MAX_ATTEMPTS, MAX_ATTEMPTS - 2, attemptCount(attempts));
  }
}
