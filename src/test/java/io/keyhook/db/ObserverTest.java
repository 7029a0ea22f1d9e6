package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.pgclient.PgException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which errors say that the database is unavailable. */
class ObserverTest {
  private final Observer observer = new Observer();
  private final CallMeter meter = observer.meter("test");

  private void fails(String sqlState) {
    meter.began();
    observer.ended(meter, "SELECT 1", 1, new PgException("failed", "ERROR", sqlState, null));
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
}
