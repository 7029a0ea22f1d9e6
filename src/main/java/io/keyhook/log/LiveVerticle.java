package io.keyhook.log;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.fair.FairShare;
import io.keyhook.log.DeliveryFeed.Changes;
import io.keyhook.log.LiveStore.Place;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls the deliveries of accounts with subscribers on this node, once a second and with one statement for each, and reports
 * the changes of all nodes. Without subscribers, it does nothing.
 */
public final class LiveVerticle extends VerticleBase {
  /** Published: it is sent again, and is not to be missed because it is old. */
  static final Address<Requeued, Void> REQUEUED = new Address<>("delivery.requeued");

  private static final Logger log = LoggerFactory.getLogger(LiveVerticle.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(15);

  private final Bus bus;
  private final Pool pool;
  private final Set<Integer> retentions;
  private final FairShare<UUID> streams;
  private final MeterRegistry meters;
  private final Map<UUID, Watched> accounts = new HashMap<>();
  /** Requested, and not closed in the meantime by a subscriber that gave up. */
  private final Set<UUID> opening = new HashSet<>();
  private long timer;
  private boolean stopping;

  record Requeued(UUID accountId, Place place) {}

  /**
   * @param retentions of the log, of all plans, in days
   * @param streams the accounts' shares of open streams
   */
  public LiveVerticle(
      Bus bus, Database database, Set<Integer> retentions, FairShare<UUID> streams, MeterRegistry meters) {
    this.bus = bus;
    this.pool = database.pool();
    this.retentions = retentions;
    this.streams = streams;
    this.meters = meters;
  }

  @Override
  public Future<?> start() {
    Gauge.builder("keyhook.streams", streams, FairShare::held)
        .description("Streams of deliveries that are open on this node").register(meters);
    bus.answer(DeliveryFeed.OPEN, this::open);
    bus.listen(DeliveryFeed.CLOSE, this::close);
    bus.listen(REQUEUED, this::requeued);
    timer = vertx.setPeriodic(INTERVAL.toMillis(), t -> accounts.forEach(this::look));
    return Future.succeededFuture();
  }

  /** Ends all subscriptions. A stop does not wait for the subscribers. */
  @Override
  public Future<?> stop() {
    stopping = true;
    vertx.cancelTimer(timer);
    accounts.forEach((accountId, watched) -> end(accountId, Set.copyOf(watched.streams)));
    accounts.clear();
    return Future.succeededFuture();
  }

  private void end(UUID accountId, Set<UUID> streams) {
    bus.publish(DeliveryFeed.changesOf(accountId), new Changes(List.of(), streams));
  }

  private Future<Void> open(DeliveryFeed.Open request) {
    UUID accountId = request.watch().caller().accountId();
    String webhookId = request.watch().webhookId();
    if (!streams.hasRoom(accountId) && streams.held(accountId) == 0) {
      makeRoom();
    }
    if (!streams.tryAcquire(accountId)) {
      return Future.failedFuture(new Failure.RateLimited(RETRY_AFTER).exception());
    }
    opening.add(request.stream());
    return Future.succeededFuture(webhookId) // what throws from here on gives the permit back
        .compose(id -> id == null ? Future.<Void>succeededFuture()
            : RedeliveryStore.checkWebhookExists(pool, request.watch().caller(), Id.WEBHOOK.parse(id)))
        .compose(exists -> accounts.containsKey(accountId) ? Future.<Watched>succeededFuture() : begin(accountId))
        .map(begun -> {
          if (!opening.contains(request.stream()) || stopping) {
            throw new Failure.Unavailable("This node is stopping; retry").exception();
          }
          accounts.computeIfAbsent(accountId, id -> begun).streams.add(request.stream());
          return null;
        }).<Void>mapEmpty()
        .onFailure(e -> streams.release(accountId, 1))
        .onComplete(done -> opening.remove(request.stream()));
  }

  /**
   * Ends the newest stream of the account that has the most, for an account that has none. An account keeps its only one.
   * Streams are held for so long that accounts that came first would keep others out, small as their shares are.
   */
  private void makeRoom() {
    accounts.entrySet().stream().filter(account -> account.getValue().streams.size() > 1)
        .max(Comparator.comparingInt(account -> account.getValue().streams.size())).ifPresent(account -> {
          end(account.getKey(), Set.of(account.getValue().streams.removeLast()));
          streams.release(account.getKey(), 1);
        });
  }

  /** What there is already is no news. */
  private Future<Watched> begin(UUID accountId) {
    return Database.newId(pool).compose(id -> {
      Watched watched = new Watched(Id.millis(id), retentions);
      return LiveStore.look(pool, accountId, watched.since(), watched.days(), List.of()).map(look -> {
        watched.news(look);
        watched.told();
        return watched;
      });
    });
  }

  private void close(DeliveryFeed.Close request) {
    opening.remove(request.stream());
    Watched watched = accounts.get(request.accountId());
    if (watched != null && watched.streams.remove(request.stream())) {
      streams.release(request.accountId(), 1);
      if (watched.streams.isEmpty()) {
        accounts.remove(request.accountId());
      }
    }
  }

  private void requeued(Requeued requeued) {
    Watched watched = accounts.get(requeued.accountId);
    if (watched != null) {
      watched.expect(requeued.place);
    }
  }

  private void look(UUID accountId, Watched watched) {
    if (watched.looking) {
      return; // a slow database is not asked more
    }
    watched.looking = true;
    LiveStore.look(pool, accountId, watched.since(), watched.days(), watched.sought())
        .compose(look -> DeliveryLicenseStore.named(pool, accountId, watched.news(look))).onComplete(news -> {
      watched.looking = false;
      watched.told();
      if (!news.isEmpty() && !stopping) {
        bus.publish(DeliveryFeed.changesOf(accountId), new Changes(news, Set.of()));
      }
    }, e -> {
      watched.looking = false;
      if (!DatabaseError.of(e).isOutage()) { // of which others tell
        log.error("Could not read changed deliveries for event streams; retrying", e);
      }
    });
  }
}
