package io.keyhook.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** However much one account has, there is room for another. */
class HoldingsPropertyTest {
  private static final int MAX = 9000;

  @Property
  void whoAsksForAllOfItLeavesRoomForTheNext(@ForAll @Size(min = 1, max = 5) List<@IntRange(min = 1, max = 40) Integer> steps) {
    Holdings holdings = new Holdings(MAX);
    List<UUID> greedy = Stream.generate(UUID::randomUUID).limit(steps.size()).toList();
    for (int round = 0; round < 500; round++) {
      for (int i = 0; i < greedy.size(); i++) {
        holdings.reserve(greedy.get(i), steps.get(i));
      }
    }
    assertThat(holdings.total()).isLessThan(MAX);
    assertThat(holdings.reserve(UUID.randomUUID(), 1)).isEqualTo(1);
  }

  @Property
  void oneThatIsAloneGetsTwoThirdsInStepsOfAnySize(@ForAll @IntRange(min = 1, max = 100) int step) {
    Holdings holdings = new Holdings(MAX);
    UUID alone = UUID.randomUUID();
    while (holdings.reserve(alone, step) > 0) {
      assertThat(holdings.total()).isLessThanOrEqualTo(MAX);
    }
    assertThat(holdings.total()).isBetween(2 * MAX / 3, 2 * MAX / 3 + 3 * step);
    assertThat(holdings.hasRoom(alone)).isFalse();
  }

  @Property
  void whatIsGivenBackCanBeTakenAgain(@ForAll @IntRange(min = 1, max = MAX / 2) int held) {
    Holdings holdings = new Holdings(MAX);
    UUID account = UUID.randomUUID();
    int first = holdings.reserve(account, held);
    holdings.remove(account, first);
    assertThat(holdings.total()).isZero();
    assertThat(holdings.reserve(account, held)).isEqualTo(first);
  }
}
