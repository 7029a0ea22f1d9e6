package io.keyhook.license;

import io.keyhook.db.BatchSizes;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.db.Shares;
import io.keyhook.event.EventFeed;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.keyhook.license.ExpiryStore.Position;
import io.keyhook.license.ExpiryStore.Taken;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises {@code license.expired}, once per expiry: one transaction takes the expiry off the license and commits its event.
 * Every node does so and skips what another is taking. Licenses that expired while no node ran are announced at the next
 * start.
 *
 * <p>Searches for accounts with due expiries, and takes a batch for those whose turn it is; {@link ExpiryTurns} decides.
 */
public final class ExpiryVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ExpiryVerticle.class);
  /** Large enough to share the cost of a commit, small enough for validations to go in between. */
  private static final int BATCH = 250;
  /** Expiries that one search reads, from the oldest and from the newest on: some 4 ms. */
  private static final int PAGE = 5000;
  /** The number of accounts in line from which no search takes place. */
  private static final int ENOUGH_ACCOUNTS = 5000;
  /** Between searches while accounts are in line. */
  private static final Duration SEARCH_INTERVAL = Duration.ofMillis(100);
  /** The pause after the last batch: licenses that become due share the next one, and another node may be taking the rest. */
  private static final Duration GATHER = Duration.ofMillis(20);
  /** While all accounts in line wait for their deliveries. */
  private static final Duration PAUSE = Duration.ofMillis(2);
  /** Another node may add a license that expires before all that this one knows of. */
  private static final Duration LONGEST_WAIT = Duration.ofMillis(400);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  private static final Duration[] LAGS = {Duration.ofMillis(100), Duration.ofMillis(250), Duration.ofMillis(500),
      Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(5)};

  private final Timer lag;
  private final DistributionSummary sizes;
  private final Database database;
  private final Outbox outbox;
  private final EventFeed feed;
  private final ExpiryTurns turns;
  private Position searched = Position.START;
  private long searchedAt;
  private Pool connection;
  private Chore chore;

  private record Announced(List<Taken> taken, Outbox.Written written) {}

  public ExpiryVerticle(Database database, Outbox outbox, EventFeed feed, MeterRegistry meters) {
    this.lag = Timer.builder("keyhook.expiries.lag")
        .description("Expiries announced, and from the expiry to its announcement, by the node's clock")
        .serviceLevelObjectives(LAGS).register(meters);
    this.sizes = BatchSizes.of("expiries", meters);
    this.database = database;
    this.outbox = outbox;
    this.feed = feed;
    this.turns = new ExpiryTurns(outbox::isBusy);
  }

  @Override
  public Future<?> start() {
    connection = database.connections(Shares.EXPIRY, "expiry");
    chore = Chore.paced(vertx, log, "announce expiries", AFTER_FAILURE, this::run);
    chore.start(Duration.ZERO);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop().eventually(() -> database.release(connection));
  }

  /** Announces a batch, and returns when to go on. */
  private Future<Duration> run() {
    Future<Duration> next = isSearchDue()
        ? search().compose(wait -> turns.isEmpty() ? Future.succeededFuture(wait) : announce()) : announce();
    return next.onFailure(e -> turns.clear()); // what was taken is due again
  }

  private boolean isSearchDue() {
    return turns.isEmpty() || turns.size() < ENOUGH_ACCOUNTS
        && System.nanoTime() - searchedAt >= SEARCH_INTERVAL.toNanos();
  }

  /** Puts accounts with due expiries in line, and returns the time until the next expiry. */
  private Future<Duration> search() {
    if (turns.isEmpty()) {
      searched = Position.START;
    }
    return ExpiryStore.due(connection, searched, PAGE).map(found -> {
      searchedAt = System.nanoTime();
      searched = found.end().orElse(Position.START);
      turns.add(found.accounts(), searchedAt);
      return found.next().map(next -> next.plusMillis(1)).filter(next -> next.compareTo(LONGEST_WAIT) < 0)
          .orElse(LONGEST_WAIT);
    });
  }

  private Future<Duration> announce() {
    long begun = System.nanoTime();
    List<ExpiryTurns.Turn> batch = turns.next(BATCH, begun);
    if (batch.isEmpty()) {
      return Future.succeededFuture(PAUSE);
    }
    return Database.transaction(connection, tx -> ExpiryStore.take(tx, database.shards(), batch, feed.isHeard())
        .compose(taken -> outbox.write(tx, events(taken)).map(written -> new Announced(taken, written))))
        .map(announced -> {
          outbox.dispatch(announced.written);
          count(announced.taken);
          end(batch, announced.taken);
          return turns.isEmpty() ? GATHER : Duration.ofNanos(System.nanoTime() - begun); // half of the time is for others
        });
  }

  private void count(List<Taken> taken) {
    sizes.record(taken.size());
    Instant now = Instant.now();
    taken.forEach(expiry -> {
      Duration late = Duration.between(expiry.dueAt().toInstant(), now);
      lag.record(late.isNegative() ? Duration.ZERO : late);
    });
  }

  private static List<Raised> events(List<Taken> taken) {
    return taken.stream().filter(expiry -> expiry.license() != null).map(expiry ->
        new Raised(expiry.accountId(), EventType.LICENSE_EXPIRED, EventData.expired(expiry.license()),
            expiry.license().sequence())).toList();
  }

  private void end(List<ExpiryTurns.Turn> batch, List<Taken> taken) {
    Map<UUID, List<OffsetDateTime>> byAccount = taken.stream().collect(Collectors.groupingBy(Taken::accountId,
        Collectors.mapping(Taken::dueAt, Collectors.toList())));
    long now = System.nanoTime();
    batch.forEach(turn -> turns.ended(turn, byAccount.getOrDefault(turn.accountId(), List.of()), now));
  }
}
