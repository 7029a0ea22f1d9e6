package io.keyhook.bench.load;

import io.hyperfoil.api.connection.Connection;
import io.hyperfoil.api.session.Session;
import io.hyperfoil.http.api.HttpRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.AsciiString;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.concurrent.ThreadLocalRandom;
import org.HdrHistogram.Histogram;

/** The requests of one order and what became of them, on the one thread that Hyperfoil has here. */
final class Tally {
  private static final long MOST_MICROS = 120_000_000L;

  private final Order order;
  private final Histogram micros = new Histogram(MOST_MICROS, 3); // of those answered 200
  private final BitSet accepted = new BitSet();
  private Flight[] flights = new Flight[0]; // by session
  private int next;
  private long base;
  private long last;
  private int unavailable;
  private int otherStatus;

  Tally(Order order) {
    this.order = order;
  }

  /** The request of a session; sessions are used again. */
  private static final class Flight {
    private int sequence;
    private long due;
    private int status;
    private boolean retryAfter;
  }

  boolean start(Session session) {
    long now = System.nanoTime();
    if (next == 0) {
      base = now - (System.currentTimeMillis() - session.phase().absoluteStartTime()) * 1_000_000;
    }
    Flight flight = flight(session);
    flight.sequence = next++;
    flight.due = order.rate() == 0 ? now : Math.min(now, base + (long) (flight.sequence * 1e9 / order.rate()));
    flight.status = 0;
    flight.retryAfter = false;
    return true;
  }

  /** The node whose turn it is. */
  String authority(Session session) {
    return Load.authority(order.ports().get(flight(session).sequence % order.ports().size()));
  }

  ByteBuf body(Session session, Connection connection) {
    int license = ThreadLocalRandom.current().nextInt(order.licenses());
    return Unpooled.wrappedBuffer(("{\"licenseKey\":\"" + order.keyPrefix()
        + digits(license / 10_000) + "-" + digits(license % 10_000)
        + "\",\"fingerprint\":\"device-abc-123\",\"deviceName\":\"MacBook Pro\",\"deviceType\":\"bench-"
        + (order.first() + flight(session).sequence) + "\"}").getBytes(StandardCharsets.US_ASCII));
  }

  void status(HttpRequest request, int status) {
    flight(request.session).status = status;
  }

  void header(HttpRequest request, CharSequence name, CharSequence value) {
    if (AsciiString.contentEqualsIgnoreCase(name, "retry-after")) {
      flight(request.session).retryAfter = true;
    }
  }

  void completed(Session session) {
    Flight flight = flight(session);
    if (flight.status == 0) {
      return; // no answer: what none of the others counts
    }
    last = System.nanoTime();
    switch (flight.status) {
      case 200 -> {
        micros.recordValue(Math.min(MOST_MICROS, (last - flight.due) / 1000));
        accepted.set(flight.sequence);
      }
      case 503 -> {
        if (flight.retryAfter) {
          unavailable++;
        } else {
          otherStatus++;
        }
      }
      default -> otherStatus++;
    }
    flight.status = 0; // a completion that is told twice counts once
  }

  /** Its {@code seconds} go on to the last answer, if that came after the last was due. */
  JsonObject toJson() {
    int due = order.rate() == 0 ? next : Math.max(next, order.rate() * order.seconds()); // one more may slip in
    int ok = accepted.cardinality();
    JsonObject json = new JsonObject()
        .put("due", due)
        .put("sent", next)
        .put("ok", ok)
        .put("unavailable", unavailable)
        .put("otherStatus", otherStatus)
        .put("unanswered", Math.max(0, next - ok - unavailable - otherStatus))
        .put("unsent", Math.max(0, due - next))
        .put("seconds", Math.max(order.seconds(), (last - base) / 1e9))
        .put("p50", micros.getValueAtPercentile(50))
        .put("p90", micros.getValueAtPercentile(90))
        .put("p99", micros.getValueAtPercentile(99))
        .put("p999", micros.getValueAtPercentile(99.9))
        .put("max", micros.getMaxValue());
    return order.accepted() ? json.put("accepted", Base64.getEncoder().encodeToString(accepted.toByteArray())) : json;
  }

  private Flight flight(Session session) {
    int index = session.uniqueId();
    if (index >= flights.length) {
      int before = flights.length;
      flights = Arrays.copyOf(flights, Math.max(index + 1, 2 * before));
      Arrays.setAll(flights, i -> i < before ? flights[i] : new Flight());
    }
    return flights[index];
  }

  private static String digits(int number) {
    return Integer.toString(10_000 + number).substring(1);
  }
}
