package io.keyhook.delivery;

import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.AttemptError;
import io.keyhook.bus.Id;
import io.keyhook.event.Outgoing;
import io.keyhook.fair.FairShare;
import io.keyhook.stats.Counts;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** What a node counts of its deliveries, for its metrics and for its accounts' statistics. Any thread. */
public final class DeliveryMetrics {
  private static final Duration[] BUCKETS = {Duration.ofMillis(10), Duration.ofMillis(25), Duration.ofMillis(50),
      Duration.ofMillis(100), Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofMillis(2500),
      Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(300)};

  private final MeterRegistry meters;
  private final Counts counts;
  private final Counter succeeded;
  private final Counter failed;
  private final Timer succeededIn;
  private final Timer failedIn;
  private final Timer firstAttempts;
  private final Map<AttemptError, Counter> errors = new EnumMap<>(AttemptError.class);
  private final Map<AttemptError, Counter> unsent = new EnumMap<>(AttemptError.class);
  private final Counter refusedByStatus;
  private final Counter delivered;
  private final Counter retrying;
  private final Counter exhausted;
  private final Counter unasked;
  private final Counter polls;
  private final AtomicReference<Double> oldestDue;
  private final AtomicReference<Double> behind;

  public DeliveryMetrics(MeterRegistry meters, Counts counts, FairShare<UUID> holdings) {
    this.meters = meters;
    this.counts = counts;
    this.succeeded = attempts("succeeded");
    this.failed = attempts("failed");
    this.succeededIn = durations("succeeded");
    this.failedIn = durations("failed");
    this.firstAttempts = Timer.builder("keyhook.deliveries.first.attempt.delay")
        .description("From the commit of an event to the first attempt of its delivery, by the clocks of database and node")
        .serviceLevelObjectives(BUCKETS).register(meters);
    for (AttemptError error : AttemptError.values()) {
      errors.put(error, errors(error.wireName()));
      if (error.isKeyhooks()) {
        unsent.put(error, Counter.builder("keyhook.attempts.unsent")
            .description("Attempts that this node could not make, which are not counted as attempts of their deliveries")
            .tag("error", error.wireName()).register(meters));
      }
    }
    this.refusedByStatus = errors("status");
    this.delivered = deliveries("delivered");
    this.retrying = deliveries("retrying");
    this.exhausted = deliveries("exhausted");
    this.oldestDue = new AtomicReference<>(0.0);
    Gauge.builder("keyhook.queue.oldest.due", oldestDue, AtomicReference::get).baseUnit("seconds")
        .description("How long the oldest due delivery has been waiting, on whichever node").register(meters);
    this.behind = new AtomicReference<>(0.0);
    Gauge.builder("keyhook.queue.behind", behind, AtomicReference::get).baseUnit("seconds")
        .description("How long the oldest delivery has been due that waits for Keyhook and not for its own endpoint").register(meters);
    this.unasked = Counter.builder("keyhook.receivers.unasked")
        .description("Times that an endpoint sent bytes outside of a response").register(meters);
    this.polls = Counter.builder("keyhook.queue.polls").description("Polls of the queue that ended").register(meters);
    Gauge.builder("keyhook.deliveries.held", holdings, FairShare::held)
        .description("Deliveries under lease on this node").register(meters);
  }

  MeterRegistry registry() {
    return meters;
  }

  private Counter attempts(String outcome) {
    return Counter.builder("keyhook.attempts").description("Attempts ended").tag("outcome", outcome).register(meters);
  }

  private Timer durations(String outcome) {
    return Timer.builder("keyhook.attempts.duration")
        .description("Attempts, from the wait for a connection to the end of the response")
        .tag("outcome", outcome).serviceLevelObjectives(BUCKETS).register(meters);
  }

  private Counter errors(String error) {
    return Counter.builder("keyhook.attempts.errors").description("Failed attempts by error; status: the response was not 2xx")
        .tag("error", error).register(meters);
  }

  private Counter deliveries(String outcome) {
    return Counter.builder("keyhook.deliveries")
        .description("Results written; exhausted: the last attempt of the schedule failed").tag("outcome", outcome)
        .register(meters);
  }

  void attempt(Outgoing outgoing, Attempt attempt) {
    (attempt.succeeded() ? succeeded : failed).increment();
    (attempt.succeeded() ? succeededIn : failedIn).record(attempt.duration());
    if (outgoing.number() == 1) {
      firstAttempts.record(Math.max(0, attempt.startedAt().toEpochMilli() - Id.millis(outgoing.deliveryId())),
          TimeUnit.MILLISECONDS);
    }
    if (attempt.error() != null) {
      errors.get(attempt.error()).increment();
    } else if (!attempt.succeeded()) {
      refusedByStatus.increment();
    }
    counts.attempt(outgoing.endpoint().accountId(), attempt.succeeded(), attempt.duration());
  }

  /** An attempt ended because this node cannot send. */
  void unsent(AttemptError error) {
    unsent.get(error).increment();
  }

  /** A successful attempt was written. */
  void delivered() {
    delivered.increment();
  }

  /** A failed attempt was written. */
  void failed(boolean retried) {
    (retried ? retrying : exhausted).increment();
  }

  /**
   * The queue was read.
   *
   * @param oldestSeconds since when its oldest due delivery has been due; zero: none is due
   * @param behindSeconds the same of those that do not wait for their endpoint, as {@link Lateness} has it
   */
  void oldestDue(double oldestSeconds, double behindSeconds) {
    oldestDue.set(oldestSeconds);
    behind.set(behindSeconds);
  }

  /** Counts bytes that no request had asked for. */
  void unasked() {
    unasked.increment();
  }

  /** The queue was read, and what the poll found has been passed on. */
  void polled() {
    polls.increment();
  }

  /** Shows how many results of a verticle are not written yet, until the handle runs. */
  Runnable showUnwritten(int verticle, Results results) {
    Gauge gauge = Gauge.builder("keyhook.results.unwritten", results, Results::unwritten)
        .description("Results of attempts that wait for the database")
        .tag("loop", Integer.toString(verticle))
        .register(meters);
    return () -> meters.remove(gauge);
  }
}
