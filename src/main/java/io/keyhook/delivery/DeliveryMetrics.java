package io.keyhook.delivery;

import io.keyhook.attempt.Attempt;
import io.keyhook.fair.FairShare;
import io.keyhook.stats.Counts;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.UUID;

/** What a node counts of its deliveries, for its metrics and for its accounts' statistics. Any thread. */
public final class DeliveryMetrics {
  private final MeterRegistry meters;
  private final Counts counts;
  private final Counter succeeded;
  private final Counter failed;
  private final Counter unasked;
  private final Counter polls;

  public DeliveryMetrics(MeterRegistry meters, Counts counts, FairShare<UUID> holdings) {
    this.meters = meters;
    this.counts = counts;
    this.succeeded = attempts("succeeded");
    this.failed = attempts("failed");
    this.unasked = Counter.builder("keyhook.receivers.unasked")
        .description("Times that an endpoint sent bytes outside of a response").register(meters);
    this.polls = Counter.builder("keyhook.queue.polls").description("Polls of the queue that ended").register(meters);
    Gauge.builder("keyhook.deliveries.held", holdings, FairShare::held)
        .description("Deliveries under lease on this node").register(meters);
  }

  private Counter attempts(String outcome) {
    return Counter.builder("keyhook.attempts").description("Attempts ended").tag("outcome", outcome).register(meters);
  }

  void attempt(UUID accountId, Attempt attempt) {
    (attempt.succeeded() ? succeeded : failed).increment();
    counts.attempt(accountId, attempt.succeeded(), attempt.duration());
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
        .tag("instance", Integer.toString(verticle))
        .register(meters);
    return () -> meters.remove(gauge);
  }
}
