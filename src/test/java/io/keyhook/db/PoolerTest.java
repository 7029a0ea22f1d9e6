package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Keyhook behind PgBouncer, in both of its modes. */
class PoolerTest {
  private static final int CALLERS = 16;
  private static final int CALLS = 30;

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  @RegisterExtension
  static final Installation empty = Installation.withoutSchema();

  @TempDir
  static Path transactions;
  @TempDir
  static Path sessions;

  static Vertx vertx;
  static PgBouncer bouncer;

  @BeforeAll
  static void start() throws Exception {
    vertx = Vertx.vertx();
    bouncer = PgBouncer.before(keyhook.database().uri(), transactions, Pooler.TRANSACTION);
    keyhook.start(behind(bouncer.uri(), Pooler.TRANSACTION));
  }

  @AfterAll
  static void stop() {
    if (bouncer != null) {
      bouncer.close();
    }
    Waiting.on(vertx.close());
  }

  private static JsonObject behind(URI uri, Pooler mode) {
    return new JsonObject().put("database",
        new JsonObject().put("uri", uri.toString()).put("pooler", mode.toString()));
  }

  @Test
  void inTransactionModeNoCallFailsAndEveryEventIsDelivered() throws Exception {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(CALLERS);
    Api api = keyhook.api();
    CompletableFuture.allOf(IntStream.range(0, CALLERS).mapToObj(i -> CompletableFuture.runAsync(() -> {
      for (int call = 0; call < CALLS; call++) {
        api.validate(license.key(), "device-" + i).expect(200);
        api.get(call % 2 == 0 ? "/api/licenses?search=license" : "/api/deliveries?limit=1").expect(200);
      }
    })).toArray(CompletableFuture[]::new)).join();
    keyhook.awaitEmptyQueue();
    assertThat(keyhook.database().count("delivery")).isEqualTo(CALLERS * CALLS);
    api.get("/api/webhooks/" + webhook.id() + "/deliveries").expect(200);
    api.get("/api/audit").expect(200);
    api.get("/health/ready").expect(200);
    assertThat(bouncer.log()).doesNotContain("unsupported startup parameter", "prepared statement");
  }

  @Test
  void inTransactionModePartitionsAreCreatedAndDropped() {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    String yesterday = today.minusDays(1).format(DateTimeFormatter.BASIC_ISO_DATE);
    String tomorrow = today.plusDays(31).format(DateTimeFormatter.BASIC_ISO_DATE);
    keyhook.database().update("CREATE TABLE keyhook.event_" + yesterday + " PARTITION OF keyhook.event FOR VALUES FROM ('"
        + today.minusDays(1) + "') TO ('" + today + "')");
    keyhook.database().update("DROP TABLE keyhook.event_" + tomorrow);
    Database database = Database.of(vertx, bouncer.uri(), Pooler.TRANSACTION, Shares.single(2));
    Partitions partitions = new Partitions(database.pool(), Set.of(30), Pooler.TRANSACTION, database.shards(), Optional.empty());
    Waiting.on(partitions.make().compose(made -> partitions.drop()).eventually(database::close));
    assertThat(keyhook.database().column("SELECT relname FROM pg_class WHERE relname LIKE 'event\\_2%'"))
        .contains("event_" + tomorrow).doesNotContain("event_" + yesterday);
    assertThat(keyhook.database().number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).isZero();
  }

  @Test
  void inSessionModeAConnectionHasTheSettingsOfADirectOne() throws Exception {
    try (PgBouncer bouncer = PgBouncer.before(keyhook.database().uri(), sessions, Pooler.SESSION)) {
      Database database = Database.of(vertx, bouncer.uri(), Pooler.SESSION, Shares.single(1));
      for (String setting : new String[] {"enable_seqscan", "statement_timeout", "plan_cache_mode", "TimeZone"}) {
        String direct = SqlClients.VERTX.value(vertx, keyhook.database().uri(), "SHOW " + setting);
        assertThat(Waiting.on(database.pool().query("SHOW " + setting).execute()).iterator().next().getString(0))
            .isEqualTo(direct);
      }
      Waiting.on(database.close());
    }
  }

  @Test
  void aNodeThatDoesNotKnowOfThePoolerSaysWhichSettingIsMissing() {
    assertThatThrownBy(() -> keyhook.start(new JsonObject().put("database", new JsonObject().put("uri", bouncer.uri().toString()))))
        .hasMessageContaining("set database.pooler");
  }

  @Test
  void aNodeThatCannotMigrateThroughAPoolerSaysWhatItNeeds() {
    assertThatThrownBy(() -> empty.start(behind(empty.database().uri(), Pooler.TRANSACTION)))
        .hasMessageContaining("database.migrationUri");
  }
}
