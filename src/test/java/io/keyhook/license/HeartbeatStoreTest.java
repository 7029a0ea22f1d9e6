package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Database;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** That a node runs is written once in a while, however many steps a pass has. */
class HeartbeatStoreTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private Vertx vertx;
  private Database database;

  @BeforeEach
  void connect() {
    vertx = Vertx.vertx();
    database = keyhook.database().open(vertx, 1);
    Waiting.on(HeartbeatStore.begin(database.pool()));
  }

  @AfterEach
  void close() {
    Waiting.on(database.close());
    Waiting.on(vertx.close());
  }

  /** Returns whether a step writes that a node runs, which was last written so many seconds ago. */
  private boolean writesAfter(int seconds) {
    keyhook.database().update("""
        UPDATE keyhook.alert_state SET since = now() - make_interval(secs => ?) WHERE kind = 'license.heartbeat.alive'""", seconds);
    long before = version();
    Waiting.on(Database.transaction(database.pool(), tx -> HeartbeatStore.alive(tx, HeartbeatVerticle.OUTAGE)));
    return version() != before;
  }

  private static long version() {
    return keyhook.database().number("SELECT xmin::text::bigint FROM keyhook.alert_state WHERE kind = 'license.heartbeat.alive'");
  }

  @Test
  void aStepWritesThatANodeRunsUnlessItHasJustBeenWritten() {
    assertThat(writesAfter(0)).isFalse();
    assertThat(writesAfter(2)).isFalse();
    assertThat(writesAfter(10)).isTrue();
    assertThat(writesAfter(120)).isTrue();
  }
}
