package io.keyhook.bench.receiver;

import io.vertx.core.json.JsonObject;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.HdrHistogram.Histogram;

/** What came to one kind of endpoint. One event loop. */
final class Count {
  private final Set<String> ids = new HashSet<>();
  private final BitSet sequences = new BitSet();
  private final Histogram expired = new Histogram(Stream.MOST_MICROS, 3);
  private long requests;
  private long retries;
  private long waiting;
  private long peakWaiting;
  private long firstNanos;
  private long lastNanos;

  void begin() {
    peakWaiting = Math.max(peakWaiting, ++waiting);
  }

  /** Answered, or its connection was closed. */
  void end() {
    waiting--;
  }

  /**
   * @param attempt as the header says it
   * @param sequence negative: none
   */
  void receive(String id, String attempt, int sequence, long nanos) {
    lastNanos = nanos;
    if (requests++ == 0) {
      firstNanos = nanos;
    }
    ids.add(id);
    if (!"1".equals(attempt)) {
      retries++;
    }
    if (sequence >= 0) {
      sequences.set(sequence);
    }
  }

  /** A {@code license.expired} arrived so many microseconds after {@code expiresAt}. */
  void receiveExpired(long micros) {
    expired.recordValue(Math.max(0, Math.min(Stream.MOST_MICROS, micros)));
  }

  BitSet sequences() {
    return sequences;
  }

  JsonObject toJson() {
    return new JsonObject()
        .put("requests", requests)
        .put("unique", ids.size())
        .put("retries", retries)
        .put("waiting", waiting)
        .put("peakWaiting", peakWaiting)
        .put("seconds", (lastNanos - firstNanos) / 1e9)
        .put("expired", Stream.percentiles(expired));
  }
}
