package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.db.SchemaVersion;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node is ready while its database accepts writes, and says so without a trace in it. */
class ReadinessTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Exchange ready() {
    return keyhook.api().anonymous().get("/health/ready");
  }

  /** Of new sessions, and of those that began before. */
  private static void demote(boolean readOnly) {
    keyhook.database().administer("BEGIN READ WRITE; ALTER DATABASE " + keyhook.database().value("SELECT current_database()")
        + (readOnly ? " SET default_transaction_read_only = on" : " RESET default_transaction_read_only") + "; COMMIT");
    if (readOnly) {
      keyhook.database().terminateConnections();
    }
  }

  @Test
  void onAServerThatIsReadOnlyItIsNotReadyAndOnceThatIsOverItIsWithoutARestart() {
    String key = keyhook.license(5).key();
    keyhook.api().validate(key, "first").expect(200);
    ready().expect(200);
    demote(true);
    try {
      await("not ready").atMost(Waiting.LONG).until(() -> ready().status() == 503
          && "not writable".equals(ready().json().getString("database")));
      keyhook.api().validate(key, "second").expect(503, "UNAVAILABLE");
    } finally {
      demote(false);
    }
    await("ready").atMost(Waiting.LONG).until(() -> ready().status() == 200);
    await("writes work").atMost(Waiting.LONG).until(() -> keyhook.api().validate(key, "third").status() == 200);
  }

  private static List<String> metric() {
    return keyhook.api().get("/metrics").expect(200).body().lines().filter(line -> line.startsWith("keyhook_ready")).toList();
  }

  @Test
  void aSchemaThatIsNotMigratedIsNotReadyByTheProbeAndByTheMetric() {
    ready().expect(200);
    assertThat(metric()).containsExactly("keyhook_ready 1.0");
    keyhook.database().update("UPDATE keyhook.flyway_schema_history SET success = false WHERE version = ?",
        SchemaVersion.NEWEST);
    try {
      assertThat(keyhook.api().unchecked().get("/health/ready").expect(503).json().getString("database"))
          .isEqualTo("not migrated");
      assertThat(metric()).containsExactly("keyhook_ready 0.0");
    } finally {
      keyhook.database().update("UPDATE keyhook.flyway_schema_history SET success = true");
    }
    ready().expect(200);
    assertThat(metric()).containsExactly("keyhook_ready 1.0");
  }

  private static long size() {
    return keyhook.database().number("SELECT pg_relation_size('keyhook.delivery_queue')"
        + " + pg_relation_size('pg_class') + pg_relation_size('pg_attribute') + pg_relation_size('pg_largeobject')");
  }

  @Test
  void askingLeavesNothingInTheDatabase() {
    long size = size();
    for (int i = 0; i < 200; i++) {
      ready().expect(200);
    }
    assertThat(size()).isEqualTo(size);
  }
}
