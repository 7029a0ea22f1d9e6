package io.keyhook.delivery;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import io.keyhook.db.Database;
import io.keyhook.delivery.QueueStore.Due;
import io.keyhook.event.Dispatcher;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for endpoints with due deliveries and wakes who sends to them: retries, redeliveries, what was not leased as it
 * was raised, and what another node left. One timer, for the next due time.
 */
public final class QueueVerticle extends VerticleBase {
  /** A delivery becomes due after this long: so early, there is no other look at the queue before. */
  static final Address<Duration, Void> DUE_IN = new Address<>("delivery.due-in");

  private static final Logger log = LoggerFactory.getLogger(QueueVerticle.class);
  /** Other nodes do not tell of what they leave. */
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration SHORTEST = Duration.ofMillis(5);
  private static final Duration SLOW = Duration.ofSeconds(3);

  private final Bus bus;
  private final Database database;
  private final Dispatcher dispatcher;
  private final TakeOver takeOver;
  private Pool client;
  private Future<Void> running = Future.succeededFuture();
  private long timer;
  private long nextNanos;
  private boolean looking;
  private boolean stopped;

  public QueueVerticle(Bus bus, Database database, Dispatcher dispatcher, TakeOver takeOver) {
    this.bus = bus;
    this.database = database;
    this.dispatcher = dispatcher;
    this.takeOver = takeOver;
  }

  @Override
  public Future<?> start() {
    client = database.connections(1);
    bus.listen(DUE_IN, this::dueIn);
    lookIn(SHORTEST);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return running.eventually(() -> database.release(client));
  }

  private void dueIn(Duration wait) {
    if (!looking && System.nanoTime() + wait.toNanos() - nextNanos < 0) {
      vertx.cancelTimer(timer);
      lookIn(wait);
    }
  }

  private void lookIn(Duration wait) {
    Duration bounded = wait.compareTo(SHORTEST) < 0 ? SHORTEST : wait.compareTo(POLL) > 0 ? POLL : wait;
    nextNanos = System.nanoTime() + bounded.toNanos();
    if (!stopped) {
      timer = vertx.setTimer(bounded.toMillis(), t -> running = look());
    }
  }

  private Future<Void> look() {
    looking = true;
    long asked = System.nanoTime();
    return QueueStore.due(client, POLL).transform(done -> {
      looking = false;
      if (done.failed() || System.nanoTime() - asked > SLOW.toNanos()) {
        takeOver.outage();
      }
      if (done.failed()) {
        log.warn("The queue could not be read; trying again: {}", done.cause().getMessage());
        lookIn(POLL);
      } else {
        wake(done.result());
      }
      return Future.succeededFuture();
    });
  }

  private void wake(List<Due> found) {
    dispatcher.dispatch(List.of(),
        found.stream().filter(due -> due.seconds() <= 0).map(Due::endpoint).toList());
    lookIn(found.stream().filter(due -> due.seconds() > 0).mapToDouble(Due::seconds).min().stream()
        .mapToObj(seconds -> Duration.ofNanos((long) (seconds * 1e9) + 1_000_000)).findAny().orElse(POLL));
  }
}
