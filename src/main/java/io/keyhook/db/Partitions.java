package io.keyhook.db;

import io.keyhook.bus.Statistics;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of the log, one a day: created 30 days ahead, or when a row needs one, and dropped when their day is over. What
 * is written today is kept until today plus its account's retention, so there are partitions for each retention in use and
 * none between. Any thread.
 */
public final class Partitions {
  /** How long the minutes behind a webhook's health are kept, in days. */
  public static final int COUNT_DAYS = 31;
  private static final Logger log = LoggerFactory.getLogger(Partitions.class);
  private static final int DAYS_AHEAD = 30;
  /** After a failure on demand, statements that miss a partition fail as it did. */
  private static final Duration PAUSE = Duration.ofSeconds(1);
  /** In the detail of the error: {@code Partition key of the failing row contains (keep_until) = (2026-11-28).} */
  private static final Pattern KEY = Pattern.compile("\\(keep_until\\) = \\((\\d{4}-\\d{2}-\\d{2})\\)");
  /** What Citus appends to the name of a table in a shard. */
  private static final Pattern SHARD = Pattern.compile("_\\d+$");
  /** One node at a time, under a lock of its transaction. */
  private static final String MAKE = "SELECT keyhook.make_partition($1, $2)";
  private static final String TRY_LOCK_DROP = "SELECT pg_try_advisory_lock(hashtext('keyhook.partitions.drop'))";
  private static final String UNLOCK_DROP = "SELECT pg_advisory_unlock(hashtext('keyhook.partitions.drop'))";
  /** Dropping waits for who reads the table, as long as they read. */
  private static final String UNHURRIED = "SET statement_timeout = 0";
  private static final String HURRIED = "SET statement_timeout = '10s'"; // a reset gives the role's default behind a pooler
  private static final String TODAY = "SELECT (now() AT TIME ZONE 'UTC')::date";
  /** Also those that an interrupted drop has left half or wholly detached. */
  private static final String EXISTING = """
      SELECT c.relname, i.inhrelid IS NOT NULL, coalesce(i.inhdetachpending, false), pg_has_role(c.relowner, 'USAGE')
      FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
      WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relkind = 'r'
        AND c.relname ~ '^(event|delivery|attempt_count|account_count)_[0-9]{8}$'""";
  /** Its event goes with its day, and its result would have no table to go to. */
  private static final String DROP_QUEUED = "DELETE FROM keyhook.delivery_queue WHERE keep_until < $1";

  private final Pool pool;
  private final Map<String, Set<Integer>> retentions = new TreeMap<>();
  private final boolean sessions;
  private final PartitionDropper dropper;
  private final AtomicBoolean dropping = new AtomicBoolean();
  /** On demand; null: none yet. Statements that miss a partition meanwhile share it. */
  private Future<Void> making;
  /** The last day for which no partition is missing. Null: not known yet. */
  private volatile LocalDate complete;
  /** Names of those that the last {@link #drop()} left behind. */
  private volatile Set<String> overdue = Set.of();
  private long madeNanos;

  /** On connections to PostgreSQL itself. */
  public Partitions(Pool pool, Set<Integer> retentions) {
    this(pool, retentions, Pooler.NONE, Shards.none(), Optional.empty());
  }

  /**
   * @param retentions of the plans, in days
   * @param archive that partitions are written to before they are dropped; empty: they are only dropped
   */
  public Partitions(Pool pool, Set<Integer> retentions, Pooler pooler, Shards shards, Optional<LogArchive> archive) {
    this.pool = pool;
    this.sessions = pooler != Pooler.TRANSACTION;
    this.dropper = new PartitionDropper(sessions, shards, archive);
    this.retentions.put("event", retentions);
    this.retentions.put("delivery", retentions);
    this.retentions.put("attempt_count", Set.of(COUNT_DAYS));
    this.retentions.put("account_count",
        Arrays.stream(Statistics.Range.values()).map(Statistics.Range::daysKept).collect(Collectors.toSet()));
  }

  /** Creates the partitions that are due. One node at a time. One that fails does not keep the others; then this fails. */
  public Future<Void> make() {
    return pool.withConnection(connection -> today(connection, this::makeDue));
  }

  /**
   * Returns for how long from today on each row of the log has a partition, by this node's clock: {@value #DAYS_AHEAD} days
   * after {@link #make()}, and less each day that it fails.
   *
   * @return seconds, in whole days; NaN before the first {@link #make()}
   */
  public double secondsAhead() {
    LocalDate until = complete;
    return until == null ? Double.NaN
        : Duration.ofDays(ChronoUnit.DAYS.between(LocalDate.now(ZoneOffset.UTC), until)).toSeconds();
  }

  /**
   * Returns how many partitions are over and were neither dropped nor, where that comes before, archived when this node last
   * tried. It tries every hour, and not while another node does; then it counts only those that it has left behind and that are
   * still there.
   */
  public int overdue() {
    return overdue.size();
  }

  private Future<Void> makeDue(SqlConnection connection, LocalDate today, List<Partition> existing) {
    return make(connection, due(today), existing)
        .eventually(() -> connection.query(EXISTING).execute()
            .onSuccess(rows -> complete = completeUntil(today, attached(existing(rows)))))
        .mapEmpty();
  }

  /** The last day for which no table lacks a partition. */
  private LocalDate completeUntil(LocalDate today, Set<String> attached) {
    LocalDate day = today;
    while (day.isBefore(today.plusDays(DAYS_AHEAD + 1)) && hasAll(day, attached)) {
      day = day.plusDays(1);
    }
    return day.minusDays(1);
  }

  private boolean hasAll(LocalDate day, Set<String> attached) {
    return retentions.entrySet().stream().allMatch(table -> table.getValue().stream()
        .allMatch(kept -> attached.contains(name(table.getKey(), day.plusDays(kept)))));
  }

  private static String name(String table, LocalDate day) {
    return table + "_" + day.format(Partition.DAY);
  }

  private static Set<String> attached(List<Partition> existing) {
    return existing.stream().filter(Partition::attached).map(Partition::name).collect(Collectors.toSet());
  }

  private static List<Partition> existing(RowSet<Row> rows) {
    return Rows.all(rows, row -> new Partition(row.getString(0), row.getBoolean(1), row.getBoolean(2), row.getBoolean(3)));
  }

  /**
   * Creates the partitions that are due by the database's clock, which may have jumped, and the one that a row was written
   * for.
   *
   * @param missing the error of the statement, {@code DatabaseError.MISSING_PARTITION}
   */
  public synchronized Future<Void> make(Throwable missing) {
    if (making == null || making.succeeded() || making.failed() && System.nanoTime() - madeNanos > PAUSE.toNanos()) {
      madeNanos = System.nanoTime();
      making = pool.withConnection(connection -> today(connection, (session, today, existing) -> {
        Map<String, Set<LocalDate>> days = due(today);
        addMissing(days, missing);
        return make(session, days, existing);
      })).onFailure(e -> log.error("Could not create a partition that is missing: {}", missing.getMessage(), e));
    }
    return making;
  }

  /** Drops what is over, for as long as it takes, unless this or another node is at it. */
  public Future<Void> drop() {
    if (!dropping.compareAndSet(false, true)) {
      return Future.succeededFuture();
    }
    return pool.withConnection(connection -> !sessions ? today(connection, this::drop)
        : connection.query(TRY_LOCK_DROP).execute()
            .compose(locked -> !locked.iterator().next().getBoolean(0) ? stillOverdue(connection)
                : today(connection, this::drop).eventually(() -> connection.query(UNLOCK_DROP).execute())))
        .onComplete(done -> dropping.set(false));
  }

  private Future<Void> stillOverdue(SqlConnection connection) {
    return connection.query(EXISTING).execute().onSuccess(rows -> {
      Set<String> existing = existing(rows).stream().map(Partition::name).collect(Collectors.toSet());
      overdue = overdue.stream().filter(existing::contains).collect(Collectors.toSet());
    }).mapEmpty();
  }

  private interface Work {
    Future<Void> run(SqlConnection connection, LocalDate today, List<Partition> existing);
  }

  private static Future<Void> today(SqlConnection connection, Work work) {
    return connection.query(TODAY).execute().compose(today -> connection.query(EXISTING).execute().compose(rows ->
        work.run(connection, today.iterator().next().getLocalDate(0), existing(rows))));
  }

  /** The days that each table needs. The first days come first: rows are waiting for them. */
  private Map<String, Set<LocalDate>> due(LocalDate today) {
    Map<String, Set<LocalDate>> days = new TreeMap<>();
    retentions.forEach((table, kept) -> {
      Set<LocalDate> all = days.computeIfAbsent(table, name -> new LinkedHashSet<>());
      for (int ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
        for (int retention : new TreeSet<>(kept)) {
          all.add(today.plusDays(ahead + retention));
        }
      }
    });
    return days;
  }

  /** A row of the queue is kept until a day that was counted from another today. */
  private static void addMissing(Map<String, Set<LocalDate>> days, Throwable missing) {
    if (missing instanceof PgException error && error.getDetail() != null && error.getTable() != null) {
      Matcher key = KEY.matcher(error.getDetail());
      Set<LocalDate> ofTable = days.get(SHARD.matcher(error.getTable()).replaceFirst(""));
      if (ofTable != null && key.find()) {
        ofTable.add(LocalDate.parse(key.group(1)));
      }
    }
  }

  private static Future<Void> make(
      SqlConnection connection, Map<String, Set<LocalDate>> days, List<Partition> existing) {
    Set<String> attached = attached(existing);
    List<Throwable> failures = new ArrayList<>();
    Future<Void> done = Future.succeededFuture();
    for (Map.Entry<String, Set<LocalDate>> table : days.entrySet()) {
      for (LocalDate day : table.getValue()) {
        if (!attached.contains(name(table.getKey(), day))) {
          done = done.compose(made -> connection.preparedQuery(MAKE).execute(Tuple.of(table.getKey(), day)).<Void>mapEmpty()
              .otherwise(e -> {
                failures.add(e);
                return null;
              }));
        }
      }
    }
    return done.compose(made -> failures.isEmpty() ? Future.succeededFuture() : Future.failedFuture(failures.get(0)));
  }

  /** One that cannot be dropped now is in nobody's way until the next time. */
  private Future<Void> drop(SqlConnection connection, LocalDate today, List<Partition> existing) {
    List<Partition> over = new ArrayList<>(existing);
    over.removeIf(partition -> !partition.day().isBefore(today));
    if (over.isEmpty()) {
      overdue = Set.of();
      return Future.succeededFuture();
    }
    Set<String> kept = new HashSet<>();
    Future<Void> done = connection.preparedQuery(DROP_QUEUED).execute(Tuple.of(today))
        .onSuccess(deleted -> {
          if (deleted.rowCount() > 0) {
            log.warn("Dropped {} pending deliveries, whose retention has ended. Their webhooks were paused, or failed, until then",
                deleted.rowCount());
          }
        })
        .compose(deleted -> sessions ? connection.query(UNHURRIED).execute().mapEmpty() : Future.succeededFuture());
    for (Partition partition : over) {
      done = done.compose(dropped -> dropper.drop(connection, partition).otherwise(e -> {
        kept.add(partition.name());
        log.warn("{} could not be archived or dropped, and is kept; trying again in an hour: {}", partition.name(), e.toString());
        return null;
      }));
    }
    done = done.onComplete(ended -> overdue = ended.succeeded() ? Set.copyOf(kept)
        : over.stream().map(Partition::name).collect(Collectors.toSet()));
    return !sessions ? done : done.eventually(() -> connection.query(HURRIED).execute());
  }
}
