package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The log is kept as long as the plan says, and no day longer. */
@ExtendWith(VertxExtension.class)
class RetentionTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  private static final LocalDate TODAY = LocalDate.now(ZoneOffset.UTC);
  private static final LocalDate YESTERDAY = TODAY.minusDays(1);
  /** More than are read at once. */
  private static final int ROWS = 450;
  private static final String ACCOUNT = UUID.randomUUID().toString();
  private static Vertx vertx;
  private static Database database;
  private static Partitions partitions;

  @BeforeAll
  static void open(Vertx injected) {
    vertx = injected;
    database = Database.of(vertx, keyhook.database().uri(), 1);
    partitions = new Partitions(database.pool(), Set.of(30, 90));
  }

  @AfterAll
  static void close() throws Exception {
    database.close().await(10, TimeUnit.SECONDS);
  }

  private static void maintain() throws Exception {
    partitions.make().compose(made -> partitions.drop()).await(30, TimeUnit.SECONDS);
  }

  private static String name(String table, LocalDate day) {
    return table + "_" + day.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  private static List<String> tables() {
    return keyhook.database().column("SELECT relname FROM pg_class WHERE relnamespace = 'keyhook'::regnamespace AND relkind = 'r'");
  }

  private static void makeYesterdays() {
    for (String table : List.of("event", "delivery")) {
      keyhook.database().update("CREATE TABLE keyhook." + name(table, YESTERDAY) + " PARTITION OF keyhook." + table
          + " FOR VALUES FROM ('" + YESTERDAY + "') TO ('" + TODAY + "')");
    }
  }

  private static String deliver(Api api, Receiver receiver) {
    JsonObject license = api.post("/api/licenses", new JsonObject().put("name", "L")).expect(201).json();
    api.validate(license.getString("key"), "device").expect(200);
    return receiver.take().id();
  }

  @Test
  void aDayThatIsOverIsDroppedWithAllThatWasKeptForIt() throws Exception {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    String over = deliver(keyhook.api(), receiver);
    String kept = deliver(keyhook.api(), receiver);
    keyhook.awaitStatus(over, "delivered");
    keyhook.awaitStatus(kept, "delivered");
    makeYesterdays();
    UUID id = Id.DELIVERY.parse(over);
    keyhook.database().update("UPDATE keyhook.event e SET keep_until = ?::date FROM keyhook.delivery d "
        + "WHERE e.event_id = d.event_id AND d.delivery_id = ?", YESTERDAY.toString(), id);
    keyhook.database().update("UPDATE keyhook.delivery SET keep_until = ?::date WHERE delivery_id = ?",
        YESTERDAY.toString(), id);
    keyhook.database().update("""
        INSERT INTO keyhook.delivery_queue
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT account_id, gen_random_uuid(), webhook_id, event_id, keep_until, type, true, now() + interval '1 hour'
        FROM keyhook.delivery WHERE delivery_id = ?""", id);
    keyhook.api().get("/api/deliveries/" + over).expect(200);

    maintain();
    assertThat(tables()).doesNotContain(name("event", YESTERDAY), name("delivery", YESTERDAY));
    keyhook.api().get("/api/deliveries/" + over).expect(404);
    keyhook.api().get("/api/deliveries/" + kept).expect(200);
    assertThat(keyhook.database().count("delivery_queue")).as("what can have no result any more").isZero();
  }

  @Test
  void whatAPauseHasKeptIsDroppedWithItsDayAndTheLogSaysSo() throws Exception {
    keyhook.deleteWebhooks();
    keyhook.awaitEmptyQueue();
    Receiver receiver = keyhook.receiver();
    String webhook = "/api/webhooks/" + keyhook.webhook(receiver, "license.activated").id();
    keyhook.api().post(webhook + "/pause").expect(200);
    for (int i = 0; i < 3; i++) {
      JsonObject license = keyhook.api().post("/api/licenses", new JsonObject().put("name", "L")).expect(201).json();
      keyhook.api().validate(license.getString("key"), "device").expect(200);
    }
    assertThat(keyhook.database().count("delivery_queue")).isEqualTo(3);
    makeYesterdays();
    keyhook.database().update("UPDATE keyhook.event SET keep_until = ?::date WHERE event_id IN "
        + "(SELECT event_id FROM keyhook.delivery_queue ORDER BY delivery_id LIMIT 2)", YESTERDAY.toString());
    keyhook.database().update("UPDATE keyhook.delivery_queue SET keep_until = ?::date WHERE delivery_id IN "
        + "(SELECT delivery_id FROM keyhook.delivery_queue ORDER BY delivery_id LIMIT 2)", YESTERDAY.toString());
    maintain();
    assertThat(keyhook.database().count("delivery_queue")).isEqualTo(1);
    assertThat(LogWatch.linesWith("Dropped 2 pending deliveries, whose retention has ended")).hasSize(1);
    keyhook.api().post(webhook + "/resume").expect(200);
    keyhook.awaitStatus(receiver.take().id(), "delivered");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    keyhook.deleteWebhooks();
  }

  @Test
  void whileADropWaitsForWhoReadsTablesAreMadeAllTheSame() throws Exception {
    makeYesterdays();
    keyhook.database().update("DROP TABLE keyhook." + name("delivery", TODAY.plusDays(97)));
    Database two = Database.of(vertx, keyhook.database().uri(), 2);
    Partitions others = new Partitions(two.pool(), Set.of(30, 90));
    Future<Void> dropped;
    try (Connection reader = keyhook.database().connect(); Statement statement = reader.createStatement()) {
      reader.setAutoCommit(false);
      statement.executeQuery("SELECT FROM keyhook.event LIMIT 1");
      dropped = others.drop();
      await("the drop waits").atMost(Waiting.LONG).until(() -> keyhook.database().number("""
          SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%DETACH%'""") > 0);
      others.make().await(30, TimeUnit.SECONDS);
      others.drop().await(30, TimeUnit.SECONDS); // somebody is at it
      assertThat(dropped.isComplete()).isFalse();
      assertThat(tables()).contains(name("delivery", TODAY.plusDays(97)));
    }
    dropped.await(30, TimeUnit.SECONDS);
    assertThat(tables()).doesNotContain(name("event", YESTERDAY));
    two.close().await(10, TimeUnit.SECONDS);
    maintain();
  }

  @Test
  void aDropThatWasInterruptedIsFinished() throws Exception {
    makeYesterdays();
    keyhook.database().update("ALTER TABLE keyhook.event DETACH PARTITION keyhook." + name("event", YESTERDAY));
    maintain();
    assertThat(tables()).doesNotContain(name("event", YESTERDAY), name("delivery", YESTERDAY));
  }

  @Test
  void tablesAreMadeThirtyDaysAheadForEachRetentionAndTwiceIsOnce() throws Exception {
    keyhook.database().update("DROP TABLE keyhook." + name("delivery", TODAY.plusDays(120)));
    maintain();
    List<String> made = tables();
    assertThat(made).contains(name("event", TODAY.plusDays(30)), name("event", TODAY.plusDays(120)),
        name("delivery", TODAY.plusDays(60)), name("delivery", TODAY.plusDays(120)), name("attempt_count", TODAY.plusDays(61)));
    maintain();
    assertThat(tables()).containsExactlyInAnyOrderElementsOf(made);
  }

  @Test
  void aTableThatCannotBeMadeDoesNotKeepTheOthers() throws Exception {
    List<String> others = List.of(name("event", TODAY.plusDays(120)), name("delivery", TODAY.plusDays(60)),
        name("attempt_count", TODAY.plusDays(61)));
    String first = name("account_count", TODAY.plusDays(1)); // also if the day ends while this test runs
    others.forEach(table -> keyhook.database().update("DROP TABLE keyhook." + table));
    keyhook.database().update("DROP TABLE keyhook." + first);
    keyhook.database().update("CREATE TABLE keyhook." + first + " (something text)");
    assertThatThrownBy(() -> partitions.make().await(30, TimeUnit.SECONDS)).hasMessageContaining("42804");
    assertThat(tables()).containsAll(others);
    keyhook.database().update("DROP TABLE keyhook." + first);
    maintain();
    assertThat(tables()).contains(first);
  }

  @Test
  void whatIsOlderThanThePlanSaysIsNotShownWhileItIsStillThere() {
    Api api = keyhook.account("professional");
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(api, receiver, "license.activated");
    UUID young = Id.DELIVERY.parse(deliver(api, receiver));
    String path = "/api/webhooks/" + webhook.id() + "/deliveries";
    keyhook.awaitEmptyQueue();
    assertThat(api.get(path).expect(200).data()).hasSize(1);

    UUID old = Id.floor(Instant.now().minus(Duration.ofDays(31)).toEpochMilli());
    keyhook.database().update("UPDATE keyhook.delivery SET delivery_id = ? WHERE delivery_id = ?", old, young);
    assertThat(api.get(path).expect(200).data()).isEmpty();
    api.get("/api/deliveries/" + Id.DELIVERY.of(old)).expect(404);
  }

  @Test
  void aDayIsArchivedBeforeItIsDroppedAndKeptWhereThatFails(@TempDir Path directory) throws Exception {
    makeYesterdays();
    for (int i = 0; i < ROWS; i++) {
      insertEvent();
    }
    Path file = Files.createFile(directory.resolve("file"));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Partitions failing = archiving(file, meters);
    failing.drop().await(30, TimeUnit.SECONDS);
    assertThat(failing.overdue()).isEqualTo(2);
    assertThat(tables()).contains(name("event", YESTERDAY), name("delivery", YESTERDAY));
    assertThat(meters.counter("keyhook.log.archive.failures").count()).isEqualTo(2);

    Path archive = directory.resolve("archive");
    archiving(archive, meters).drop().await(30, TimeUnit.SECONDS);
    assertThat(archive).as("it may be a mount that is missing").doesNotExist();
    assertThat(tables()).contains(name("event", YESTERDAY));
    Files.createDirectory(archive);
    archiving(archive, meters).drop().await(30, TimeUnit.SECONDS);
    assertThat(tables()).doesNotContain(name("event", YESTERDAY), name("delivery", YESTERDAY));
    try (Connection other = keyhook.database().connect(); Statement statement = other.createStatement()) {
      statement.executeQuery("SELECT pg_advisory_lock(hashtext('keyhook.partitions.drop'))");
      failing.drop().await(30, TimeUnit.SECONDS);
      assertThat(failing.overdue()).as("another node has archived them, and is at it again").isZero();
    }
    try (Stream<Path> files = Files.list(archive)) {
      assertThat(files.map(kept -> kept.getFileName().toString())).containsExactlyInAnyOrder(
          name("event", YESTERDAY) + ".ndjson.gz", name("delivery", YESTERDAY) + ".ndjson.gz");
    }
    try (InputStream in = new GZIPInputStream(Files.newInputStream(archive.resolve(name("event", YESTERDAY) + ".ndjson.gz")))) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      assertThat(lines).hasSize(ROWS).allSatisfy(line ->
          assertThat(new JsonObject(line).getString("keep_until")).isEqualTo(YESTERDAY.toString()));
    }
    assertThat(meters.counter("keyhook.log.archived").count()).isEqualTo(2);
  }

  @Test
  void aRowThatComesLateGetsAFileOfItsOwnAlsoWithoutSessions(@TempDir Path archive) throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    for (Pooler pooler : List.of(Pooler.NONE, Pooler.TRANSACTION, Pooler.TRANSACTION)) {
      makeYesterdays();
      insertEvent();
      archiving(archive, meters, pooler).drop().await(30, TimeUnit.SECONDS);
      assertThat(tables()).doesNotContain(name("event", YESTERDAY), name("delivery", YESTERDAY));
    }
    try (Stream<Path> files = Files.list(archive)) {
      assertThat(files.map(kept -> kept.getFileName().toString()).filter(kept -> kept.startsWith("event"))).containsExactlyInAnyOrder(
          name("event", YESTERDAY) + ".ndjson.gz", name("event", YESTERDAY) + "-2.ndjson.gz", name("event", YESTERDAY) + "-3.ndjson.gz");
    }
  }

  /** The first reader of a partition that is archived is done; what changes meanwhile must be in the file that stays. */
  private enum Meanwhile {
    CHANGED("UPDATE keyhook.%s SET data = '{\"late\":true}'"),
    ADDED("INSERT INTO keyhook.%s (account_id, event_id, keep_until, data) SELECT account_id, gen_random_uuid(), keep_until, "
        + "'{\"late\":true}' FROM keyhook.%1$s LIMIT 1"),
    REPLACED("WITH gone AS (DELETE FROM keyhook.%s RETURNING *) INSERT INTO keyhook.%1$s (account_id, event_id, keep_until, data) "
        + "SELECT account_id, gen_random_uuid(), keep_until, '{\"late\":true}' FROM gone");

    private final String sql;

    Meanwhile(String sql) {
      this.sql = sql;
    }
  }

  @ParameterizedTest
  @EnumSource
  void rowsThatChangeBetweenCopyAndDropAreArchivedAgain(Meanwhile meanwhile, @TempDir Path archive) throws Exception {
    makeYesterdays();
    insertEvent();
    Path file = archive.resolve(name("event", YESTERDAY) + ".ndjson.gz");
    Partitions archiving = archiving(archive, new SimpleMeterRegistry());
    Future<Void> dropped;
    try (Connection writer = keyhook.database().connect(); Statement statement = writer.createStatement()) {
      writer.setAutoCommit(false);
      statement.executeQuery("SELECT FROM keyhook.event LIMIT 1"); // detaching waits for this transaction
      dropped = archiving.drop();
      await("the drop waits").atMost(Waiting.LONG).until(() -> keyhook.database().number("""
          SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%DETACH%event%'""") > 0);
      assertThat(file).as("copied and named").exists();
      statement.executeUpdate(meanwhile.sql.formatted(name("event", YESTERDAY)));
      writer.commit();
    }
    dropped.await(30, TimeUnit.SECONDS);
    assertThat(file).as("withdrawn").doesNotExist();
    assertThat(tables()).contains(name("event", YESTERDAY));
    archiving.drop().await(30, TimeUnit.SECONDS);
    assertThat(tables()).doesNotContain(name("event", YESTERDAY));
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).contains("late");
    }
  }

  @Test
  void nodesWithoutSessionsThatArchiveAtOnceLoseNothing(@TempDir Path archive) throws Exception {
    Path foreign = Files.createFile(archive.resolve(name("event", YESTERDAY) + ".ndjson.gz.unfinished"));
    makeYesterdays();
    for (int i = 0; i < ROWS; i++) {
      insertEvent();
    }
    Database many = Database.of(vertx, keyhook.database().uri(), 8);
    List<Future<Void>> drops = Stream.generate(() -> new Partitions(many.pool(), Set.of(30, 90), Pooler.TRANSACTION, Shards.none(),
        Optional.of(new LogArchive(vertx, archive, new SimpleMeterRegistry())))).limit(8).map(Partitions::drop).toList();
    Future.join(drops).await(60, TimeUnit.SECONDS);
    many.close().await(10, TimeUnit.SECONDS);
    archiving(archive, new SimpleMeterRegistry(), Pooler.TRANSACTION).drop().await(30, TimeUnit.SECONDS);
    assertThat(tables()).doesNotContain(name("event", YESTERDAY), name("delivery", YESTERDAY));
    assertThat(foreign).exists();
    try (Stream<Path> files = Files.list(archive)) {
      assertThat(files.filter(kept -> !kept.equals(foreign)).map(kept -> kept.getFileName().toString())).containsExactlyInAnyOrder(
          name("event", YESTERDAY) + ".ndjson.gz", name("delivery", YESTERDAY) + ".ndjson.gz");
    }
    try (InputStream in = new GZIPInputStream(Files.newInputStream(archive.resolve(name("event", YESTERDAY) + ".ndjson.gz")))) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()).hasSize(ROWS);
    }
  }

  private static void insertEvent() {
    keyhook.database().update("INSERT INTO keyhook.event (account_id, event_id, keep_until, data) VALUES (?::uuid, ?::uuid,"
        + " ?::date, ?)", ACCOUNT, UUID.randomUUID().toString(), YESTERDAY.toString(), "{\"line\":\"a\\nb\"}");
  }

  private static Partitions archiving(Path directory, SimpleMeterRegistry meters) {
    return archiving(directory, meters, Pooler.NONE);
  }

  private static Partitions archiving(Path directory, SimpleMeterRegistry meters, Pooler pooler) {
    return new Partitions(database.pool(), Set.of(30, 90), pooler, Shards.none(),
        Optional.of(new LogArchive(vertx, directory, meters)));
  }
}
