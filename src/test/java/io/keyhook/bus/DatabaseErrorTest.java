package io.keyhook.bus;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.VertxException;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.ClosedConnectionException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each error of the database means. */
class DatabaseErrorTest {
  private static PgException error(String state, String constraint) {
    return new PgException("message", "ERROR", state, null, null, null, null, null, null, null, null, null, null, null, null,
        null, constraint);
  }

  @ParameterizedTest
  @CsvSource({
      "23505, DUPLICATE", "22001, INVALID", "22P05, INVALID", "23502, INVALID", "54000, INVALID", "40P01, CONFLICT",
      "40001, CONFLICT", "57014, TIMEOUT", "25006, STALE_CONNECTION", "26000, STALE_CONNECTION", "42P05, STALE_CONNECTION",
      "57P01, UNAVAILABLE", "57P03, UNAVAILABLE", "53100, UNAVAILABLE", "53300, UNAVAILABLE", "08006, UNAVAILABLE",
      "25P02, UNAVAILABLE", "58030, UNAVAILABLE", "55P03, UNAVAILABLE", "42501, UNEXPECTED", "42P01, UNEXPECTED",
      "XX000, UNEXPECTED", "0A000, UNEXPECTED", "23514, MISSING_PARTITION"})
  void eachStateHasOneMeaning(String state, DatabaseError meaning) {
    assertThat(DatabaseError.of(error(state, null))).isEqualTo(meaning);
  }

  @ParameterizedTest
  @CsvSource({"22001, true", "23505, true", "54000, true", "42P01, false", "XX000, false", "25006, false", "40001, false",
      "23514, false", "57014, false", "'', false"})
  void everyErrorIsTheInfrastructuresUnlessItsStateBlamesTheItem(String state, boolean own) {
    assertThat(DatabaseError.of(error(state, null)).isItemsOwn()).isEqualTo(own);
  }

  @Test
  void aConstraintThatARowViolatesIsNoMissingPartition() {
    assertThat(DatabaseError.of(error("23514", "positive"))).isEqualTo(DatabaseError.INVALID);
  }

  @Test
  void noAnswerIsAnOutageAndADefectIsNot() {
    assertThat(DatabaseError.of(new TimeoutException())).isEqualTo(DatabaseError.UNAVAILABLE);
    assertThat(DatabaseError.of(new ConnectException())).isEqualTo(DatabaseError.UNAVAILABLE);
    assertThat(DatabaseError.of(new VertxException("closed"))).isEqualTo(DatabaseError.UNAVAILABLE);
    assertThat(DatabaseError.of(new NullPointerException())).isEqualTo(DatabaseError.DEFECT);
    assertThat(DatabaseError.of(new Failure.Internal().exception())).isEqualTo(DatabaseError.DEFECT);
  }

  @ParameterizedTest
  @CsvSource({"57P01, true, false", "57P05, true, false", "57P02, false, true", "08006, false, true", "08P01, false, true",
      "57P03, false, false", "57014, false, false", "53300, false, false", "42501, false, false"})
  void aCallIsOnlyRepeatedWhereItsConnectionEnded(String state, boolean noEffect, boolean lost) {
    assertThat(DatabaseError.hadNoEffect(error(state, null))).isEqualTo(noEffect);
    assertThat(DatabaseError.isConnectionLost(error(state, null))).isEqualTo(lost);
  }

  @Test
  void aConnectionThatCouldNotBeOpenedIsNotOneThatWasLost() {
    assertThat(DatabaseError.isConnectionLost(ClosedConnectionException.INSTANCE)).isTrue();
    assertThat(DatabaseError.isConnectionLost(new SocketException("Connection reset"))).isTrue();
    assertThat(DatabaseError.isConnectionLost(new ConnectException())).isFalse();
    assertThat(DatabaseError.isConnectionLost(new TimeoutException())).isFalse();
    assertThat(DatabaseError.hadNoEffect(ClosedConnectionException.INSTANCE)).isFalse();
  }
}
