package io.keyhook.stats;

/** The SQL of attempts as they are counted, by webhook and minute, that several stores share. */
public final class AttemptCountStore {
  /** Minutes {@code c}, each with the last in which there was a success; what follows takes those of one webhook. */
  public static final String OF_WEBHOOK = """
      SELECT c.*, max(c.minute) FILTER (WHERE c.succeeded > 0) OVER () AS last_ok FROM keyhook.attempt_count c""";
  /** Attempts that failed since the last success, over these minutes. */
  public static final String CONSECUTIVE_FAILURES =
      "coalesce(sum(failed_since) FILTER (WHERE minute >= coalesce(last_ok, '-infinity')), 0)";

  private AttemptCountStore() {}
}
