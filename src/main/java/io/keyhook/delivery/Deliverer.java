package io.keyhook.delivery;

import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Message;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.bus.Deliveries.WebhookChanged;
import io.keyhook.delivery.Claims.Taken;
import io.keyhook.delivery.Drain.Work;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Moment;
import io.keyhook.event.Outgoing;
import io.keyhook.event.WebhookState;
import java.time.Duration;
import java.time.Instant;

/**
 * Passes events to endpoints, and does what they ask for: {@code Endpoint.next} decides the next step. Belongs to one event
 * loop.
 */
final class Deliverer implements Endpoint.Actions {
  private final Dispatcher dispatcher;
  private final Claims claims;
  private final SettingsLoader settings;
  private final Transport transport;
  private final Outcomes outcomes;
  private final Drain drain;
  private final Lateness lateness;
  private final Endpoints endpoints;
  private boolean stopping;

  Deliverer(Endpoint.Limits limits, Dispatcher dispatcher, Claims claims, SettingsLoader settings, Transport transport,
      Outcomes outcomes, Drain drain, Lateness lateness) {
    this.dispatcher = dispatcher;
    this.claims = claims;
    this.settings = settings;
    this.transport = transport;
    this.outcomes = outcomes;
    this.drain = drain;
    this.lateness = lateness;
    this.endpoints = new Endpoints(id -> new Endpoint(id, limits, this));
  }

  /** Accepts newly committed deliveries, endpoints whose deliveries are due, and what became of webhooks. */
  void work(Dispatcher.Work work) {
    work.webhooks().forEach(this::polled);
    work.leased().forEach(this::accept);
    work.due().forEach(this::wake);
  }

  private void accept(Outgoing outgoing) {
    Endpoint endpoint = endpoints.of(outgoing.endpoint());
    endpoint.accept(new HeldDelivery(outgoing, dispatcher.holdings()));
    advance(endpoint);
  }

  private void wake(EndpointId id) {
    lateness.woken(id, endpoints.of(id).holdsItselfBack());
    due(id);
  }

  private void due(EndpointId id) {
    Endpoint endpoint = endpoints.of(id);
    endpoint.due();
    advance(endpoint);
  }

  /** A webhook that is inactive by now is read again, too: a newer version of it may be active. */
  private void polled(WebhookState webhook) {
    Endpoint endpoint = endpoints.find(webhook.endpoint().webhookId());
    if (endpoint != null) {
      endpoint.heardOf(webhook.version());
      if (!webhook.active()) {
        settings.changed(endpoint);
      }
      advance(endpoint);
    }
  }

  private void advance(Endpoint endpoint) {
    endpoint.advance(Moment.now(), stopping);
  }

  /** Drops what is known of a webhook that changed. */
  void changed(WebhookChanged changed) {
    Endpoint endpoint = endpoints.find(changed.webhookId());
    if (endpoint != null) {
      settings.changed(endpoint);
      advance(endpoint);
    }
  }

  /** Returns deliveries that wait here to the queue, where they are canceled. */
  void canceled(CancelPending canceled) {
    for (Endpoint endpoint : endpoints.all()) {
      if (canceled.covers(endpoint.id().accountId(), endpoint.id().webhookId())) {
        endpoint.releaseAll();
        advance(endpoint);
      }
    }
  }

  /** Returns the leases of deliveries that have not started, now and from now on. */
  void startNoMore() {
    stopping = true;
    endpoints.all().forEach(this::advance);
  }

  @Override
  public void attempt(Endpoint endpoint, HeldDelivery delivery, EndpointSettings known) {
    Outgoing outgoing = delivery.outgoing();
    Message message = Message.of(known, outgoing.type(), outgoing.deliveryId(), false, outgoing.data(),
        outgoing.format(), outgoing.number(), Instant.now());
    drain.track(Work.ATTEMPT, transport.send(endpoint.id(), known, message, outgoing.trace()).onSuccess(attempt -> {
      transport.wait(attempt).ifPresentOrElse(wait -> unsent(endpoint, delivery, attempt, wait), () -> {
        endpoint.ended(delivery, attempt.succeeded());
        record(delivery, attempt);
      });
      advance(endpoint);
    }));
  }

  private void unsent(Endpoint endpoint, HeldDelivery delivery, Attempt attempt, Duration wait) {
    outcomes.unsent(attempt);
    if (endpoint.unsent(delivery)) {
      settings.forgetIn(wait, endpoint, this::advance);
    }
  }

  private void record(HeldDelivery delivery, Attempt attempt) {
    drain.track(Work.WRITE, outcomes.record(delivery, attempt).onSuccess(next -> {
      if (next) {
        due(delivery.outgoing().endpoint());
      }
    }));
  }

  @Override
  public void refuse(HeldDelivery delivery) {
    record(delivery, Attempt.refused());
  }

  @Override
  public void release(HeldDelivery delivery) {
    drain.track(Work.WRITE, outcomes.release(delivery).onSuccess(released -> {
      if (released) {
        due(delivery.outgoing().endpoint());
      }
    }));
  }

  @Override
  public void read(Endpoint endpoint) {
    settings.read(endpoint, this::advance);
  }

  @Override
  public void claim(Endpoint endpoint, int wanted) {
    claims.claim(endpoint.id(), wanted).ifPresentOrElse(
        taking -> drain.track(Work.CLAIM, taking.onComplete(
            taken -> claimed(endpoint, taken),
            e -> endpoint.claimed(false))),
        endpoint::noRoom);
  }

  private void claimed(Endpoint endpoint, Taken taken) {
    if (taken.pause() == null) {
      endpoint.claimed(taken.all());
    } else {
      endpoint.paced();
      claims.after(taken.pause(), () -> {
        endpoint.paceOver();
        advance(endpoint);
      });
    }
    taken.leased().forEach(this::accept);
    if (!taken.inactive().isEmpty()) {
      drain.track(Work.WRITE, outcomes.cancelPending(endpoint.id(), taken.inactive()));
    }
    advance(endpoint);
  }

  @Override
  public void waiting(EndpointId endpoint, boolean waiting) {
    dispatcher.waiting(endpoint, waiting);
  }

  @Override
  public void saturated(EndpointId endpoint, boolean saturated) {
    dispatcher.saturated(endpoint, saturated);
  }
}
