package io.keyhook.db;

import io.keyhook.bus.DatabaseError;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PrepareOptions;
import io.vertx.sqlclient.PreparedQuery;
import io.vertx.sqlclient.Query;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.SqlResult;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool that recovers by itself from what its connections cannot serve any more. It is replaced by a new one when
 *
 * <ul>
 *   <li>an error is {@link DatabaseError#STALE_CONNECTION}: a failover has left the connections on a server that is read-only
 *       now. Nothing was written, so the call is made once more on the new connections.
 *   <li>a call gets no answer, and no other call of the pool gets one meanwhile: the server was cut off. The call fails.
 * </ul>
 *
 * <p>A call whose connection ended is made once more if it surely had no effect, as a transaction whose commit was not sent, or
 * if it only reads ({@link Reads}). It goes to a new pool, which all calls share whose connections ended at that time. Both tries
 * together take no longer than one may.
 *
 * <p>What is under way on the old pool ends there, and then its connections are closed. A pool is replaced for those at most once
 * a second, so that a server that stays read-only is not flooded with logins.
 *
 * <p>A call that finds no partition for its row ({@link DatabaseError#MISSING_PARTITION}) is made once more when the partition
 * has been made. Calls are single statements, and whole transactions. Any thread; a future completes on the caller's context.
 */
final class Connections implements Pool {
  private static final Logger log = LoggerFactory.getLogger(Connections.class);
  /** Longer than PostgreSQL lets a statement run ({@code statement_timeout}). */
  private static final Duration LONGEST_CALL = Duration.ofSeconds(12);
  private static final Duration SHORTEST_LIFE = Duration.ofSeconds(1);

  /** What goes beyond one pool. */
  interface Repairs {
    /** These connections were replaced; before, those of other pools go to the same server. */
    void replaced(Connections connections);

    /** Makes the partition that an error is about. */
    Future<Void> makePartition(Throwable missing);

    /** Opens connections to another server of the same cluster. */
    Connections open(Worker worker, int size, String name);

    /** These connections were closed. */
    void closed(Connections connections);
  }

  private final Supplier<Pool> opener;
  private final int size;
  private final boolean replaceable;
  private final Repairs repairs;
  private final Observer observer;
  private final CallMeter meter;
  /** To other servers of the cluster; opened when they are first used, and closed with these. */
  private final Map<Worker, Connections> workers = new ConcurrentHashMap<>();
  private volatile PoolGeneration current;
  private volatile boolean closed;

  private Connections(Supplier<Pool> opener, boolean replaceable, Repairs repairs, Observer observer, String name, int size) {
    this.observer = observer;
    this.meter = observer.meter(name);
    this.opener = opener;
    this.size = size;
    this.replaceable = replaceable;
    this.repairs = repairs;
    this.current = new PoolGeneration(opener.get());
    meter.opened(size);
  }

  /**
   * @param opener opens a pool, which belongs to these connections
   * @param name under which their calls are counted
   * @param size the most connections that a pool opens
   */
  static Connections of(Supplier<Pool> opener, Repairs repairs, Observer observer, String name, int size) {
    return new Connections(opener, true, repairs, observer, name, size);
  }

  /** Uses a pool that stays its host's, whose size is not known, and that is never replaced or closed. */
  static Connections hosted(Pool pool, Repairs repairs, Observer observer) {
    return new Connections(() -> pool, false, repairs, observer, "host", 0);
  }

  private <T> Future<T> call(String sql, Function<Pool, Future<T>> work) {
    return call(() -> sql, work, () -> Reads.isRead(sql), LONGEST_CALL.toNanos(), true);
  }

  /**
   * @param what its statement, or what it is otherwise: asked after it has ended
   * @param repeatable whether the call can be made again where nobody knows whether it was made: asked after it has failed
   */
  private <T> Future<T> call(
      Supplier<String> what, Function<Pool, Future<T>> work, BooleanSupplier repeatable, long mostNanos, boolean again) {
    PoolGeneration used = current;
    if (!used.enter()) {
      return closed ? Future.failedFuture(new IllegalStateException("The connections are closed"))
          : call(what, work, repeatable, mostNanos, again);
    }
    meter.began();
    long begun = System.nanoTime();
    Future<T> result;
    try {
      result = work.apply(used.pool()).timeout(mostNanos, TimeUnit.NANOSECONDS);
    } catch (RuntimeException e) {
      result = Future.failedFuture(e);
    }
    return result.transform(done -> {
      used.leave();
      observer.ended(meter, what, System.nanoTime() - begun, done.cause());
      if (done.succeeded()) {
        used.answered();
        return Future.succeededFuture(done.result());
      }
      Throwable e = done.cause();
      if (e instanceof PgException) {
        used.answered();
      } else if (e instanceof TimeoutException && used.answeredNanos() - begun < 0) {
        replaceAll(used, e);
      }
      return !again ? Future.failedFuture(e) : repaired(used, repeatable, e).compose(repaired ->
          call(what, work, repeatable, Math.max(1, mostNanos - (System.nanoTime() - begun)), false));
    });
  }

  /** Succeeds where the call that failed may be made once more. */
  private Future<Void> repaired(PoolGeneration used, BooleanSupplier repeatable, Throwable e) {
    if (DatabaseError.hadNoEffect(e) || DatabaseError.isConnectionLost(e) && repeatable.getAsBoolean()) {
      replace(used, Duration.ZERO); // whose connection may not know yet that it has ended, as may others
      return Future.succeededFuture();
    }
    return switch (DatabaseError.of(e)) {
      case STALE_CONNECTION -> replaceAll(used, e) ? Future.succeededFuture() : Future.failedFuture(e);
      case MISSING_PARTITION -> here(repairs.makePartition(e)).recover(failed -> Future.failedFuture(e));
      default -> Future.failedFuture(e);
    };
  }

  /** Brings what ends on another context back to the caller's. */
  static Future<Void> here(Future<Void> elsewhere) {
    Context own = Vertx.currentContext();
    if (own == null) {
      return elsewhere;
    }
    Promise<Void> ended = Promise.promise();
    elsewhere.onComplete(done -> own.runOnContext(v -> ended.handle(done)));
    return ended.future();
  }

  /** Replaces these connections and those of other pools. Returns whether calls go to other connections now. */
  private boolean replaceAll(PoolGeneration used, Throwable e) {
    if (replace(used)) {
      observer.replacing(e);
      repairs.replaced(this);
    }
    return current != used;
  }

  /** Replaces the connections, unless they are too new. */
  void replace() {
    replace(current, SHORTEST_LIFE);
  }

  /** Replaces the connections, however new they are, by those with the settings of now. */
  void renew() {
    replace(current, Duration.ZERO);
  }

  private boolean replace(PoolGeneration used) {
    return replace(used, SHORTEST_LIFE);
  }

  private boolean replace(PoolGeneration used, Duration shortestLife) {
    synchronized (this) {
      if (!replaceable || closed || current != used
          || System.nanoTime() - used.openedNanos() < shortestLife.toNanos()) {
        return false;
      }
      current = new PoolGeneration(opener.get());
    }
    used.retire();
    return true;
  }

  @Override
  public Query<RowSet<Row>> query(String sql) {
    return new Simple<>(this, sql, pool -> pool.query(sql));
  }

  @Override
  public PreparedQuery<RowSet<Row>> preparedQuery(String sql) {
    return new Prepared<>(this, sql, pool -> pool.preparedQuery(sql));
  }

  @Override
  public PreparedQuery<RowSet<Row>> preparedQuery(String sql, PrepareOptions options) {
    return new Prepared<>(this, sql, pool -> pool.preparedQuery(sql, options));
  }

  @Override
  public <T> Future<T> withTransaction(Function<SqlConnection, Future<T>> work) {
    AtomicBoolean committing = new AtomicBoolean();
    AtomicReference<String> first = new AtomicReference<>("none");
    return call(() -> "transaction that begins with " + first.get(), pool -> pool.withTransaction(connection ->
        work.apply(new FirstStatement(heard(connection), first)).onSuccess(done -> committing.set(true))),
        () -> !committing.get(), LONGEST_CALL.toNanos(), true);
  }

  /** As many connections to another server of the cluster, which belong to these. */
  Connections to(Worker worker) {
    Connections opened = workers.computeIfAbsent(worker, to -> repairs.open(to, size, meter.pool()));
    if (closed) {
      opened.close();
    }
    return opened;
  }

  /** Lends a connection, for as long as the caller likes. */
  @Override
  public Future<SqlConnection> getConnection() {
    return current.pool().getConnection().map(Connections::heard);
  }

  /** Without a handler, Vert.x prints what a server says as it ends a connection, beside the log. */
  static SqlConnection heard(SqlConnection connection) {
    return connection.exceptionHandler(e -> log.debug("A connection to the database ends: {}", e.getMessage()));
  }

  @Override
  public int size() {
    return current.pool().size();
  }

  @Override
  public Future<Void> close() {
    PoolGeneration last;
    synchronized (this) {
      if (!closed) {
        meter.opened(-size);
      }
      closed = true;
      last = current;
    }
    repairs.closed(this);
    List<Future<Void>> all = new ArrayList<>(workers.values().stream().map(Connections::close).toList());
    all.add(replaceable ? last.pool().close() : Future.succeededFuture());
    return Future.join(all).mapEmpty();
  }

  private record Simple<T>(Connections connections, String sql, Function<Pool, Query<T>> on) implements Query<T> {
    @Override
    public Future<T> execute() {
      return connections.call(sql, pool -> on.apply(pool).execute());
    }

    @Override
    public <R> Query<SqlResult<R>> collecting(Collector<Row, ?, R> collector) {
      return new Simple<>(connections, sql, pool -> on.apply(pool).collecting(collector));
    }

    @Override
    public <U> Query<RowSet<U>> mapping(Function<Row, U> mapper) {
      return new Simple<>(connections, sql, pool -> on.apply(pool).mapping(mapper));
    }
  }

  private record Prepared<T>(Connections connections, String sql, Function<Pool, PreparedQuery<T>> on)
      implements PreparedQuery<T> {
    @Override
    public Future<T> execute() {
      return connections.call(sql, pool -> on.apply(pool).execute());
    }

    @Override
    public Future<T> execute(Tuple tuple) {
      return connections.call(sql, pool -> on.apply(pool).execute(tuple));
    }

    @Override
    public Future<T> executeBatch(List<Tuple> batch) {
      return connections.call(sql, pool -> on.apply(pool).executeBatch(batch));
    }

    @Override
    public <R> PreparedQuery<SqlResult<R>> collecting(Collector<Row, ?, R> collector) {
      return new Prepared<>(connections, sql, pool -> on.apply(pool).collecting(collector));
    }

    @Override
    public <U> PreparedQuery<RowSet<U>> mapping(Function<Row, U> mapper) {
      return new Prepared<>(connections, sql, pool -> on.apply(pool).mapping(mapper));
    }
  }
}
