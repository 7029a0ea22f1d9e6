package io.keyhook.alert;

import io.keyhook.alert.AlertStore.Claimed;
import io.keyhook.alert.AlertStore.Key;
import io.keyhook.bus.Alerts.Cause;
import io.keyhook.bus.Alerts.Outcome;
import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.fair.FairShare;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what waits on one channel: every node looks for due messages and leases each while it sends it. If a node dies, another
 * sends its messages when their lease ends. A message that fails is retried by {@link #RETRIES}, and then dropped.
 *
 * <p>A server that hangs holds up the lanes of its account only: an account gets two lanes while most are free, and one
 * while few are. Belongs to one event loop.
 */
final class AlertSender {
  private static final Logger log = LoggerFactory.getLogger(AlertSender.class);
  private static final Duration POLL = Duration.ofSeconds(2);
  /** Lanes while all are free. */
  private static final double OF_AN_ACCOUNT = 2;
  /** For what the database takes before and after a message is sent. */
  private static final Duration SPARE = Duration.ofSeconds(90);
  /** At a shutdown. A message that takes longer is cut off, and sent again by another node. */
  private static final Duration LAST = Duration.ofSeconds(20);
  static final List<Duration> RETRIES = List.of(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(30));

  private final Vertx vertx;
  private final Database database;
  private final String name;
  private final Optional<Channel> channel;
  private final Optional<URI> dashboardUrl;
  private final int lanes;
  private final Duration lease;
  private final FairShare<UUID> taken;
  private final Counter sent;
  private final Counter failed;
  private final Map<Key, Future<Void>> sending = new HashMap<>();
  private Future<Void> filled = Future.succeededFuture();
  private boolean filling;
  private boolean again;
  private boolean stopped;
  private long timer;

  /**
   * @param name of the channel
   * @param channel empty if this server does not have it: what waits for it is discarded
   * @param dashboardUrl what links begin with; empty: messages have none
   */
  AlertSender(Vertx vertx, Database database, String name, Optional<Channel> channel, Optional<URI> dashboardUrl, MeterRegistry meters) {
    this.vertx = vertx;
    this.database = database;
    this.name = name;
    this.channel = channel;
    this.dashboardUrl = dashboardUrl;
    this.lanes = channel.map(Channel::lanes).orElse(1);
    this.lease = channel.map(Channel::longest).orElse(Duration.ZERO).plus(SPARE);
    this.taken = new FairShare<>(lanes, OF_AN_ACCOUNT / lanes);
    this.sent = counter(meters, "sent");
    this.failed = counter(meters, "failed");
  }

  private Counter counter(MeterRegistry meters, String outcome) {
    return Counter.builder("keyhook.alerts").description("Messages to team members").tag("channel", name).tag("outcome", outcome)
        .register(meters);
  }

  void start() {
    timer = vertx.setPeriodic(POLL.toMillis(), t -> look());
  }

  /** Completes when the messages under way have been sent, or after {@link #LAST}. */
  Future<Void> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return filled.compose(done -> Future.join(List.copyOf(sending.values())))
        .timeout(LAST.toMillis(), TimeUnit.MILLISECONDS)
        .transform(done -> Future.succeededFuture());
  }

  /** Fills the lanes that are free. */
  private void look() {
    again = filling;
    if (stopped || filling) {
      return;
    }
    filling = true;
    filled = fill().transform(done -> {
      filling = false;
      if (done.failed()) {
        log.atLevel(DatabaseError.of(done.cause()).level())
            .log("Could not read alerts; retrying in {} s: {}", POLL.toSeconds(), done.cause().getMessage());
      } else if (again) {
        look();
      }
      return Future.succeededFuture();
    });
  }

  private Future<Void> fill() {
    int free = lanes - taken.held();
    if (stopped || free == 0) {
      return Future.succeededFuture();
    }
    UUID[] full = sending.keySet().stream().map(Key::accountId).distinct().filter(account -> !taken.hasRoom(account))
        .toArray(UUID[]::new);
    return AlertStore.due(database.pool(), name, full, free).compose(found -> {
      long begun = stopped ? 0 : found.stream().filter(this::begin).count();
      return begun == 0 || found.size() < free ? Future.succeededFuture() : fill();
    });
  }

  private boolean begin(Key key) {
    if (sending.containsKey(key) || !taken.tryAcquire(key.accountId())) {
      return false;
    }
    Future<Void> done = claimAndSend(key);
    sending.put(key, done);
    done.onComplete(over -> {
      sending.remove(key);
      taken.release(key.accountId(), 1);
      look();
    });
    return true;
  }

  private Future<Void> claimAndSend(Key key) {
    return AlertStore.claim(database.pool(), key, lease)
        .compose(claimed -> claimed.map(this::send).orElseGet(Future::succeededFuture))
        .recover(e -> {
          log.atLevel(DatabaseError.of(e).level()).log("Could not send an alert; retrying when its lease ends: {}", e.getMessage());
          return Future.succeededFuture();
        });
  }

  private Future<Void> send(Claimed message) {
    Key key = message.key();
    Optional<Cause> cause = Cause.named(key.cause());
    return AlertSettingStore.get(database.pool(), key.accountId(), key.userId()).compose(found -> {
      boolean wanted = found.isPresent() && cause.isPresent() && channel.isPresent() && channel.get().isOn(found.get())
          && found.get().causes().contains(key.cause());
      return !wanted ? AlertStore.discard(database.pool(), message)
          : channel.get().send(key.accountId(), key.userId(), found.get(),
              AlertText.of(cause.get(), found.get().accountName(), message.lines(), message.total(), dashboardUrl))
              .compose(outcome -> record(message, outcome));
    });
  }

  private Future<Void> record(Claimed message, Outcome outcome) {
    Key key = message.key();
    (outcome.success() ? sent : failed).increment();
    if (outcome.success()) {
      return AlertStore.sent(database.pool(), message);
    }
    boolean last = message.tries() >= RETRIES.size();
    log.warn("Could not alert {} by {} about {}; {}: {}", Id.USER.of(key.userId()), name, key.cause(),
        last ? "dropped it" : "retrying in " + RETRIES.get(message.tries()).toMinutes() + " min", outcome.error());
    return last ? AlertStore.sent(database.pool(), message)
        : AlertStore.retry(database.pool(), message, RETRIES.get(message.tries()));
  }
}
