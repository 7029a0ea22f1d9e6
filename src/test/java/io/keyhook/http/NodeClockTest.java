package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LogWatch;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A clock that is wrong is in the log once, and once when it is right again. */
class NodeClockTest {
  private static final String RIGHT = "The clock of this node agrees with that of the database again";

  @Test
  void theLogSaysOnceThatTheClockIsWrongAndOnceThatItIsRightAgain() {
    NodeClock clock = new NodeClock();
    int before = LogWatch.linesWith(RIGHT).size();
    assertThat(clock.secondsAhead()).isNaN();
    clock.isAhead(Duration.ofMillis(-1900));
    clock.isAhead(Duration.ofSeconds(-7201));
    clock.isAhead(Duration.ofSeconds(-7202));
    assertThat(clock.secondsAhead()).isEqualTo(-7202);
    assertThat(LogWatch.linesWith("The clock of this node is 7201 s behind that of the database: ")).hasSize(1);
    assertThat(LogWatch.linesWith("The clock of this node is 7202 s behind")).isEmpty();
    assertThat(LogWatch.linesWith(RIGHT)).hasSize(before);
    clock.isAhead(Duration.ZERO);
    clock.isAhead(Duration.ZERO);
    assertThat(LogWatch.linesWith(RIGHT)).hasSize(before + 1);
    clock.isAhead(Duration.ofSeconds(7203));
    assertThat(LogWatch.linesWith("The clock of this node is 7203 s ahead of that of the database: ")).hasSize(1);
  }
}
