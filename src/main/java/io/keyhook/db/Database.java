package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgException;
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
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one Keyhook: a pool for transactions and management calls, shared, and a few connections of its own for
 * each verticle on the hot path. Where the host gave a pool, everything goes through that, and it stays open. Any thread.
 */
public final class Database {
  static final String APPLICATION_NAME = "keyhook";

  /** What the statements of Keyhook presuppose of a session. */
  private static final Map<String, String> SETTINGS = Map.of(
      "jit", "off",
      "statement_timeout", "10s",
      // A node that freezes within a transaction would keep its locks, and every license's expiry, from all others.
      "idle_in_transaction_session_timeout", "10s",
      // Statements are prepared once, on tables that may still be empty: they are to use the indexes all the same.
      "plan_cache_mode", "force_generic_plan",
      "enable_seqscan", "off",
      "enable_hashjoin", "off",
      "enable_mergejoin", "off");
  private static final String SET = SETTINGS.entrySet().stream()
      .map(setting -> "SET " + setting.getKey() + " = '" + setting.getValue() + "'").collect(Collectors.joining("; "));

  private static final Logger log = LoggerFactory.getLogger(Database.class);
  private static final int MAX_WAITING = 2000;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final int TRANSACTION_TRIES = 4;
  private static final String UNIQUE_VIOLATION = "23505";
  private static final String NEW_ID = "SELECT keyhook.uuid_v7()";

  private final Vertx vertx;
  private final Optional<Servers> servers;
  private final Pooler pooler;
  private final Shares shares;
  private final Pool pool;

  private Database(Vertx vertx, Optional<Servers> servers, Pooler pooler, Shares shares, Pool pool) {
    this.vertx = vertx;
    this.servers = servers;
    this.pooler = pooler;
    this.shares = shares;
    this.pool = pool;
  }

  /**
   * What the statements of Keyhook presuppose of a connection, for a pool of a host's. Blocks.
   *
   * @throws IllegalArgumentException the URI names several servers, or what Keyhook cannot do
   */
  public static PgConnectOptions connectOptions(URI uri) {
    return withSettings(Servers.only(uri), Pooler.NONE);
  }

  private static PgConnectOptions withSettings(PgConnectOptions options, Pooler pooler) {
    Map<String, String> given = options.getProperties();
    if (pooler == Pooler.NONE) {
      given.putAll(SETTINGS);
    } else {
      given.remove("extra_float_digits"); // of Vert.x, for clients that read numbers as text
    }
    return options
        .addProperty("timezone", "UTC")
        .setCachePreparedStatements(pooler != Pooler.TRANSACTION)
        .setPreparedStatementCacheMaxSize(512)
        .setUseLayer7Proxy(pooler == Pooler.TRANSACTION);
  }

  /** Connects when first used. */
  public static Database of(Vertx vertx, URI uri, Pooler pooler, Shares shares) {
    Servers servers = new Servers(vertx, uri, transport(), options -> withSettings(options, pooler));
    return new Database(vertx, Optional.of(servers), pooler, shares, pool(vertx, servers, pooler, shares.management()));
  }

  /** The same for a command or a test, which has this pool alone. */
  public static Database of(Vertx vertx, URI uri, int poolSize) {
    return of(vertx, uri, Pooler.NONE, Shares.single(poolSize));
  }

  /** Uses a pool that stays its host's. */
  public static Database of(Vertx vertx, Pool pool) {
    return new Database(vertx, Optional.empty(), Pooler.NONE, Shares.hosted(Runtime.getRuntime().availableProcessors()), pool);
  }

  public Pool pool() {
    return pool;
  }

  public Shares shares() {
    return shares;
  }

  /**
   * Connections of the calling verticle's own, one for each statement that it has under way: statements that share one wait
   * for each other, a look-up for another's commit.
   */
  public Pool connections(int size) {
    return servers.map(own -> pool(vertx, own, pooler, size)).orElse(pool);
  }

  private static Pool pool(Vertx vertx, Servers servers, Pooler pooler, int size) {
    ClientBuilder<Pool> builder = PgBuilder.pool()
        .with(poolOptions(size))
        .with(transport())
        .connectingTo(servers::next)
        .using(vertx);
    if (pooler == Pooler.SESSION) {
      builder.withConnectHandler(Database::set);
    }
    return builder.build();
  }

  /** What the pooler would refuse as the connection starts; closing the connection here gives it to the pool. */
  private static void set(SqlConnection connection) {
    connection.query(SET).execute()
        .onFailure(e -> log.warn("The settings of a connection to the database could not be made: {}", e.getMessage()))
        .onComplete(done -> connection.close());
  }

  /** Closes what {@link #connections} gave. */
  public Future<Void> release(Pool connections) {
    return connections == null || connections == pool ? Future.succeededFuture() : connections.close();
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
        e instanceof PgException pg && pg.getSqlState() != null && pg.getSqlState().startsWith("40")
            && attempt < TRANSACTION_TRIES ? transaction(connections, work, attempt + 1) : Future.failedFuture(e));
  }

  /** Creates an id by the clock of the database, so that nodes need not agree on the time. */
  public static Future<UUID> newId(SqlClient client) {
    return client.query(NEW_ID).execute().map(rows -> rows.iterator().next().getUUID(0));
  }

  /** Whether something with this key exists already. */
  public static boolean isUniqueViolation(Throwable e) {
    return e instanceof PgException pg && UNIQUE_VIOLATION.equals(pg.getSqlState());
  }

  public Future<Void> close() {
    return servers.isEmpty() ? Future.succeededFuture() : pool.close();
  }

  private static PoolOptions poolOptions(int size) {
    return new PoolOptions()
        .setMaxSize(size)
        .setMaxWaitQueueSize(MAX_WAITING)
        .setConnectionTimeout((int) CONNECT_TIMEOUT.toSeconds())
        .setConnectionTimeoutUnit(java.util.concurrent.TimeUnit.SECONDS);
  }

  /** A peer that is gone without a word is noticed by the kernel. */
  private static NetClientOptions transport() {
    return new NetClientOptions()
        .setConnectTimeout((int) CONNECT_TIMEOUT.toMillis())
        .setTcpKeepAlive(true)
        .setTcpUserTimeout((int) CONNECT_TIMEOUT.multipliedBy(3).toMillis());
  }
}
