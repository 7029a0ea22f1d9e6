package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where accounts have their rows: all in one place on PostgreSQL itself, each in one shard on a distributed PostgreSQL
 * (Citus). Statements about one shard go to the server that has it, on connections of Keyhook's own, and cost there what they
 * cost on PostgreSQL itself; planned by Citus they cost about 7 times as much, and once for each shard where they concern
 * several. So batches are formed by shard. Any thread.
 *
 * <p>Through Citus go statements within a transaction that is Citus' own, and all where Keyhook cannot connect to other servers:
 * on a host's pool, and behind a pooler.
 */
public final class Shards {
  private static final Logger log = LoggerFactory.getLogger(Shards.class);
  private static final String CITUS = "SELECT FROM pg_extension WHERE extname = 'citus'";
  private static final String READ = """
      SELECT c.relname, s.shardid, s.shardminvalue::int, n.nodename, n.nodeport::int
      FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid JOIN pg_dist_shard s ON s.logicalrelid = p.logicalrelid
      JOIN pg_dist_placement l ON l.shardid = s.shardid
      JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
      WHERE c.relnamespace = 'keyhook'::regnamespace AND NOT c.relispartition AND p.partmethod = 'h'
      ORDER BY s.shardminvalue::int""";
  /** Of {@code keyhook.in_shard} and {@code keyhook.run_on_shard}: the shard is elsewhere by now. */
  private static final String MOVED = "55000";

  private final SqlClient client;
  private final boolean direct;
  private volatile Layout layout = Layout.NONE;

  /**
   * @param direct whether connections to other servers can be opened, as {@link Connections#to} does
   */
  Shards(SqlClient client, boolean direct) {
    this.client = client;
    this.direct = direct;
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

    int number(UUID accountId) {
      int found = Arrays.binarySearch(minimums, hash(accountId));
      return found >= 0 ? found : Math.max(0, -found - 2);
    }

    Shard shard(UUID accountId) {
      return shards.get(number(accountId));
    }
  }

  /** Reads whether and how tables are distributed. */
  public Future<Void> read() {
    return client.query(CITUS).execute().compose(citus -> citus.size() == 0 ? Future.succeededFuture(Layout.NONE)
        : client.query(READ).execute().map(Layout::of)).map(read -> {
          layout = read;
          return null;
        });
  }

  /** Whether tables are distributed. */
  public boolean areMany() {
    return !layout.shards.isEmpty();
  }

  /**
   * Which items can share a batch: those for whose tenants this is equal.
   *
   * @param tenant an account's id, or what stands for one that is unknown
   */
  public Object group(Object tenant) {
    Layout now = layout;
    return now.shards.size() > 1 && tenant instanceof UUID accountId ? (Object) now.number(accountId) : null;
  }

  /** Items by the shard of their accounts, in their order; all in one list on PostgreSQL itself. */
  public <T> List<List<T>> split(List<T> items, Function<T, UUID> account) {
    Layout now = layout;
    if (now.shards.size() <= 1) {
      return items.isEmpty() ? List.of() : List.of(items);
    }
    Map<Integer, List<T>> byShard = new LinkedHashMap<>();
    items.forEach(item -> byShard.computeIfAbsent(now.number(account.apply(item)), shard -> new ArrayList<>()).add(item));
    return List.copyOf(byShard.values());
  }

  /**
   * For single statements about an account's shard, and within a transaction.
   *
   * @param client a pool, or the connection of a transaction
   * @param accountId of the account, or of one of those that the statements are about
   */
  public ShardClient on(SqlClient client, UUID accountId) {
    return (statement, parameters) -> {
      if (!areMany()) {
        return client.preparedQuery(statement.sql()).execute(parameters);
      }
      return direct && client instanceof Connections own ? following(() -> {
        Shard shard = layout.shard(accountId);
        return own.to(shard.worker).preparedQuery(shard.on(statement)).execute(parameters);
      }) : client.preparedQuery(layout.shard(accountId).through(statement)).execute(parameters.addUUID(accountId))
          .onFailure(this::readWhereMoved);
    };
  }

  /**
   * Runs in one transaction that concerns an account's shard alone; a deadlock or a serialization failure is tried again.
   *
   * @param accountId of the account, or of one of those that the transaction is about
   */
  public <T> Future<T> transaction(Pool connections, UUID accountId, Function<ShardClient, Future<T>> work) {
    if (!areMany() || !direct || !(connections instanceof Connections own)) {
      return Database.transaction(connections, tx -> work.apply(on(tx, accountId)));
    }
    return following(() -> {
      Shard shard = layout.shard(accountId);
      return Database.transaction(own.to(shard.worker), tx -> work.apply((statement, parameters) ->
          tx.preparedQuery(shard.on(statement)).execute(parameters)));
    });
  }

  /** Makes the call once more where the shard has moved meanwhile: nothing was changed. */
  private <T> Future<T> following(Supplier<Future<T>> call) {
    return call.get().recover(e -> {
      if (isMoved(e)) {
        return read().compose(read -> call.get());
      }
      readWhereMoved(e);
      return Future.failedFuture(e);
    });
  }

  private void readWhereMoved(Throwable e) {
    if (isMoved(e) || !(e instanceof PgException)) { // a server that does not answer may have been replaced by another
      read().onFailure(failure -> log.warn("Could not read how tables are distributed: {}", failure.getMessage()));
    }
  }

  private static boolean isMoved(Throwable e) {
    return e instanceof PgException error && MOVED.equals(error.getSqlState());
  }

  /**
   * The hash by which Citus distributes: PostgreSQL's {@code uuid_hash}, which is Jenkins' lookup3 (2006) over the 16 bytes,
   * read as little-endian words.
   */
  static int hash(UUID id) {
    int a = 0x9e3779b9 + 16 + 3923095;
    int b = a;
    int c = a;
    a += Integer.reverseBytes((int) (id.getMostSignificantBits() >>> 32));
    b += Integer.reverseBytes((int) id.getMostSignificantBits());
    c += Integer.reverseBytes((int) (id.getLeastSignificantBits() >>> 32));
    a = (a - c) ^ Integer.rotateLeft(c, 4);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 6);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 8);
    b += a;
    a = (a - c) ^ Integer.rotateLeft(c, 16);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 19);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 4);
    b += a;
    a += Integer.reverseBytes((int) id.getLeastSignificantBits());
    c = (c ^ b) - Integer.rotateLeft(b, 14);
    a = (a ^ c) - Integer.rotateLeft(c, 11);
    b = (b ^ a) - Integer.rotateLeft(a, 25);
    c = (c ^ b) - Integer.rotateLeft(b, 16);
    a = (a ^ c) - Integer.rotateLeft(c, 4);
    b = (b ^ a) - Integer.rotateLeft(a, 14);
    return (c ^ b) - Integer.rotateLeft(b, 24);
  }
}
