package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.bus.Address;
import io.keyhook.bus.DatabaseError;
import io.keyhook.db.Shards;
import io.keyhook.db.Shares;
import io.keyhook.delivery.DeliveryVerticles.Services;
import io.keyhook.delivery.QueueStore.Due;
import io.keyhook.delivery.QueueStore.Polled;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls the queue and wakes the senders of endpoints with due deliveries: retries, redeliveries, new deliveries that no node
 * had room for, and those of a node that died. A poll also reads the webhooks whose deliveries wait on this node, so that a
 * change on another node stops or redirects them. One timer per node and {@linkplain Shards#places place}, set for the next due
 * time there.
 *
 * <pre>
 *   WAITING ── timer ──▶ POLLING        (any) ── stop ──▶ STOPPED
 *      ▲                    │
 *      └──── polled ────────┘
 * </pre>
 */
final class QueueVerticle extends VerticleBase {
  /** A delivery becomes due after this long, maybe before the next poll. */
  static final Address<Duration, Void> DUE_IN = new Address<>("delivery.due-in");

  private static final Logger log = LoggerFactory.getLogger(QueueVerticle.class);
  /** The longest wait: other nodes do not announce deliveries that become due. */
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration SHORTEST = Duration.ofMillis(5);
  /** A poll that takes longer counts as an outage of the database. */
  private static final Duration SLOW = Duration.ofSeconds(3);

  private enum State { WAITING, POLLING, STOPPED }

  private final Services services;
  private final TakeOver takeOver;
  private final Lateness lateness;
  private final Plans plans;
  private final DeliveryMetrics metrics;
  private final Map<Object, Poller> pollers = new HashMap<>();
  private Pool client;

  QueueVerticle(Services services, TakeOver takeOver, Lateness lateness, Plans plans, DeliveryMetrics metrics) {
    this.services = services;
    this.takeOver = takeOver;
    this.lateness = lateness;
    this.plans = plans;
    this.metrics = metrics;
  }

  @Override
  public Future<?> start() {
    client = services.database().connections(Shares.QUEUE, "queue");
    services.bus().listen(DUE_IN, wait -> pollers.values().forEach(poller -> poller.dueIn(wait)));
    coverAll();
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    pollers.values().forEach(Poller::stop);
    return Future.join(pollers.values().stream().map(poller -> poller.polled).toList())
        .eventually(() -> services.database().release(client));
  }

  /** Starts polling places that are new, and ends it where none of the shards is any more. */
  private void coverAll() {
    Set<Object> places = services.database().shards().places(client);
    places.forEach(place -> pollers.computeIfAbsent(place, Poller::new));
    pollers.entrySet().removeIf(poller -> {
      boolean gone = !places.contains(poller.getKey());
      if (gone) {
        poller.getValue().stop();
        lateness.forget(poller.getKey());
      }
      return gone;
    });
  }

  private final class Poller {
    private final Object place;
    private State state = State.WAITING;
    private Future<Void> polled = Future.succeededFuture();
    private long timer;
    private long nextNanos;
    private double oldestDue;
    private double behind;

    Poller(Object place) {
      this.place = place;
      pollIn(SHORTEST);
    }

    void stop() {
      state = State.STOPPED;
      vertx.cancelTimer(timer);
    }

    void dueIn(Duration wait) {
      if (state == State.WAITING && System.nanoTime() + wait.toNanos() - nextNanos < 0) {
        vertx.cancelTimer(timer);
        pollIn(wait);
      }
    }

    private void pollIn(Duration wait) {
      if (state == State.STOPPED) {
        return;
      }
      Duration bounded = wait.compareTo(SHORTEST) < 0 ? SHORTEST : wait.compareTo(POLL) > 0 ? POLL : wait;
      nextNanos = System.nanoTime() + bounded.toNanos();
      state = State.WAITING;
      timer = vertx.setTimer(bounded.toMillis(), t -> polled = poll());
    }

    private Future<Void> poll() {
      state = State.POLLING;
      long asked = System.nanoTime();
      return QueueStore.poll(client, services.database().shards(), place, POLL, services.dispatcher().waiting(),
          plans.withWebhooks()).transform(done -> {
        if (state != State.STOPPED) {
          coverAll();
        }
        if (done.failed() || System.nanoTime() - asked > SLOW.toNanos()) {
          takeOver.outage(place);
        }
        if (done.failed()) {
          log.atLevel(DatabaseError.of(done.cause()).level())
              .log("Could not read the queue; retrying in {} s: {}", POLL.toSeconds(), done.cause().getMessage());
          pollIn(POLL);
        } else {
          wake(done.result());
        }
        return Future.succeededFuture();
      });
    }

    private void wake(Polled found) {
      behind = lateness.polled(place, found.due(), System.nanoTime());
      services.dispatcher().polled(
          found.due().stream().filter(due -> due.seconds() <= 0).map(Due::endpoint).toList(), found.webhooks());
      oldestDue = found.due().stream().mapToDouble(Due::seconds).map(seconds -> -seconds).filter(age -> age > 0).max()
          .orElse(0);
      metrics.oldestDue(pollers.values().stream().mapToDouble(poller -> poller.oldestDue).max().orElse(0),
          pollers.values().stream().mapToDouble(poller -> poller.behind).max().orElse(0));
      metrics.polled();
      pollIn(found.due().stream().filter(due -> due.seconds() > 0).mapToDouble(Due::seconds).min().stream()
          .mapToObj(seconds -> Duration.ofNanos((long) (seconds * 1e9) + 1_000_000)).findAny().orElse(POLL));
    }
  }
}
