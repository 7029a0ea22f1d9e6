package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.SqlConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node freezes in the middle of a transaction, as a paused machine does. */
@ExtendWith(VertxExtension.class)
class FrozenTransactionTest {
  private static final long LOCK = 42;

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @Test
  void whatANodeHasLockedIsFreeAgainThoughItNeverEndsItsTransaction(Vertx vertx) {
    Database frozen = Database.of(vertx, keyhook.database().uri(), 1);
    SqlConnection connection = Waiting.on(frozen.pool().getConnection());
    Waiting.on(connection.begin());
    Waiting.on(connection.query("SELECT pg_advisory_xact_lock(" + LOCK + ")").execute());
    assertThat(tryLock()).isEqualTo("f");
    await("the lock is free").atMost(Waiting.LONG).until(() -> tryLock().equals("t"));
    assertThat(Waiting.on(frozen.pool().query("SELECT 1").execute()).size()).as("the pool goes on").isEqualTo(1);
    Waiting.on(frozen.close());
  }

  private static String tryLock() {
    return keyhook.database().value("SELECT pg_try_advisory_xact_lock(?)", LOCK);
  }
}
