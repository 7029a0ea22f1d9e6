package io.keyhook.db;

import io.keyhook.bus.DatabaseError;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.ClientBuilder;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one Keyhook: a pool for transactions and management calls, shared, and a few connections of its own for
 * each verticle on the hot path. Where the host gave a pool, everything goes through that, and it stays open. After a
 * failover, {@link Connections} are replaced, those of all pools at once: a look-up on a server that was demoted would find
 * what is no longer true. Any thread.
 */
public final class Database {
  static final String APPLICATION_NAME = "keyhook";

  /** Citus has to know the account before it plans a statement. */
  private static final Map<String, String> DISTRIBUTED = Map.of("plan_cache_mode", "force_custom_plan");
  /** Statements name shards themselves, which Citus would take for a mistake. */
  private static final Map<String, String> OF_WORKERS = Map.of("citus.enable_manual_changes_to_shards", "on");

  private static final Logger log = LoggerFactory.getLogger(Database.class);
  private static final int MAX_WAITING = 2000;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  /** Of a connection at least; up to a third more at random, so that not all are opened anew at once. */
  private static final Duration LIFETIME = Duration.ofMinutes(24);
  private static final int TRANSACTION_TRIES = 4;
  private static final String PLAN_CACHE_MODE = "SHOW plan_cache_mode";
  private static final String NEW_ID = "SELECT keyhook.uuid_v7()";

  private final Vertx vertx;
  private final Optional<Servers> servers;
  private final Pooler pooler;
  private final Shares shares;
  private final Duration lifetime;
  private final Connections pool;
  private final Pool chores;
  private final Observer observer = new Observer();
  private final Shards shards;
  /** By the servers that they lead to. */
  private final Map<Connections, Servers> open = new ConcurrentHashMap<>();
  private final Map<Worker, Servers> ofWorkers = new ConcurrentHashMap<>();
  private volatile Function<Throwable, Future<Void>> partitions = Future::failedFuture;

  private Database(Vertx vertx, URI uri, Pooler pooler, Shares shares, Duration lifetime) {
    this.vertx = vertx;
    Servers servers = new Servers(vertx, uri, transport(),
        options -> withSettings(options, pooler, sharded() ? SessionSettings.with(DISTRIBUTED) : SessionSettings.OF_NODES));
    this.servers = Optional.of(servers);
    this.pooler = pooler;
    this.shares = shares;
    this.lifetime = lifetime;
    this.pool = open(servers, shares.management(), "management");
    this.chores = connections(Shares.CHORES, "chores");
    this.shards = new Shards(vertx, pool, pooler == Pooler.NONE);
  }

  private Database(Vertx vertx, Pool hosted) {
    this.vertx = vertx;
    this.servers = Optional.empty();
    this.pooler = Pooler.NONE;
    this.shares = Shares.hosted(Runtime.getRuntime().availableProcessors());
    this.lifetime = LIFETIME;
    this.pool = Connections.hosted(hosted, new Repairs(), observer);
    this.chores = pool;
    this.shards = new Shards(vertx, pool, false);
  }

  private final class Repairs implements Connections.Repairs {
    @Override
    public void replaced(Connections connections) {
      open.forEach((others, to) -> {
        if (others != connections && to == open.get(connections)) {
          others.replace();
        }
      });
    }

    @Override
    public Future<Void> makePartition(Throwable missing) {
      return partitions.apply(missing);
    }

    @Override
    public Connections open(Worker worker, int size, String name) {
      return Database.this.open(ofWorkers.computeIfAbsent(worker, to -> servers.orElseThrow()
          .to(to, options -> withSettings(options, pooler, SessionSettings.with(OF_WORKERS)))), size, name);
    }

    @Override
    public void closed(Connections connections) {
      open.remove(connections);
    }
  }

  /**
   * What the statements of Keyhook presuppose of a connection, for a pool of a host's. Blocks.
   *
   * @throws IllegalArgumentException the URI names several servers, or what Keyhook cannot do
   */
  public static PgConnectOptions connectOptions(URI uri) {
    return withSettings(Servers.only(uri), Pooler.NONE, SessionSettings.OF_NODES);
  }

  private static PgConnectOptions withSettings(PgConnectOptions options, Pooler pooler, Map<String, String> settings) {
    Map<String, String> given = options.getProperties();
    if (pooler == Pooler.NONE) {
      given.putAll(settings);
    } else {
      given.remove("extra_float_digits"); // of Vert.x, for clients that read numbers as text
    }
    return options
        .addProperty("timezone", "UTC")
        .setCachePreparedStatements(pooler != Pooler.TRANSACTION)
        .setPreparedStatementCacheMaxSize(512)
        // All are constants. By default, what is longer than 2,048 characters is parsed and planned each time.
        .setPreparedStatementCacheSqlFilter(sql -> true)
        .setUseLayer7Proxy(pooler == Pooler.TRANSACTION)
        .setTracingPolicy(TracingPolicy.IGNORE); // a statement works for several callers: its batch has a span of its own
  }

  /** Connects when first used. */
  public static Database of(Vertx vertx, URI uri, Pooler pooler, Shares shares) {
    return of(vertx, uri, pooler, shares, LIFETIME);
  }

  /** The same for a command or a test, which has this pool alone. */
  public static Database of(Vertx vertx, URI uri, int poolSize) {
    return of(vertx, uri, poolSize, LIFETIME);
  }

  /**
   * @param lifetime after which an idle connection is closed, or up to a third later
   */
  static Database of(Vertx vertx, URI uri, int poolSize, Duration lifetime) {
    return of(vertx, uri, Pooler.NONE, Shares.single(poolSize), lifetime);
  }

  private static Database of(Vertx vertx, URI uri, Pooler pooler, Shares shares, Duration lifetime) {
    return new Database(vertx, uri, pooler, shares, lifetime);
  }

  /** Uses a pool that stays its host's. */
  public static Database of(Vertx vertx, Pool pool) {
    return new Database(vertx, pool);
  }

  /**
   * Sets what makes a missing partition, so that the statement that missed it can be repeated.
   *
   * @param maker takes the error of that statement
   */
  public void onMissingPartition(Function<Throwable, Future<Void>> maker) {
    partitions = maker;
  }

  /**
   * Publishes how many calls there are, how long they take and how many connections are in use, and writes slow ones to the
   * log.
   *
   * @param slowStatement from how long on; zero: never
   */
  public void publish(MeterRegistry meters, Duration slowStatement) {
    observer.publish(meters, slowStatement);
  }

  /**
   * Changes from how long on a statement is written to the log.
   *
   * @param slowStatement zero: never
   */
  public void slowFrom(Duration slowStatement) {
    observer.slowFrom(slowStatement);
  }

  /** Whether the last calls reached the database. */
  public boolean isAvailable() {
    return observer.isAvailable();
  }

  public Pool pool() {
    return pool;
  }

  /**
   * A connection for chores that read whole tables, so that one which waits for a lock takes none that others need.
   */
  public Pool chores() {
    return chores;
  }

  public Shares shares() {
    return shares;
  }

  public Shards shards() {
    return shards;
  }

  /**
   * Finds out whether tables are distributed, before any statement that depends on it, and whether sessions have the settings
   * that Keyhook needs. Connections are replaced by those with the settings that Citus needs; a host's pool has to have them.
   */
  public Future<Void> readShards() {
    return SessionSettings.check(pool).compose(checked -> shards.read()).compose(read -> {
      if (!shards.areMany()) {
        return Future.succeededFuture();
      }
      pool.renew();
      return pool.query(PLAN_CACHE_MODE).execute().compose(mode ->
          "force_generic_plan".equals(mode.iterator().next().getString(0))
              ? Future.failedFuture(new IllegalStateException("The database is distributed (Citus). Connect the pool with"
                  + " Keyhook.connectOptions(uri).addProperty(\"plan_cache_mode\", \"force_custom_plan\")"))
              : Future.succeededFuture());
    });
  }

  /** Whether tables are distributed. Connections are opened before that is known. */
  private boolean sharded() {
    return shards != null && shards.areMany();
  }

  /**
   * Connections of the calling verticle's own, one for each statement that it has under way: statements that share one wait
   * for each other, a look-up for another's commit.
   *
   * @param name under which their calls are counted, one of a few
   */
  public Pool connections(int size, String name) {
    return servers.<Pool>map(own -> open(own, size, name)).orElse(pool);
  }

  private Connections open(Servers own, int size, String name) {
    Supplier<Pool> opener = () -> {
      ClientBuilder<Pool> builder = PgBuilder.pool()
          .with(poolOptions(size, lifetime))
          .with(transport())
          .connectingTo(own::next)
          .using(vertx);
      if (pooler != Pooler.TRANSACTION) {
        builder.withConnectHandler(this::set);
      }
      return builder.build();
    };
    Connections connections = Connections.of(opener, new Repairs(), observer, name, size);
    open.put(connections, own);
    return connections;
  }

  /**
   * Makes the settings that are refused as a connection starts: all by a pooler, and some by older servers. Closing the
   * connection here gives it to the pool.
   */
  private void set(SqlConnection connection) {
    Map<String, String> all = sharded() ? SessionSettings.with(DISTRIBUTED) : SessionSettings.OF_NODES;
    SessionSettings.make(Connections.heard(connection), pooler == Pooler.SESSION ? all : Map.of())
        .onComplete(done -> connection.close());
  }

  /** Closes what {@link #connections} gave. */
  public Future<Void> release(Pool connections) {
    if (connections == null || connections == pool) {
      return Future.succeededFuture();
    }
    return connections.close();
  }

  /** Runs in one transaction; a deadlock or a serialization failure is tried again. */
  public <T> Future<T> transaction(Function<SqlConnection, Future<T>> work) {
    return transaction(pool, work);
  }

  /** The same on {@link #connections} of the caller's own. */
  public static <T> Future<T> transaction(Pool connections, Function<SqlConnection, Future<T>> work) {
    return transaction(connections, work, 1);
  }

  private static <T> Future<T> transaction(Pool connections, Function<SqlConnection, Future<T>> work, int attempt) {
    return connections.withTransaction(work).recover(e ->
        DatabaseError.of(e) == DatabaseError.CONFLICT && attempt < TRANSACTION_TRIES
            ? transaction(connections, work, attempt + 1) : Future.failedFuture(e));
  }

  /** Creates an id by the clock of the database, so that nodes need not agree on the time. */
  public static Future<UUID> newId(SqlClient client) {
    return client.query(NEW_ID).execute().map(rows -> rows.iterator().next().getUUID(0));
  }

  /** Whether something with this key exists already. */
  public static boolean isUniqueViolation(Throwable e) {
    return DatabaseError.of(e) == DatabaseError.DUPLICATE;
  }

  public Future<Void> close() {
    return release(chores).eventually(() -> pool.close());
  }

  private static PoolOptions poolOptions(int size, Duration lifetime) {
    int millis = (int) lifetime.toMillis();
    return new PoolOptions()
        .setMaxSize(size)
        .setMaxWaitQueueSize(MAX_WAITING)
        .setConnectionTimeout((int) CONNECT_TIMEOUT.toSeconds())
        .setConnectionTimeoutUnit(TimeUnit.SECONDS)
        .setMaxLifetime(millis + ThreadLocalRandom.current().nextInt(millis / 3))
        .setMaxLifetimeUnit(TimeUnit.MILLISECONDS);
  }

  /** A peer that is gone without a word is noticed by the kernel. */
  private static NetClientOptions transport() {
    return new NetClientOptions()
        .setConnectTimeout((int) CONNECT_TIMEOUT.toMillis())
        .setTcpKeepAlive(true)
        .setTcpUserTimeout((int) CONNECT_TIMEOUT.multipliedBy(3).toMillis());
  }
}
