package io.keyhook.alert;

import io.keyhook.alert.AlertStore.Claimed;
import io.keyhook.alert.AlertStore.Key;
import io.keyhook.bus.Alerts.Cause;
import io.keyhook.bus.Alerts.Outcome;
import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what waits: every node looks for due messages and leases each while it sends it. If a node dies, another sends its
 * messages when their lease ends. A message that fails is retried by {@link #RETRIES}, and then dropped. Belongs to one event loop.
 */
final class AlertSender {
  private static final Logger log = LoggerFactory.getLogger(AlertSender.class);
  private static final Duration POLL = Duration.ofSeconds(2);
  private static final int BATCH = 100;
  /** Messages at a time: a server that hangs holds one of them up for half a minute. */
  private static final int LANES = 8;
  /** Longer than a channel takes. */
  private static final Duration LEASE = Duration.ofMinutes(2);
  static final List<Duration> RETRIES = List.of(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(30));

  private final Vertx vertx;
  private final Database database;
  private final Map<String, Channel> channels;
  /** By channel. */
  private final Map<String, Counter> sent;
  private final Map<String, Counter> failed;
  private Future<Void> polled = Future.succeededFuture();
  private boolean stopped;
  private long timer;

  AlertSender(Vertx vertx, Database database, List<Channel> channels, MeterRegistry meters) {
    this.vertx = vertx;
    this.database = database;
    this.channels = channels.stream().collect(Collectors.toMap(Channel::name, Function.identity()));
    this.sent = counters(meters, this.channels.keySet(), "sent");
    this.failed = counters(meters, this.channels.keySet(), "failed");
  }

  private static Map<String, Counter> counters(MeterRegistry meters, Set<String> channels, String outcome) {
    return channels.stream().collect(Collectors.toMap(Function.identity(),
        channel -> Counter.builder("keyhook.alerts").description("Messages to team members")
            .tag("channel", channel).tag("outcome", outcome).register(meters)));
  }

  void start() {
    if (!stopped) {
      timer = vertx.setTimer(POLL.toMillis(), t -> polled = poll().onComplete(done -> start()));
    }
  }

  /** Completes when the messages under way have been sent. */
  Future<Void> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return polled;
  }

  private Future<Void> poll() {
    return AlertStore.due(database.pool(), BATCH).compose(found -> {
      Iterator<Key> due = found.iterator();
      return Future.join(Stream.generate(() -> next(due)).limit(Math.min(LANES, found.size())).toList()).<Void>mapEmpty();
    }).transform(done -> {
      if (done.failed()) {
        log.atLevel(DatabaseError.of(done.cause()).level())
            .log("Could not read alerts; retrying in {} s: {}", POLL.toSeconds(), done.cause().getMessage());
      }
      return Future.succeededFuture();
    });
  }

  private Future<Void> next(Iterator<Key> due) {
    if (stopped || !due.hasNext()) {
      return Future.succeededFuture();
    }
    Key key = due.next();
    return AlertStore.claim(database.pool(), key, LEASE)
        .compose(claimed -> claimed.map(this::send).orElseGet(Future::succeededFuture))
        .recover(e -> {
          log.atLevel(DatabaseError.of(e).level()).log("Could not send an alert; retrying when its lease ends: {}", e.getMessage());
          return Future.succeededFuture();
        })
        .compose(done -> next(due));
  }

  private Future<Void> send(Claimed message) {
    Key key = message.key();
    Optional<Cause> cause = Cause.named(key.cause());
    Channel channel = channels.get(key.channel());
    return AlertSettingStore.get(database.pool(), key.accountId(), key.userId()).compose(found -> {
      boolean wanted = found.isPresent() && cause.isPresent() && channel != null && channel.isOn(found.get())
          && found.get().causes().contains(key.cause());
      return !wanted ? AlertStore.discard(database.pool(), message)
          : channel.send(key.accountId(), key.userId(), found.get(),
              AlertText.of(cause.get(), found.get().accountName(), message.lines(), message.total()))
              .compose(outcome -> record(message, outcome));
    });
  }

  private Future<Void> record(Claimed message, Outcome outcome) {
    Key key = message.key();
    (outcome.success() ? sent : failed).get(key.channel()).increment();
    if (outcome.success()) {
      return AlertStore.sent(database.pool(), message);
    }
    boolean last = message.tries() >= RETRIES.size();
    log.warn("Could not alert {} by {} about {}; {}: {}", Id.USER.of(key.userId()), key.channel(), key.cause(),
        last ? "dropped it" : "retrying in " + RETRIES.get(message.tries()).toMinutes() + " min", outcome.error());
    return last ? AlertStore.sent(database.pool(), message)
        : AlertStore.retry(database.pool(), message, RETRIES.get(message.tries()));
  }
}
