package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LogWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What is known of something that every delivery depends on. */
class UplinkTest {
  private final AtomicLong now = new AtomicLong(-7);
  private final String name = "the link " + UUID.randomUUID();
  private final Uplink uplink = new Uplink(name, now::get);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private void fails() {
    uplink.fails(new IOException("refused"));
  }

  private List<String> logged() {
    return LogWatch.linesWith(name);
  }

  @Test
  void anOutageIsLoggedOnceWhenItBeginsAndOnceWhenItEnds() {
    for (int i = 0; i < 5; i++) {
      fails();
      pass(Duration.ofSeconds(10));
    }
    assertThat(uplink.isAvailable()).isFalse();
    assertThat(logged()).singleElement().asString().startsWith("WARN").contains("refused");
    uplink.works();
    uplink.works();
    assertThat(uplink.isAvailable()).isTrue();
    assertThat(logged()).hasSize(2);
    assertThat(logged().get(1)).startsWith("WARN").contains("after 50 s");
  }

  @Test
  void aSuccessAmongFailuresEndsNoOutage() {
    fails();
    uplink.works();
    assertThat(uplink.isAvailable()).isFalse();
    pass(Uplink.SHORTEST_WAIT);
    uplink.works();
    assertThat(uplink.isAvailable()).isTrue();
  }

  @Test
  void waitsGrowWithTheOutageToABoundAndEndAfterADay() {
    fails();
    assertThat(uplink.backoff()).contains(Uplink.SHORTEST_WAIT);
    pass(Duration.ofSeconds(12));
    fails();
    assertThat(uplink.backoff()).contains(Duration.ofSeconds(6));
    pass(Duration.ofSeconds(50));
    fails();
    assertThat(uplink.backoff()).contains(Uplink.LONGEST_WAIT);
    for (int minute = 0; minute < Uplink.BOUND.toMinutes() * 2; minute++) {
      pass(Duration.ofSeconds(30));
      fails();
    }
    assertThat(uplink.backoff()).isEmpty();
    assertThat(uplink.isAvailable()).isFalse();
  }

  @Test
  void afterADayAttemptsCountByTheRetryScheduleUntilItWorks() {
    fails();
    while (uplink.backoff().isPresent()) {
      pass(Uplink.LONGEST_WAIT);
      fails();
    }
    for (int delivery = 0; delivery < 3; delivery++) {
      for (int minutes : new int[] {1, 5, 30, 180}) { // the delays of the schedule, and a quiet time
        pass(Duration.ofMinutes(minutes));
        assertThat(uplink.isAvailable()).as("before the attempt").isFalse();
        fails();
        assertThat(uplink.backoff()).as("after %s min", minutes).isEmpty();
      }
    }
    assertThat(logged()).hasSize(1);
    pass(Duration.ofMinutes(30));
    uplink.works();
    assertThat(uplink.isAvailable()).isTrue();
    fails();
    assertThat(uplink.backoff()).as("a new outage").contains(Uplink.SHORTEST_WAIT);
  }

  @Test
  void whatNobodyHasTriedForAWhileIsNotKnownToFailAndTheNextOutageIsANewOne() {
    fails();
    pass(Duration.ofHours(30));
    assertThat(uplink.isAvailable()).isTrue();
    fails();
    assertThat(uplink.backoff()).contains(Uplink.SHORTEST_WAIT);
    assertThat(logged()).hasSize(2);
  }
}
