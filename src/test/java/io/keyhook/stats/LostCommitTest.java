package io.keyhook.stats;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Database;
import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What was counted is written once, whatever becomes of the connection. */
@ExtendWith(VertxExtension.class)
@OnlyOnPostgresql
class LostCommitTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private final UUID account = UUID.randomUUID();
  private final Counts counts = new Counts();
  private Proxy proxy;
  private Database database;
  private CountsWriter writer;

  @BeforeEach
  void connect(Vertx vertx) {
    proxy = keyhook.proxy();
    database = Database.of(vertx, proxy.before(keyhook.database().uri()), 1);
    writer = new CountsWriter(database.pool(), counts);
  }

  @AfterEach
  void disconnect() {
    Waiting.on(database.close());
  }

  private long written() {
    return keyhook.database().number(
        "SELECT coalesce(sum(valid), 0) FROM keyhook.account_count WHERE account_id = ? AND seconds = 60", account);
  }

  private void flush() {
    Waiting.on(writer.flush());
  }

  @Test
  void aCommitWhoseAnswerIsLostIsCountedOnce() {
    counts.valid(account);
    proxy.loseAnswerToCommit();
    flush();
    assertThat(proxy.hasLostAnswer()).isTrue();
    assertThat(written()).isEqualTo(1);
    assertThat(counts.of(account).valid()).as("counted again").isZero();
    counts.valid(account);
    flush();
    assertThat(written()).isEqualTo(2);
  }

  @Test
  void whatWasNotCommittedIsWrittenTheNextTime() {
    counts.valid(account);
    flush();
    counts.valid(account);
    proxy.cut();
    flush();
    assertThat(counts.of(account).valid()).as("kept for the next time").isEqualTo(1);
    proxy.open();
    flush();
    assertThat(written()).isEqualTo(2);
    assertThat(counts.of(account).valid()).isZero();
  }

  @Test
  void aCommitOfWhichTheDatabaseKnowsNothingIsNone() {
    String future = keyhook.database().value("SELECT (pg_current_xact_id()::text::bigint + 1000000)::text");
    assertThat(Waiting.on(StatsStore.commit(database.pool(), future))).isEqualTo(StatsStore.Commit.ABORTED);
  }
}
