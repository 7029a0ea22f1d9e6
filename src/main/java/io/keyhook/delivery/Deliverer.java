package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.Message;
import io.keyhook.attempt.Sender;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries.CancelPending;
import io.keyhook.bus.Deliveries.WebhookChanged;
import io.keyhook.bus.Id;
import io.keyhook.db.Batcher;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.delivery.QueueStore.Claimed;
import io.keyhook.delivery.QueueStore.Places;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Holdings;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outgoing;
import io.keyhook.stats.Counts;
import io.keyhook.target.RefusedTargetException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what is sent when. Deliveries come under lease, with the event that raised them or claimed from the queue; an
 * account has so much room on the node and an endpoint so many places, and what there is no place for goes back to the
 * queue. Belongs to one event loop.
 */
final class Deliverer {
  private static final Logger log = LoggerFactory.getLogger(Deliverer.class);
  private static final int MAX_CLAIM = 256;
  private static final int MAX_CLAIMS_A_STATEMENT = 32;
  private static final int MAX_IDLE_ENDPOINTS = 10_000;
  private static final Duration WRITING = Duration.ofSeconds(5);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
  /** Only another start of Keyhook, or another secret, can change it. */
  private static final Duration AFTER_UNREADABLE = Duration.ofMinutes(1);

  private final Vertx vertx;
  private final Bus bus;
  private final Dispatcher dispatcher;
  private final Holdings holdings;
  private final RetrySchedule schedule;
  private final Sender sender;
  private final EndpointReader settings;
  private final Results results;
  private final Batcher<Places, List<Claimed>> claims;
  private final int maxInFlightPerEndpoint;
  /** An attempt that starts later than this after its lease was taken might outlive it. */
  private final long usableNanos;
  private final Counts counts;
  private final Counter delivered;
  private final Counter failed;
  private final Map<UUID, Endpoint> endpoints = new LinkedHashMap<>(16, 0.75f, true);
  private int inFlight;
  private int claiming;
  private boolean stopping;
  private boolean draining;
  private final Promise<Void> drained = Promise.promise();

  Deliverer(
      Vertx vertx, Bus bus, SqlClient client, Dispatcher dispatcher, Holdings holdings, RetrySchedule schedule, Sender sender,
      EndpointReader settings, Results results, TakeOver takeOver, Plans plans, Counts counts, MeterRegistry meters,
      Duration timeout, int maxInFlightPerEndpoint) {
    this.vertx = vertx;
    this.bus = bus;
    this.dispatcher = dispatcher;
    this.holdings = holdings;
    this.schedule = schedule;
    this.sender = sender;
    this.settings = settings;
    this.results = results;
    this.maxInFlightPerEndpoint = maxInFlightPerEndpoint;
    this.usableNanos = Duration.ofSeconds(Outbox.LEASE_SECONDS).minus(timeout).minus(WRITING).toNanos();
    this.claims = new Batcher<>(vertx, 2, MAX_CLAIMS_A_STATEMENT,
        batch -> claim(client, batch, takeOver.isAllowed(), plans.withWebhooks()));
    this.counts = counts;
    this.delivered = attempts(meters, "succeeded");
    this.failed = attempts(meters, "failed");
  }

  private static Counter attempts(MeterRegistry meters, String outcome) {
    return Counter.builder("keyhook.attempts").description("Attempts ended").tag("outcome", outcome).register(meters);
  }

  /** Takes over what was committed, and what became due. */
  void work(Dispatcher.Work work) {
    for (Outgoing outgoing : work.leased()) {
      accept(outgoing);
    }
    for (EndpointId id : work.due()) {
      Endpoint endpoint = endpoint(id);
      endpoint.due = true;
      pump(endpoint);
    }
  }

  private void accept(Outgoing outgoing) {
    Endpoint endpoint = endpoint(new EndpointId(outgoing.accountId(), outgoing.webhookId()));
    if (stopping) {
      release(endpoint, outgoing);
    } else {
      endpoint.ready.add(outgoing);
      pump(endpoint);
    }
  }

  private void release(Endpoint endpoint, Outgoing outgoing) {
    held(results.release(outgoing), endpoint).onComplete(
        done -> {
          endpoint.due = true;
          pump(endpoint);
          checkDrained();
        },
        e -> {
          log.warn("A lease could not be given back; it runs out by itself: {}", e.getMessage());
          checkDrained();
        });
  }

  /** What was held is let go of when its fate is written. */
  private Future<Void> held(Future<Void> written, Endpoint endpoint) {
    return written.onComplete(done -> holdings.remove(endpoint.id.accountId(), 1));
  }

  private Endpoint endpoint(EndpointId id) {
    Endpoint endpoint = endpoints.get(id.webhookId());
    if (endpoint == null) {
      endpoint = new Endpoint(id, maxInFlightPerEndpoint);
      endpoints.put(id.webhookId(), endpoint);
      if (endpoints.size() > MAX_IDLE_ENDPOINTS) {
        Endpoint eldest = endpoints.values().iterator().next();
        if (eldest.isIdle()) {
          endpoints.remove(eldest.id.webhookId());
        }
      }
    }
    return endpoint;
  }

  /** Starts what there are places for, gives back what is too much, and claims more where the queue has more. */
  private void pump(Endpoint endpoint) {
    while (!endpoint.ready.isEmpty() && endpoint.hasPlace()) {
      start(endpoint, endpoint.ready.poll());
    }
    while (endpoint.hasTooManyReady()) {
      release(endpoint, endpoint.ready.pollLast());
    }
    if (endpoint.isSaturated() != endpoint.saturated) {
      endpoint.saturated = !endpoint.saturated;
      dispatcher.saturated(endpoint.id, endpoint.saturated);
    }
    if (endpoint.wanted() > 0 && !stopping) {
      claim(endpoint);
    }
  }

  private void claim(Endpoint endpoint) {
    int places = holdings.reserve(endpoint.id.accountId(), Math.min(MAX_CLAIM, endpoint.wanted()));
    if (places == 0) {
      return; // when an attempt has ended, or with the next look at the queue
    }
    endpoint.claiming = true;
    endpoint.due = false;
    claiming++;
    claims.add(new Places(endpoint.id, places)).onComplete(claimed -> {
      endpoint.claiming = false;
      claiming--;
      endpoint.due |= claimed.size() >= places;
      List<Outgoing> active = claimed.stream().filter(Claimed::active).map(Claimed::outgoing).toList();
      holdings.remove(endpoint.id.accountId(), places - active.size());
      active.forEach(this::accept);
      if (active.size() < claimed.size()) {
        cancelPending(endpoint);
      }
      pump(endpoint);
      checkDrained();
    }, e -> {
      endpoint.claiming = false;
      claiming--;
      holdings.remove(endpoint.id.accountId(), places);
      checkDrained();
    });
  }

  private static Future<List<List<Claimed>>> claim(
      SqlClient client, List<Places> batch, boolean takeOver, String[] plans) {
    Map<UUID, List<Places>> byAccount = new LinkedHashMap<>();
    batch.forEach(places ->
        byAccount.computeIfAbsent(places.endpoint().accountId(), id -> new ArrayList<>()).add(places));
    List<Future<List<Claimed>>> statements = new ArrayList<>();
    byAccount.forEach((accountId, places) ->
        statements.add(QueueStore.claim(client, accountId, places, takeOver, plans).otherwise(e -> {
          // alone: the leases that the others took are to be used
          log.warn("Deliveries could not be claimed; the next look at the queue finds them again: {}", e.getMessage());
          return List.of();
        })));
    return Future.join(statements).map(all -> {
      Map<UUID, List<Claimed>> byWebhook = new HashMap<>();
      statements.forEach(statement -> statement.result().forEach(claimed ->
          byWebhook.computeIfAbsent(claimed.outgoing().webhookId(), id -> new ArrayList<>()).add(claimed)));
      return batch.stream().map(places -> byWebhook.getOrDefault(places.endpoint().webhookId(), List.of())).toList();
    });
  }

  /** What was read of it may be of before. */
  void changed(WebhookChanged changed) {
    Endpoint endpoint = endpoints.get(changed.webhookId());
    if (endpoint != null) {
      endpoint.settings = null;
      if (vertx.cancelTimer(endpoint.loadingLater)) {
        load(endpoint);
      } else {
        endpoint.changed = endpoint.loading;
      }
    }
  }

  /** Drops what waits for a place: its rows are leaving the queue. */
  void canceled(CancelPending canceled) {
    for (Endpoint endpoint : endpoints.values()) {
      if (canceled.covers(endpoint.id.accountId(), endpoint.id.webhookId())) {
        drop(endpoint);
      }
    }
  }

  private void drop(Endpoint endpoint) {
    holdings.remove(endpoint.id.accountId(), endpoint.ready.size());
    endpoint.ready.clear();
    pump(endpoint);
  }

  private void cancelPending(Endpoint endpoint) {
    bus.request(Addresses.CANCEL_PENDING, new CancelPending(endpoint.id.accountId(), endpoint.id.webhookId()))
        .onFailure(e -> log.warn("Deliveries to an inactive webhook could not be canceled: {}", e.getMessage()));
  }

  private void start(Endpoint endpoint, Outgoing outgoing) {
    if (System.nanoTime() - outgoing.leasedAt() > usableNanos) {
      release(endpoint, outgoing);
    } else if (endpoint.settings == null || endpoint.settings.version() < outgoing.webhookVersion()) {
      endpoint.ready.addFirst(outgoing);
      load(endpoint);
    } else {
      send(endpoint, outgoing);
    }
  }

  private void load(Endpoint endpoint) {
    endpoint.loading = true;
    settings.load(endpoint.id).onComplete(loaded -> {
      endpoint.loading = false;
      if (endpoint.changed) {
        endpoint.changed = false;
        load(endpoint);
      } else if (loaded.succeeded()) {
        endpoint.settings = loaded.result().orElse(null);
        if (endpoint.settings == null) { // deleted: what was pending is canceled
          drop(endpoint);
        } else {
          pump(endpoint);
        }
      } else if (loaded.cause() instanceof RefusedTargetException) {
        Attempt refused = Attempt.refused();
        List<Outgoing> ready = List.copyOf(endpoint.ready);
        endpoint.ready.clear();
        ready.forEach(outgoing -> ended(endpoint, outgoing, refused));
        pump(endpoint);
      } else {
        loadLater(endpoint, loaded.cause());
      }
    });
  }

  private void loadLater(Endpoint endpoint, Throwable e) {
    Duration pause = e instanceof UnreadableSecretException ? AFTER_UNREADABLE : AFTER_FAILURE;
    log.warn("{} could not be read for sending; trying again in {} s: {}", Id.WEBHOOK.of(endpoint.id.webhookId()),
        pause.toSeconds(), e.getMessage());
    endpoint.loading = true;
    endpoint.loadingLater = vertx.setTimer(pause.toMillis(), timer -> {
      endpoint.loading = false;
      pump(endpoint);
    });
  }

  private void send(Endpoint endpoint, Outgoing outgoing) {
    endpoint.inFlight++;
    inFlight++;
    Message message = Message.of(endpoint.settings, outgoing.type(), outgoing.deliveryId(), false, outgoing.data(),
        outgoing.number(), Instant.now());
    sender.send(endpoint.settings.target(), message.headers(), message.body()).onComplete(done -> {
      endpoint.inFlight--;
      inFlight--;
      ended(endpoint, outgoing, done.result());
      pump(endpoint);
    });
  }

  private void ended(Endpoint endpoint, Outgoing outgoing, Attempt attempt) {
    endpoint.ended(attempt.succeeded());
    (attempt.succeeded() ? delivered : failed).increment();
    counts.attempt(outgoing.accountId(), attempt.succeeded(), attempt.duration());
    held(results.add(new QueueStore.Result(outgoing, attempt)), endpoint).onComplete(
        written -> {
          if (!attempt.succeeded()) {
            schedule.next(outgoing.tries() + 1, attempt.retryAfter())
                .ifPresent(wait -> bus.send(QueueVerticle.DUE_IN, wait));
          }
          if (attempt.isGone()) {
            gone(endpoint, outgoing);
          }
          checkDrained();
        },
        e -> {
          log.error("The result of {} could not be written; it will be sent again", outgoing.deliveryId(), e);
          checkDrained();
        });
  }

  /** Where a node dies before this is written, the next attempt hears the same. */
  private void gone(Endpoint endpoint, Outgoing outgoing) {
    results.deactivate(outgoing, Deactivation.GONE).onComplete(
        deactivated -> {
          if (deactivated) {
            cancelPending(endpoint);
          }
          checkDrained();
        },
        e -> {
          log.warn("A webhook whose endpoint is gone is still active, until its next attempt: {}", e.getMessage());
          checkDrained();
        });
  }

  /** Gives back what has not started, now and from now on. */
  void startNoMore() {
    stopping = true;
    for (Endpoint endpoint : endpoints.values()) {
      for (Outgoing outgoing; (outgoing = endpoint.ready.poll()) != null; ) {
        release(endpoint, outgoing);
      }
    }
  }

  /** Waits for what has started, with its results. */
  Future<Void> drain(Duration deadline) {
    startNoMore();
    draining = true;
    log.info("Draining: {} attempts in flight, {} results to write", inFlight, results.unwritten());
    long timer = vertx.setTimer(deadline.toMillis(), t -> {
      log.warn("Stopping with {} attempts in flight and {} results unwritten", inFlight, results.unwritten());
      results.giveUp();
      drained.tryComplete();
    });
    checkDrained();
    return drained.future().onComplete(done -> vertx.cancelTimer(timer));
  }

  private void checkDrained() {
    if (draining && inFlight == 0 && claiming == 0 && results.unwritten() == 0) {
      drained.tryComplete();
    }
  }
}
