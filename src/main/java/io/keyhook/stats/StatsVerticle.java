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
import io.keyhook.bus.StopBudget;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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

  private final Bus bus;
  private final Pool pool;
  private final Counts counts;
  private final StopBudget budget;
  private final CountsWriter writer;
  private Future<Void> running = Future.succeededFuture();
  private long timer;

  public StatsVerticle(Bus bus, Database database, Counts counts, StopBudget budget) {
    this.bus = bus;
    this.pool = database.pool();
    this.counts = counts;
    this.budget = budget;
    this.writer = new CountsWriter(pool, counts);
  }

  @Override
  public Future<?> start() {
    bus.answer(Addresses.GET_STATISTICS, this::get);
    bus.answer(Addresses.GET_WEBHOOK_STATISTICS, query ->
        StatsStore.webhooks(pool, query.caller().accountId()).map(data -> new Page<>(data, null)));
    flushAtEndOfMinute();
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    vertx.cancelTimer(timer);
    long left = budget.left(StopBudget.Work.COUNTS).toMillis();
    return running.compose(done -> writer.flush()).timeout(left, TimeUnit.MILLISECONDS).otherwise(e -> {
      log.warn("Could not write the counts of the last minute in time; they may be lost: {}", e.getMessage());
      return null;
    });
  }

  private void flushAtEndOfMinute() {
    long left = INTERVAL.toMillis() - System.currentTimeMillis() % INTERVAL.toMillis();
    timer = vertx.setTimer(left, t -> {
      running = running.compose(done -> writer.flush());
      flushAtEndOfMinute();
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
