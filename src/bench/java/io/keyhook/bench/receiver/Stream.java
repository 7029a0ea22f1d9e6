package io.keyhook.bench.receiver;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.HdrHistogram.Histogram;

/** The validations of one group of accounts: when each is due, when it was answered, when its event arrived. */
final class Stream {
  static final long MOST_MICROS = 600_000_000L;

  private final String name;
  private final double rate;
  private final JsonArray keyPrefixes;
  private final int licenses;
  private final int first;
  private final long start;
  private final int connections;
  private final long[] sentAt; // where there is no rate
  private final int total;
  private final int warmUp; // so many do not count
  private final long[] answered;
  private final AtomicLongArray arrived; // written by another thread
  private final AtomicInteger arrivals = new AtomicInteger();
  private int sent;
  private int answers;
  private int accepted;
  private int failed;

  Stream(JsonObject order, int first, long start, int warmUpSeconds, int seconds) {
    this.name = order.getString("name");
    this.rate = order.getDouble("rate");
    this.keyPrefixes = order.getJsonArray("keyPrefixes");
    this.licenses = order.getInteger("licenses");
    this.first = first;
    this.start = start;
    this.warmUp = (int) (rate * warmUpSeconds);
    this.connections = order.getInteger("connections", 0);
    this.total = connections > 0 ? order.getInteger("total") : warmUp + (int) (rate * seconds);
    this.sentAt = new long[connections > 0 ? total : 0];
    this.answered = new long[total];
    this.arrived = new AtomicLongArray(total);
  }

  String name() {
    return name;
  }

  int total() {
    return total;
  }

  boolean holds(int sequence) {
    return sequence >= first && sequence < first + total;
  }

  /** The next that should have left by now; -1: none. */
  int nextDue(long now) {
    return connections == 0 && sent < total && due(sent) <= now ? sent++ : -1;
  }

  /** How many are to be under way at once; 0: there is a rate. */
  int connections() {
    return connections;
  }

  /** The next of a stream that has no rate; -1: there is none. */
  int next(long now) {
    if (connections == 0 || sent == total) {
      return -1;
    }
    sentAt[sent] = now;
    return sent++;
  }

  private long due(int index) {
    return connections > 0 ? sentAt[index] : start + (long) (index / rate * 1e9);
  }

  String body(int index, ThreadLocalRandom random) {
    int license = random.nextInt(licenses);
    return "{\"licenseKey\":\"" + keyPrefixes.getString(random.nextInt(keyPrefixes.size()))
        + digits(license / 10_000) + "-" + digits(license % 10_000)
        + "\",\"fingerprint\":\"device-abc-123\",\"deviceName\":\"MacBook Pro\",\"deviceType\":\"bench-"
        + (first + index) + "\"}";
  }

  private static String digits(int number) {
    return Integer.toString(10_000 + number).substring(1);
  }

  /**
   * @param status 0: there was no answer
   */
  void answered(int index, int status, long nanos) {
    answers++;
    if (status == 200) {
      accepted++;
      answered[index] = nanos;
    } else if (index >= warmUp) {
      failed++;
    }
  }

  void arrived(int sequence, long nanos) {
    if (arrived.compareAndSet(sequence - first, 0, nanos)) {
      arrivals.incrementAndGet();
    }
  }

  boolean isAnswered() {
    return answers == total;
  }

  boolean isArrived() {
    return arrivals.get() >= accepted;
  }

  JsonObject toJson() {
    Histogram validation = new Histogram(MOST_MICROS, 3);
    Histogram delivery = new Histogram(MOST_MICROS, 3);
    Histogram whole = new Histogram(MOST_MICROS, 3);
    int missing = 0;
    long last = start;
    for (int i = warmUp; i < total; i++) {
      if (answered[i] == 0) {
        continue;
      }
      record(validation, answered[i] - due(i));
      long arrival = arrived.get(i);
      if (arrival == 0) {
        missing++;
      } else {
        last = Math.max(last, arrival);
        record(delivery, arrival - answered[i]);
        record(whole, arrival - due(i));
      }
    }
    return new JsonObject()
        .put("due", total - warmUp)
        .put("failed", failed)
        .put("missing", missing)
        .put("seconds", (last - start) / 1e9)
        .put("validation", percentiles(validation))
        .put("delivery", percentiles(delivery))
        .put("whole", percentiles(whole));
  }

  /** A delivery may arrive before its validation's answer does. */
  private static void record(Histogram histogram, long nanos) {
    histogram.recordValue(Math.max(0, Math.min(MOST_MICROS, nanos / 1000)));
  }

  static JsonObject percentiles(Histogram histogram) {
    return new JsonObject()
        .put("p50", histogram.getValueAtPercentile(50))
        .put("p90", histogram.getValueAtPercentile(90))
        .put("p99", histogram.getValueAtPercentile(99))
        .put("p999", histogram.getValueAtPercentile(99.9))
        .put("max", histogram.getMaxValue());
  }
}
