package io.keyhook.stats;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Page;
import io.keyhook.bus.Statistics;
import io.keyhook.bus.Statistics.Attempts;
import io.keyhook.bus.Statistics.Overview;
import io.keyhook.bus.Statistics.Point;
import io.keyhook.bus.Statistics.Range;
import io.keyhook.bus.Statistics.Validations;
import io.keyhook.db.Database;
import io.keyhook.stats.Counts.Counted;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what was counted, and writes it: once a minute, as a minute ends. What this node has gathered since is in its
 * answers already.
 */
public final class StatsVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(StatsVerticle.class);
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  /** A database that does not answer is not waited for. */
  private static final Duration LAST_FLUSH = Duration.ofSeconds(2);
  private static final int MAX_BATCH = 500;
  private static final Comparator<Counted> LOCK_ORDER = Comparator.comparing(Counted::accountId);

  private final Bus bus;
  private final Pool pool;
  private final Counts counts;
  private Future<Void> running = Future.succeededFuture();
  private long timer;
  private long takenNanos;

  public StatsVerticle(Bus bus, Database database, Counts counts) {
    this.bus = bus;
    this.pool = database.pool();
    this.counts = counts;
  }

  @Override
  public Future<?> start() {
    takenNanos = System.nanoTime();
    bus.answer(Addresses.GET_STATISTICS, this::get);
    bus.answer(Addresses.GET_WEBHOOK_STATISTICS, query ->
        StatsStore.webhooks(pool, query.caller().accountId()).map(data -> new Page<>(data, null)));
    flushAtEndOfMinute();
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    vertx.cancelTimer(timer);
    return running.compose(done -> flush()).timeout(LAST_FLUSH.toMillis(), TimeUnit.MILLISECONDS).otherwise(e -> {
      log.warn("The last minute's counts could not be written in time, and may be lost: {}", e.getMessage());
      return null;
    });
  }

  private void flushAtEndOfMinute() {
    long left = INTERVAL.toMillis() - System.currentTimeMillis() % INTERVAL.toMillis();
    timer = vertx.setTimer(left, t -> {
      running = running.compose(done -> flush());
      flushAtEndOfMinute();
    });
  }

  /** Never fails: what cannot be written waits for the next minute. */
  private Future<Void> flush() {
    long now = System.nanoTime();
    // of its middle: so a minute is the one that it was, though the clocks differ by some seconds
    Duration age = Duration.ofNanos((now - takenNanos) / 2);
    takenNanos = now;
    List<Counted> all = counts.take();
    all.sort(LOCK_ORDER);
    return write(all, 0, age);
  }

  private Future<Void> write(List<Counted> all, int from, Duration age) {
    if (from >= all.size()) {
      return Future.succeededFuture();
    }
    int to = Math.min(all.size(), from + MAX_BATCH);
    return StatsStore.add(pool, all.subList(from, to), age).transform(done -> {
      if (done.succeeded()) {
        return write(all, to, age);
      }
      log.warn("What was counted could not be written; it will be with the next minute's: {}",
          done.cause().getMessage());
      counts.putBack(all.subList(from, all.size()));
      return Future.succeededFuture();
    });
  }

  private Future<Overview> get(Statistics.Get query) {
    return StatsStore.points(pool, query.caller().accountId(), query.range()).map(stored -> {
      stored.byTime().merge(stored.last(), counts.of(query.caller().accountId()), Tally::plus);
      return overview(query.range(), stored);
    });
  }

  private static Overview overview(Range range, StatsStore.Points stored) {
    Duration interval = Duration.ofSeconds(range.seconds());
    Instant from = stored.last().minus(interval.multipliedBy(range.points() - 1L));
    Tally sum = Tally.ZERO;
    List<Point> points = new ArrayList<>(range.points());
    for (int i = 0; i < range.points(); i++) {
      Instant at = from.plus(interval.multipliedBy(i));
      Tally tally = stored.byTime().getOrDefault(at, Tally.ZERO);
      sum = sum.plus(tally);
      points.add(new Point(at, tally.valid(), tally.refused(), tally.activations(), tally.succeeded(), tally.failed(),
          tally.p95()));
    }
    return new Overview(range.wireName(), from, stored.last().plus(interval), range.seconds(),
        new Validations(sum.valid() + sum.refused(), sum.valid(), sum.refused()), sum.activations(),
        new Attempts(sum.succeeded() + sum.failed(), sum.succeeded(), sum.failed(), sum.successRate(), sum.p95()),
        points);
  }
}
