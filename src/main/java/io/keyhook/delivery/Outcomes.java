package io.keyhook.delivery;

import io.keyhook.attempt.Attempt;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.delivery.HeldDelivery.State;
import io.keyhook.delivery.ResultStore.Result;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what becomes of a held delivery, and does what follows from it: a retry, or the deactivation of a webhook whose
 * endpoint is gone. Every future succeeds when all of it has ended. Belongs to one event loop.
 */
final class Outcomes {
  private static final Logger log = LoggerFactory.getLogger(Outcomes.class);

  private final Bus bus;
  private final Results results;
  private final RetrySchedule schedule;
  private final DeliveryMetrics metrics;

  Outcomes(Bus bus, Results results, RetrySchedule schedule, DeliveryMetrics metrics) {
    this.bus = bus;
    this.results = results;
    this.schedule = schedule;
    this.metrics = metrics;
  }

  /**
   * Records the attempt of a delivery in {@link State#RECORDING}.
   *
   * @return whether others to the same webhook are due now, whose turn comes after it
   */
  Future<Boolean> record(HeldDelivery delivery, Attempt attempt) {
    Outgoing outgoing = delivery.outgoing();
    metrics.attempt(outgoing, attempt);
    Result result = Result.of(outgoing, attempt);
    boolean gone = attempt.isGone();
    return results.add(result).transform(written -> { // which may take long, and keeps what it mentions
      delivery.move(State.OVER);
      if (written.failed()) {
        log.error("Could not write the result of {}; it will be sent again", outgoing.deliveryId(), written.cause());
        return Future.succeededFuture(false);
      }
      if (result.succeeded()) {
        metrics.delivered();
      } else {
        Optional<Duration> wait = schedule.next(outgoing.tries() + 1, result.retryAfter());
        metrics.failed(wait.isPresent());
        wait.ifPresent(due -> bus.send(QueueVerticle.DUE_IN, due));
      }
      return (gone ? deactivate(outgoing) : Future.succeededFuture()).map(written.result());
    });
  }

  /** Counts an attempt that this node could not make: no row tells of it. */
  void unsent(Attempt attempt) {
    metrics.unsent(attempt.error());
  }

  /** If the node dies before this is written, the next attempt gets the same response. */
  private Future<Void> deactivate(Outgoing outgoing) {
    return results.deactivate(outgoing, Deactivation.GONE).transform(done -> {
      if (done.failed()) {
        log.warn("Could not deactivate a webhook whose endpoint is gone; retrying at its next attempt: {}",
            done.cause().getMessage());
      } else if (done.result()) {
        cancelPending(outgoing.endpoint(), List.of());
      }
      return Future.succeededFuture();
    });
  }

  /**
   * Returns the lease of a delivery in {@link State#RELEASING}.
   *
   * @return whether its row is due in the queue; where it is not, its lease expires
   */
  Future<Boolean> release(HeldDelivery delivery) {
    return results.release(delivery.outgoing()).transform(written -> {
      delivery.move(State.OVER);
      if (written.failed()) {
        log.warn("Could not return a lease; it expires by itself: {}", written.cause().getMessage());
      }
      return Future.succeededFuture(written.succeeded());
    });
  }

  /**
   * Asks for the pending deliveries of an inactive webhook to be canceled. If it is active again by then, they stay in the queue.
   *
   * @param leased those that this node holds, and that are not to be sent
   */
  Future<Void> cancelPending(EndpointId endpoint, List<Outgoing> leased) {
    return Future.join(leased.stream().map(results::release).toList())
        .transform(released -> bus.request(Addresses.CANCEL_PENDING, new CancelPending(endpoint.accountId(), endpoint.webhookId())))
        .onFailure(e -> log.warn("Could not cancel the deliveries to an inactive webhook: {}", e.getMessage()))
        .<Void>mapEmpty().otherwiseEmpty();
  }
}
