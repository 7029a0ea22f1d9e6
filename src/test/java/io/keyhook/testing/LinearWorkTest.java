package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The measure itself: work is compared with computing of the same moment, so both are slow together. */
class LinearWorkTest {
  /** The work takes thirty times the limit, however slow the machine is: both are counted in the same computing. */
  @Test
  void workOfManyTimesItsLimitFails() {
    AtomicInteger runs = new AtomicInteger();
    assertThatThrownBy(() -> LinearWork.assertLinear("too much", Duration.ofMillis(3), () -> {
      runs.incrementAndGet();
      for (int i = 0; i < 3; i++) {
        LinearWork.compute();
      }
    })).isInstanceOf(AssertionError.class).hasMessageContaining("too much");
    assertThat(runs).hasValue(5);
  }

  @Test
  void oneRunWithinTheLimitIsEnough() {
    AtomicInteger runs = new AtomicInteger();
    LinearWork.assertLinear("nothing", () -> runs.incrementAndGet());
    assertThat(runs).hasValue(1);
  }
}
