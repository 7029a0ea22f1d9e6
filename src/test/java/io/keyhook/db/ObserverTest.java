package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LogWatch;
import io.vertx.pgclient.PgException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which errors say that the database is unavailable. */
class ObserverTest {
  private final AtomicLong now = new AtomicLong();
  private final Observer observer = new Observer(now::get);
  private final CallMeter meter = observer.meter("test");

  private void fails(String sqlState) {
    meter.began();
    observer.ended(meter, () -> "SELECT 1", 1, new PgException("failed", "ERROR", sqlState, null));
  }

  private void succeeds() {
    meter.began();
    observer.ended(meter, () -> "SELECT 1", 1, null);
  }

  private void breaks() {
    meter.began();
    observer.ended(meter, () -> "SELECT 1", 1, new IOException("reset"));
  }

  private void pass(int seconds) {
    now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  @Test
  void oneBrokenConnectionIsNoOutageWhileOtherCallsSucceed() {
    for (int i = 0; i < 5; i++) {
      breaks();
      pass(1);
      succeeds();
      pass(1);
      assertThat(observer.isAvailable()).isTrue();
    }
  }

  @Test
  void callsThatGetNoAnswerAreAnOutageOnceNoneHasSucceededForAWhile() {
    breaks();
    pass(1);
    breaks();
    assertThat(observer.isAvailable()).isTrue();
    pass(1);
    breaks();
    assertThat(observer.isAvailable()).isFalse();
  }

  @Test
  void anOutageIsOverWithASuccessAfterAWhileWithoutAFailure() {
    fails("57P03");
    succeeds();
    assertThat(observer.isAvailable()).isFalse();
    pass(2);
    succeeds();
    assertThat(observer.isAvailable()).isTrue();
  }

  @Test
  void readsDoNotDisproveThatAServerIsReadOnly() {
    succeeds();
    fails("25006");
    succeeds();
    assertThat(observer.isAvailable()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"57P03", "53100", "25006"})
  void aServerThatServesNobodyOrIsReadOnlyIsUnavailable(String sqlState) {
    fails(sqlState);
    assertThat(observer.isAvailable()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"23505", "22001", "42P01"})
  void anErrorOfAStatementLeavesItAvailable(String sqlState) {
    fails(sqlState);
    assertThat(observer.isAvailable()).isTrue();
  }

  @Test
  void itIsAvailableAtFirst() {
    assertThat(observer.isAvailable()).isTrue();
  }

  @Test
  void replacedConnectionsAreLoggedOnceAMinuteWhileTheDatabaseStaysReadOnly() {
    for (int i = 0; i < 5; i++) {
      observer.replacing(new IOException("the database of ObserverTest is read-only"));
    }
    assertThat(LogWatch.linesWith("Replacing the connections to the database: the database of ObserverTest")).hasSize(1);
  }
}
