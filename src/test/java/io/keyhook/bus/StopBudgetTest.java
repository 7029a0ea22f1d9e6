package io.keyhook.bus;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.StopBudget.Work;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StopBudgetTest {
  private final AtomicLong now = new AtomicLong(-5);
  private final StopBudget budget = new StopBudget(now::get);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void whatEndsEarlyLeavesItsTimeToWhatFollows() {
    budget.begin();
    pass(Duration.ofSeconds(1));
    assertThat(budget.left(Work.ATTEMPTS)).isEqualTo(Duration.ofSeconds(16));
  }

  @ParameterizedTest
  @EnumSource
  void workAfterWorkThatTookAllItsTimeStillEndsWithinTheTotal(Work last) {
    budget.begin();
    Duration passed = Duration.ZERO;
    for (Work work : Work.values()) {
      if (work.compareTo(last) <= 0) {
        Duration left = budget.left(work);
        pass(left);
        passed = passed.plus(left);
      }
    }
    assertThat(passed).isLessThan(StopBudget.TOTAL);
  }

  @Test
  void workThatIsLateHasAMomentAndNeverNoTime() {
    budget.begin();
    pass(Duration.ofMinutes(1));
    assertThat(budget.left(Work.REQUESTS)).isPositive().isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void theClockStartsOnceAtTheLatestWithTheFirstQuestion() {
    assertThat(budget.left(Work.REQUESTS)).isEqualTo(Duration.ofSeconds(6));
    pass(Duration.ofSeconds(2));
    budget.begin();
    assertThat(budget.left(Work.REQUESTS)).isEqualTo(Duration.ofSeconds(4));
  }
}
