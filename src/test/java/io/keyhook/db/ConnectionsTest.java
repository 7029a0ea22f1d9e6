package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.DatabaseError;
import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Waiting;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Connections that are of no use any more are replaced, without a restart. */
@ExtendWith(VertxExtension.class)
class ConnectionsTest {
  private static final String WRITE = "INSERT INTO written VALUES ($1)";

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  private Database database;

  @BeforeAll
  static void createTable() {
    keyhook.database().update("CREATE TABLE written (number int)");
  }

  @BeforeEach
  void open(Vertx vertx) {
    database = Database.of(vertx, keyhook.database().uri(), 1);
  }

  @AfterEach
  void close() {
    Waiting.on(database.close());
  }

  private static Future<Integer> pid(SqlClient client) {
    return client.query("SELECT pg_backend_pid()").execute().map(rows -> rows.iterator().next().getInteger(0));
  }

  private static Future<?> write(SqlClient client, int number) {
    return client.preparedQuery(WRITE).execute(Tuple.of(number));
  }

  private static long written(int number) {
    return keyhook.database().number("SELECT count(*) FROM written WHERE number = ?", number);
  }

  /** A connection that is younger is kept. */
  private static void awaitOneSecondOld(Pool pool) {
    Waiting.on(pool.query("SELECT pg_sleep(1.1)").execute());
  }

  private static void demote(Pool pool) {
    Waiting.on(pool.query("SET default_transaction_read_only = on").execute());
  }

  /** Vert.x takes a statement of 2,048 characters or more for one that is not used twice. */
  @Test
  void aStatementIsPreparedOnceHoweverLongItIs() {
    String statement = "SELECT 1 /* " + "long ".repeat(1000) + "*/";
    for (int i = 0; i < 3; i++) {
      Waiting.on(database.pool().preparedQuery(statement).execute());
    }
    assertThat(Waiting.on(database.pool().preparedQuery(
        "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT 1 /* long%'").execute())
        .iterator().next().getLong(0)).isEqualTo(3);
  }

  @Test
  void theLogNamesASlowTransactionByItsFirstStatement() {
    database.publish(new SimpleMeterRegistry(), Duration.ofMillis(100));
    Waiting.on(database.transaction(tx -> tx.query("SELECT 'comes first'").execute()
        .compose(first -> tx.preparedQuery("SELECT pg_sleep($1)").execute(Tuple.of(0.2)))));
    assertThat(LogWatch.linesWith("Statement: transaction that begins with SELECT 'comes first'")).hasSize(1);
  }

  @Test
  void aWriteOnAConnectionThatHasBecomeReadOnlyIsMadeOnANewOne() {
    Pool other = database.connections(1, "other");
    int before = Waiting.on(pid(other));
    awaitOneSecondOld(database.pool());
    demote(database.pool());
    Waiting.on(write(database.pool(), 1));
    assertThat(written(1)).isEqualTo(1);
    assertThat(Waiting.on(pid(other))).as("those of other pools go to the same server").isNotEqualTo(before);
    Waiting.on(database.release(other));
  }

  @Test
  void aTransactionOnAConnectionThatHasBecomeReadOnlyIsMadeOnANewOne() {
    awaitOneSecondOld(database.pool());
    demote(database.pool());
    Waiting.on(database.transaction(tx -> write(tx, 2).compose(first -> write(tx, 2))));
    assertThat(written(2)).isEqualTo(2);
  }

  @Test
  void aConnectionThatHasLostItsPreparedStatementsIsReplaced() {
    awaitOneSecondOld(database.pool());
    Waiting.on(write(database.pool(), 3));
    Waiting.on(database.pool().query("DEALLOCATE ALL").execute());
    Waiting.on(write(database.pool(), 3));
    assertThat(written(3)).isEqualTo(2);
  }

  @Test
  void aServerThatStaysReadOnlyIsNotFloodedWithLogins() {
    String name = keyhook.database().value("SELECT current_database()");
    keyhook.database().administer("ALTER DATABASE " + name + " SET default_transaction_read_only = on");
    awaitOneSecondOld(database.pool());
    try {
      Set<Integer> pids = new HashSet<>();
      List<Future<?>> refused = IntStream.range(0, 300).<Future<?>>mapToObj(i -> write(database.pool(), 4)).toList();
      refused.forEach(write -> {
        assertThatThrownBy(() -> Waiting.on(write))
            .satisfies(e -> assertThat(DatabaseError.of(e)).isEqualTo(DatabaseError.STALE_CONNECTION));
        pids.add(Waiting.on(pid(database.pool())));
      });
      assertThat(pids).as("connections for 300 writes").hasSizeLessThan(30);
    } finally {
      keyhook.database().administer(
          "BEGIN READ WRITE; ALTER DATABASE " + name + " RESET default_transaction_read_only; COMMIT");
    }
    await("writes work again").atMost(Waiting.LONG).until(() -> write(database.pool(), 5).transform(done ->
        Future.succeededFuture(done.succeeded())).toCompletionStage().toCompletableFuture().get());
  }

  /** Ends the connection on which a statement waits for the lock that the caller has. */
  private static void terminateWaiting() {
    await("the statement waits, and its connection ends").atMost(Waiting.LONG).until(() -> keyhook.database().number("""
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%written%'""") > 0);
  }

  @Test
  void aTransactionOrReadOfAConnectionThatTheServerEndsIsMadeAgain() throws SQLException {
    try (Connection locks = keyhook.database().connect(); Statement statement = locks.createStatement()) {
      locks.setAutoCommit(false);
      statement.execute("LOCK TABLE written IN ACCESS EXCLUSIVE MODE");
      Future<?> transaction = database.transaction(tx -> tx.query("SELECT 1").execute()
          .compose(first -> write(tx, 8)).compose(second -> write(tx, 8)));
      terminateWaiting();
      locks.commit();
      Waiting.on(transaction);
      assertThat(written(8)).isEqualTo(2);
      statement.execute("LOCK TABLE written IN ACCESS EXCLUSIVE MODE");
      Future<RowSet<Row>> read = database.pool().preparedQuery("SELECT count(*) FROM written WHERE number = $1")
          .execute(Tuple.of(8));
      terminateWaiting();
      locks.commit();
      assertThat(Waiting.on(read).iterator().next().getLong(0)).isEqualTo(2);
    }
  }

  /** Nobody knows whether it was committed. */
  @Test
  void aTransactionWhoseAnswerToCommitIsLostIsNotMadeAgain(Vertx vertx) {
    Proxy proxy = keyhook.proxy();
    Database behind = Database.of(vertx, proxy.before(keyhook.database().uri()), 1);
    proxy.loseAnswerToCommit();
    assertThatThrownBy(() -> Waiting.on(behind.transaction(tx -> write(tx, 10))));
    assertThat(proxy.hasLostAnswer()).isTrue();
    assertThat(written(10)).isEqualTo(1);
    Waiting.on(behind.close());
  }

  @Test
  void aReadWhoseConnectionIsLostIsMadeAgainAndAWriteIsNot(Vertx vertx) throws SQLException {
    Proxy proxy = keyhook.proxy();
    Database behind = Database.of(vertx, proxy.before(keyhook.database().uri()), 1);
    try (Connection locks = keyhook.database().connect(); Statement statement = locks.createStatement()) {
      locks.setAutoCommit(false);
      statement.execute("LOCK TABLE written IN ACCESS EXCLUSIVE MODE");
      Future<RowSet<Row>> read = behind.pool().query("SELECT count(*) FROM written WHERE number = 9").execute();
      awaitOneWaits();
      proxy.reset();
      locks.commit();
      assertThat(Waiting.on(read).iterator().next().getLong(0)).isZero();
      statement.execute("LOCK TABLE written IN ACCESS EXCLUSIVE MODE");
      Future<?> write = write(behind.pool(), 9);
      awaitOneWaits();
      proxy.reset();
      locks.commit();
      assertThatThrownBy(() -> Waiting.on(write)).satisfies(e ->
          assertThat(DatabaseError.of(e.getCause() == null ? e : e.getCause())).isEqualTo(DatabaseError.UNAVAILABLE));
    }
    Waiting.on(behind.close());
  }

  private static void awaitOneWaits() {
    await("the statement waits").atMost(Waiting.LONG).until(() -> keyhook.database().number("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%written%'""") > 0);
  }

  /** Guards the text by which Keyhook knows what Vert.x has not sent. */
  @Test
  void aStatementThatWasNotSentIsKnownToHaveHadNoEffect() {
    Promise<Throwable> failure = Promise.promise();
    Waiting.on(database.pool().getConnection().onSuccess(lent -> lent.closeHandler(closed ->
        lent.query("SELECT 1").execute().onComplete(done -> failure.complete(done.cause())))));
    keyhook.database().terminateConnections();
    assertThat(DatabaseError.hadNoEffect(Waiting.on(failure.future()))).isTrue();
  }

  @Test
  void aServerThatEndsAConnectionIsConnectedToAnew() {
    int before = Waiting.on(pid(database.pool()));
    keyhook.database().terminateConnections();
    await("another connection").atMost(Waiting.LONG).until(() -> pid(database.pool()).transform(done ->
        Future.succeededFuture(done.succeeded() && done.result() != before)).toCompletionStage().toCompletableFuture().get());
  }

  @Test
  void aCallThatIsNotAnsweredFailsAndTheNextGoesToAnotherServer(Vertx vertx) {
    Proxy proxy = keyhook.proxy();
    Database behind = Database.of(vertx, proxy.before(keyhook.database().uri()), 1);
    int before = Waiting.on(pid(behind.pool()));
    proxy.abandon();
    Future<?> unanswered = write(behind.pool(), 6);
    Future<?> waiting = write(behind.pool(), 6); // for the only connection, and fails sooner or later
    assertThatThrownBy(() -> Waiting.on(unanswered)).hasCauseInstanceOf(TimeoutException.class);
    assertThatThrownBy(() -> Waiting.on(waiting)).satisfies(e ->
        assertThat(DatabaseError.of(e.getCause() == null ? e : e.getCause())).isEqualTo(DatabaseError.UNAVAILABLE));
    assertThat(Waiting.on(pid(behind.pool()))).isNotEqualTo(before);
    Waiting.on(write(behind.pool(), 6));
    proxy.cut();
    Waiting.on(behind.close());
  }

  @Test
  void aConnectionThatHasReachedItsMaximumLifetimeIsReplaced(Vertx vertx) {
    Database shortLived = Database.of(vertx, keyhook.database().uri(), 1, Duration.ofMillis(300));
    int before = Waiting.on(pid(shortLived.pool()));
    await("another connection").atMost(Waiting.LONG).until(() -> Waiting.on(pid(shortLived.pool())) != before);
    Waiting.on(shortLived.close());
  }
}
