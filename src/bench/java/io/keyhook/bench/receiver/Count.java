package io.keyhook.bench.receiver;

import io.vertx.core.json.JsonObject;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/** What came to one kind of endpoint. One event loop. */
final class Count {
  private final Set<String> ids = new HashSet<>();
  private final BitSet sequences = new BitSet();
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
        .put("seconds", (lastNanos - firstNanos) / 1e9);
  }
}
