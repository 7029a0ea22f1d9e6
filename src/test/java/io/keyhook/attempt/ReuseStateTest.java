package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How a route earns the reuse of its connections, and how it loses it. */
class ReuseStateTest {
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1); // System.nanoTime may overflow
  private final AtomicInteger unasked = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private final Reuse reuse = new Reuse(now::get, unasked::incrementAndGet, lost::incrementAndGet);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void aQuietConnectionProvesItsRoute() {
    long quietSince = reuse.now();
    pass(SenderRig.QUIET.minusNanos(1));
    assertThat(reuse.admits(quietSince)).isFalse();
    assertThat(reuse.isPossible()).as("asking for it").isTrue();
    pass(Duration.ofNanos(1));
    assertThat(reuse.admits(quietSince)).isTrue();
    assertThat(reuse.admits(reuse.now())).as("at once, from now on").isTrue();
  }

  @Test
  void unaskedBytesTakeIt() {
    long quietSince = reuse.now();
    pass(SenderRig.QUIET);
    assertThat(reuse.admits(quietSince)).isTrue();
    reuse.lose();
    assertThat(reuse.isPossible()).isFalse();
    assertThat(reuse.admits(quietSince)).isFalse();
  }

  @Test
  void itIsEarnedAgainAfterAWhileWithoutThem() {
    reuse.lose();
    pass(Reuse.LOST_FOR.minusNanos(1));
    reuse.lose();
    pass(Reuse.LOST_FOR.minusNanos(1));
    assertThat(reuse.isPossible()).isFalse();
    pass(Duration.ofNanos(1));
    assertThat(reuse.isPossible()).isTrue();
    assertThat(reuse.admits(reuse.now())).as("by being quiet").isFalse();
    assertThat(unasked).hasValue(2);
    assertThat(lost).as("said once").hasValue(1);
  }

  @Test
  void eachLossTakesTwiceAsLongToEarnItAgain() {
    Duration expected = Reuse.LOST_FOR;
    for (int loss = 0; loss < 10; loss++) {
      reuse.lose();
      reuse.lose();
      assertThat(reuse.lostFor()).as("once for all that comes while it is lost").isEqualTo(expected);
      pass(expected.minusNanos(1));
      assertThat(reuse.isPossible()).isFalse();
      pass(Duration.ofNanos(1));
      assertThat(reuse.isPossible()).isTrue();
      expected = expected.multipliedBy(2);
      expected = expected.compareTo(Reuse.MAX_LOST_FOR) > 0 ? Reuse.MAX_LOST_FOR : expected;
    }
    assertThat(reuse.lostFor()).isEqualTo(Reuse.MAX_LOST_FOR);
  }
}
