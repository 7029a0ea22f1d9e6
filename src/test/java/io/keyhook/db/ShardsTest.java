package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.Installation;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What Keyhook knows of a distributed PostgreSQL without one. */
@ExtendWith(VertxExtension.class)
class ShardsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @Test
  void accountsAreHashedAsPostgresqlDoes() {
    List<UUID> ids = Stream.concat(Stream.of(new UUID(0, 0), new UUID(-1, -1)),
        Stream.generate(UUID::randomUUID).limit(200)).toList();
    assertThat(ids).allSatisfy(id ->
        assertThat(UuidHash.of(id)).isEqualTo((int) keyhook.database().number("SELECT uuid_hash(?)", id)));
  }

  @Test
  void onPostgresqlItselfAllAccountsShareBatches(Vertx vertx, VertxTestContext context) {
    Database database = Database.of(vertx, keyhook.database().uri(), 1);
    Shards shards = database.shards();
    database.readShards().onComplete(context.succeeding(read -> context.verify(() -> {
      assertThat(shards.areMany()).isFalse();
      assertThat(shards.group(UUID.randomUUID())).isEqualTo(shards.group("anybody"));
      assertThat(shards.place(UUID.randomUUID())).isEqualTo(shards.place("anybody"));
      database.close().onComplete(context.succeedingThenComplete());
    })));
  }

  @Test
  void postgresqlItselfIsNotDistributed() {
    assertThatThrownBy(() -> Distribution.run(keyhook.database().uri())).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the extension citus does not exist");
  }

  /** What Citus says where shards are, as a test has it. */
  private static final class Layouts {
    private final AtomicInteger reads = new AtomicInteger();
    private volatile String rows;

    /** Each shard begins with a hash, and is on a server with that number. */
    Layouts(int... minimums) {
      become(minimums);
    }

    void become(int... minimums) {
      rows = IntStream.range(0, minimums.length).mapToObj(i -> "SELECT 'account'::name, %d::bigint, %d, 'worker', %d"
          .formatted(100 + i, minimums[i], i)).collect(Collectors.joining(" UNION ALL ")) + " ORDER BY 3";
    }

    SqlClient through(Pool pool) {
      return (SqlClient) Proxy.newProxyInstance(SqlClient.class.getClassLoader(), new Class<?>[] {SqlClient.class},
          (proxy, method, arguments) -> {
            boolean layout = arguments[0].toString().contains("pg_dist_shard");
            reads.addAndGet(layout ? 1 : 0);
            return pool.query(layout ? rows : "SELECT 1");
          });
    }
  }

  private static final PgException GONE = new PgException("The shard is not on this server any more", "ERROR", "55000", null);

  @Test
  void itemsOfAShardThatWasSplitAreGroupedAnew(Vertx vertx, VertxTestContext context) {
    Database database = Database.of(vertx, keyhook.database().uri(), 1);
    Layouts layouts = new Layouts(Integer.MIN_VALUE);
    Shards shards = new Shards(vertx, layouts.through(database.pool()), false);
    List<UUID> accounts = Stream.generate(UUID::randomUUID).limit(50).toList();
    List<List<UUID>> tried = new ArrayList<>();
    shards.read().compose(read -> {
      layouts.become(Integer.MIN_VALUE, 0);
      return shards.each(database.pool(), accounts, id -> id, (shard, some) -> {
        tried.add(some);
        return tried.size() == 1 ? Future.failedFuture(GONE) : Future.succeededFuture(some);
      });
    }).onComplete(context.succeeding(done -> context.verify(() -> {
      assertThat(tried.get(0)).isEqualTo(accounts);
      assertThat(done).hasSize(2).allSatisfy(some ->
          assertThat(some.stream().map(id -> UuidHash.of(id) < 0).distinct()).hasSize(1));
      assertThat(done.stream().flatMap(List::stream)).containsExactlyInAnyOrderElementsOf(accounts);
      database.close().onComplete(context.succeedingThenComplete());
    })));
  }

  @Test
  void allThatFailTogetherShareARead(Vertx vertx, VertxTestContext context) {
    Database database = Database.of(vertx, keyhook.database().uri(), 1);
    Layouts layouts = new Layouts(Integer.MIN_VALUE, 0);
    Shards shards = new Shards(vertx, layouts.through(database.pool()), false);
    shards.read().compose(read -> Future.join(Stream.generate(() -> shards.each(database.pool(), List.of(UUID.randomUUID()),
        id -> id, (shard, some) -> Future.failedFuture(GONE))).limit(100).toList()))
        .onComplete(context.failing(e -> context.verify(() -> {
          assertThat(e).isSameAs(GONE);
          assertThat(layouts.reads.get()).as("the first, two for all, and one that may have begun").isBetween(3, 4);
          database.close().onComplete(context.succeedingThenComplete());
        })));
  }

  @Test
  void aServerThatDoesNotAnswerIsItsAccountsAlone(Vertx vertx, VertxTestContext context) {
    Database database = Database.of(vertx, keyhook.database().uri(), 1);
    Shards shards = new Shards(vertx, new Layouts(Integer.MIN_VALUE, 0).through(database.pool()), false);
    List<UUID> accounts = Stream.generate(UUID::randomUUID).limit(50).toList();
    shards.read().onComplete(context.succeeding(read -> context.verify(() -> {
      assertThat(accounts.stream().collect(Collectors.groupingBy(shards::place)).values()).hasSize(2).allSatisfy(some ->
          assertThat(some.stream().map(shards::group).distinct()).hasSize(1));
      assertThat(shards.place("of an unknown account")).isNull();
      database.close().onComplete(context.succeedingThenComplete());
    })));
  }
}
