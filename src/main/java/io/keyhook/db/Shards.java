package io.keyhook.db;

import io.keyhook.bus.DatabaseError;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where accounts have their rows: all in one place on PostgreSQL itself, each in one shard on a distributed PostgreSQL
 * (Citus). Statements about one shard go to the server that has it, on connections of Keyhook's own, and cost there what they
 * cost on PostgreSQL itself; planned by Citus they cost about 7 times as much, and once for each shard where they concern
 * several. So batches are formed by shard. A shard can move to another server or be split at any time: a statement that finds
 * it gone changes nothing, and its items are grouped anew. Any thread.
 *
 * <p>Through Citus go statements within a transaction that is Citus' own, and all where Keyhook cannot connect to other servers:
 * on a host's pool, and behind a pooler.
 */
public final class Shards implements Batcher.Grouping {
  private static final Logger log = LoggerFactory.getLogger(Shards.class);
  private static final String CITUS = "SELECT FROM pg_extension WHERE extname = 'citus'";
  private static final String READ = """
      SELECT c.relname, s.shardid, s.shardminvalue::int, n.nodename, n.nodeport::int
      FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid JOIN pg_dist_shard s ON s.logicalrelid = p.logicalrelid
      JOIN pg_dist_placement l ON l.shardid = s.shardid
      JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
      WHERE c.relnamespace = 'keyhook'::regnamespace AND NOT c.relispartition AND p.partmethod = 'h'
      ORDER BY s.shardminvalue::int""";
  /** Between the starts of two reads of the layout, however many calls fail meanwhile. */
  private static final Duration READ_INTERVAL = Duration.ofSeconds(1);
  /** How often items are grouped anew: servers learn of a move one after the other. */
  private static final int REGROUPINGS = 2;

  private final Vertx vertx;
  private final SqlClient client;
  private final boolean direct;
  private volatile Layout layout = Layout.NONE;
  private volatile long changedNanos = System.nanoTime();
  private Future<Void> reading = Future.succeededFuture();
  /** When the last read of the layout began, or will begin. */
  private long readNanos = System.nanoTime() - READ_INTERVAL.toNanos();

  /**
   * @param client through which layouts are read
   * @param direct whether connections to other servers can be opened, as {@link Connections#to} does
   */
  Shards(Vertx vertx, SqlClient client, boolean direct) {
    this.vertx = vertx;
    this.client = client;
    this.direct = direct;
  }

  /** Of PostgreSQL itself. */
  static Shards none() {
    return new Shards(null, null, false);
  }

  /**
   * A part of each table, for the same accounts.
   *
   * @param minimum the smallest hash in it
   * @param names of the tables in it
   * @param sent statements as they are sent to its server
   * @param sentThrough statements as they are sent through Citus
   */
  private record Shard(int minimum, Worker worker, Map<String, String> names, Map<ShardStatement, String> sent,
      Map<ShardStatement, String> sentThrough) {
    boolean isWhere(Shard other) {
      return worker.equals(other.worker) && names.equals(other.names);
    }

    String on(ShardStatement statement) {
      return sent.computeIfAbsent(statement, key -> key.on(names));
    }

    String through(ShardStatement statement) {
      return sentThrough.computeIfAbsent(statement, key -> key.through(names));
    }
  }

  /**
   * @param shards by their smallest hash, ascending; empty: nothing is distributed
   */
  private record Layout(List<Shard> shards, int[] minimums) {
    static final Layout NONE = new Layout(List.of(), new int[0]);

    static Layout of(RowSet<Row> rows) {
      Map<Integer, Shard> shards = new LinkedHashMap<>();
      rows.forEach(row -> shards.computeIfAbsent(row.getInteger(2), minimum -> new Shard(minimum,
          new Worker(row.getString(3), row.getInteger(4)), new HashMap<>(), new ConcurrentHashMap<>(), new ConcurrentHashMap<>()))
          .names.put(row.getString(0), "keyhook." + row.getString(0) + "_" + row.getLong(1)));
      return new Layout(List.copyOf(shards.values()), shards.keySet().stream().mapToInt(Integer::intValue).toArray());
    }

    boolean isSame(Layout other) {
      return shards.size() == other.shards.size()
          && IntStream.range(0, shards.size()).allMatch(i -> shards.get(i).isWhere(other.shards.get(i)));
    }

    int number(UUID accountId) {
      int found = Arrays.binarySearch(minimums, UuidHash.of(accountId));
      return found >= 0 ? found : Math.max(0, -found - 2);
    }

    Shard shard(UUID accountId) {
      return shards.get(number(accountId));
    }

    /** Items by the shard of their accounts, in their order. */
    <I> List<Part<I>> split(List<I> items, Function<I, UUID> account) {
      if (shards.isEmpty()) {
        return List.of(new Part<>(null, items));
      }
      Map<Integer, Part<I>> parts = new LinkedHashMap<>();
      items.forEach(item -> parts.computeIfAbsent(number(account.apply(item)),
          number -> new Part<>(shards.get(number), new ArrayList<>())).items.add(item));
      return List.copyOf(parts.values());
    }
  }

  /**
   * Items of accounts in one shard.
   *
   * @param shard null: nothing is distributed
   */
  private record Part<I>(Shard shard, List<I> items) {}

  /** Reads whether and how tables are distributed. */
  public Future<Void> read() {
    return client.query(CITUS).execute().compose(citus -> citus.size() == 0 ? Future.succeededFuture(Layout.NONE)
        : client.query(READ).execute().map(Layout::of)).map(read -> {
          if (!read.isSame(layout)) {
            changedNanos = System.nanoTime();
          }
          layout = read;
          return null;
        });
  }

  /** Whether tables are distributed. */
  public boolean areMany() {
    return !layout.shards.isEmpty();
  }

  /** {@link System#nanoTime()} when it was last found that a shard is elsewhere. */
  public long changedNanos() {
    return changedNanos;
  }

  /** The shard of an account. */
  @Override
  public Object group(Object tenant) {
    Layout now = layout;
    return !now.shards.isEmpty() && tenant instanceof UUID accountId ? (Object) now.number(accountId) : null;
  }

  /** The server of that shard. */
  @Override
  public Object place(Object tenant) {
    Layout now = layout;
    return !now.shards.isEmpty() && tenant instanceof UUID accountId ? now.shard(accountId).worker : null;
  }

  /**
   * For single statements about an account, and within a transaction.
   *
   * @param client a pool, or the connection of a transaction, within which nothing is tried again
   */
  public ShardClient on(SqlClient client, UUID accountId) {
    return (statement, parameters) -> each(client, List.of(accountId), id -> id, (shard, id) -> shard.run(statement, parameters))
        .map(answers -> answers.get(0));
  }

  /**
   * Does work for the items of each shard, all at once. Items whose shard has moved or was split are grouped anew.
   *
   * @param client as in {@link #on}
   * @param account of an item
   * @param work for items of one shard: where it fails because they have moved, it is done again
   * @return what came of each shard's items, in any order. Fails when all have ended, if one has failed
   */
  public <I, R> Future<List<R>> each(
      SqlClient client, List<I> items, Function<I, UUID> account, BiFunction<ShardClient, List<I>, Future<R>> work) {
    return each(items, account, part -> work.apply(on(client, part.shard, account.apply(part.items.get(0))), part.items),
        client instanceof Pool ? REGROUPINGS : 0);
  }

  /**
   * The same with a transaction for the items of each shard. A deadlock or a serialization failure is tried again.
   *
   * @param committed takes what came of a shard's items, as soon as it is committed
   */
  public <I, R> Future<Void> eachInTransaction(Pool connections, List<I> items, Function<I, UUID> account,
      BiFunction<ShardClient, List<I>, Future<R>> work, Consumer<R> committed) {
    return each(items, account, part -> transaction(connections, part, account.apply(part.items.get(0)), work).map(done -> {
      committed.accept(done);
      return null;
    }), REGROUPINGS).mapEmpty();
  }

  private <I, R> Future<R> transaction(
      Pool connections, Part<I> part, UUID accountId, BiFunction<ShardClient, List<I>, Future<R>> work) {
    return part.shard != null && isDirect(connections)
        ? Database.transaction(((Connections) connections).to(part.shard.worker), tx -> work.apply((statement, parameters) ->
            tx.preparedQuery(part.shard.on(statement)).execute(parameters), part.items))
        : Database.transaction(connections, tx -> work.apply(on(tx, part.shard, accountId), part.items));
  }

  /**
   * Servers of which each can be asked for what it has, whether the others answer or not. Null is the whole database: it is the
   * only one on PostgreSQL itself, and where shards are reached through Citus.
   *
   * @param client a pool
   */
  public Set<Object> places(SqlClient client) {
    Layout now = layout;
    return now.shards.isEmpty() || !isDirect(client) ? Collections.singleton(null)
        : now.shards.stream().map(Shard::worker).collect(Collectors.toSet());
  }

  /**
   * Does work in each shard of a server, all at once.
   *
   * @param client a pool
   * @param place of {@link #places}, not the whole database
   * @param work takes whether an account is in the shard
   * @return what came of each. Fails when all have ended, if one has failed
   */
  public <R> Future<List<R>> eachAt(
      SqlClient client, Object place, BiFunction<ShardClient, Predicate<UUID>, Future<R>> work) {
    Layout used = layout;
    List<Future<R>> parts = used.shards.stream().filter(shard -> shard.worker.equals(place)).map(shard ->
        work.apply(on(client, shard, null), accountId -> used.shard(accountId) == shard)
            .onFailure(e -> regrouped(used, e))).toList();
    return Future.join(parts).map(all -> all.<R>list());
  }

  private <I, R> Future<List<R>> each(
      List<I> items, Function<I, UUID> account, Function<Part<I>, Future<R>> work, int regroupings) {
    if (items.isEmpty()) {
      return Future.succeededFuture(List.of());
    }
    Layout used = layout;
    List<Future<List<R>>> parts = used.split(items, account).stream().map(part -> work.apply(part).map(Collections::singletonList)
        .recover(e -> {
          Future<Void> regrouped = regrouped(used, e);
          return regroupings == 0 ? Future.failedFuture(e)
              : regrouped.compose(read -> each(part.items, account, work, regroupings - 1));
        })).toList();
    return parts.size() == 1 ? parts.get(0)
        : Future.join(parts).map(all -> parts.stream().flatMap(part -> part.result().stream()).toList());
  }

  private boolean isDirect(SqlClient client) {
    return direct && client instanceof Connections;
  }

  private ShardClient on(SqlClient client, Shard shard, UUID accountId) {
    if (shard == null) {
      return (statement, parameters) -> client.preparedQuery(statement.sql()).execute(parameters);
    }
    if (isDirect(client)) {
      return (statement, parameters) ->
          ((Connections) client).to(shard.worker).preparedQuery(shard.on(statement)).execute(parameters);
    }
    return (statement, parameters) ->
        client.preparedQuery(shard.through(statement)).execute(with(parameters, accountId));
  }

  private static Tuple with(Tuple parameters, UUID accountId) {
    Tuple all = Tuple.tuple();
    for (int i = 0; i < parameters.size(); i++) {
      all.addValue(parameters.getValue(i));
    }
    return all.addUUID(accountId);
  }

  /** Completes when it is known where the shards are that an error says are gone; fails with any other error. */
  private Future<Void> regrouped(Layout used, Throwable e) {
    boolean elsewhere = DatabaseError.isElsewhere(e);
    if (used == Layout.NONE || !elsewhere && e instanceof PgException) {
      return Future.failedFuture(e);
    }
    Future<Void> read = readAgain(used); // a server that does not answer may have been replaced by another
    return elsewhere ? read.recover(failure -> Future.failedFuture(e)) : Future.failedFuture(e);
  }

  /** Reads the layout, unless another than the one used is known. All who ask meanwhile share a read. */
  private Future<Void> readAgain(Layout used) {
    Future<Void> shared;
    synchronized (this) {
      if (layout != used) {
        return Future.succeededFuture();
      }
      if (reading.isComplete()) {
        long now = System.nanoTime();
        long wait = Math.max(0, readNanos + READ_INTERVAL.toNanos() - now);
        readNanos = now + wait;
        reading = (wait == 0 ? Future.succeededFuture() : vertx.timer(wait, TimeUnit.NANOSECONDS)).compose(waited -> read())
            .onFailure(e -> log.warn("Could not read how tables are distributed: {}", e.getMessage()));
      }
      shared = reading;
    }
    return Connections.here(shared);
  }
}
