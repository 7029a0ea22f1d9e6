package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** However much one tenant has, there is room for another. */
class FairSharePropertyTest {
  private static final int MAX = 9000;

  @Property
  void whoAsksForAllOfItLeavesRoomForTheNext(@ForAll @Size(min = 1, max = 5) List<@IntRange(min = 1, max = 40) Integer> steps) {
    FairShare<UUID> share = new FairShare<>(MAX);
    List<UUID> greedy = Stream.generate(UUID::randomUUID).limit(steps.size()).toList();
    for (int round = 0; round < 500; round++) {
      for (int i = 0; i < greedy.size(); i++) {
        share.tryAcquire(greedy.get(i), steps.get(i));
      }
    }
    assertThat(share.held()).isLessThan(MAX);
    assertThat(share.tryAcquire(UUID.randomUUID(), 1)).isEqualTo(1);
  }

  @Property
  void aSmallFactorLeavesRoomToManyThatHoldOn(@ForAll @IntRange(min = 1, max = 10) int greedy) {
    FairShare<UUID> share = new FairShare<>(200, 0.25);
    for (int i = 0; i < greedy; i++) {
      UUID tenant = UUID.randomUUID();
      while (share.tryAcquire(tenant)) {
        assertThat(share.held(tenant)).isLessThanOrEqualTo(40);
      }
    }
    assertThat(share.tryAcquire(UUID.randomUUID(), 5)).isEqualTo(5);
  }

  @Property
  void oneThatIsAloneGetsTwoThirdsInStepsOfAnySize(@ForAll @IntRange(min = 1, max = 100) int step) {
    FairShare<UUID> share = new FairShare<>(MAX);
    UUID alone = UUID.randomUUID();
    while (share.tryAcquire(alone, step) > 0) {
      assertThat(share.held()).isLessThanOrEqualTo(MAX);
    }
    assertThat(share.held()).isBetween(2 * MAX / 3, 2 * MAX / 3 + 3 * step);
    assertThat(share.hasRoom(alone)).isFalse();
  }

  @Property(tries = 20)
  void threadsThatRaceNeverTakeMoreThanThereIs(@ForAll @IntRange(min = 1, max = 20) int permits) {
    FairShare<Integer> share = new FairShare<>(permits, 1000);
    List<CompletableFuture<Integer>> most = IntStream.range(0, 4).mapToObj(tenant -> CompletableFuture.supplyAsync(() -> {
      int seen = 0;
      for (int i = 0; i < 2000; i++) {
        int taken = share.tryAcquire(tenant, 3);
        seen = Math.max(seen, share.held());
        share.release(tenant, taken);
      }
      return seen;
    })).toList();
    assertThat(most).allSatisfy(seen -> assertThat(seen.join()).isLessThanOrEqualTo(permits));
    assertThat(share.held()).isZero();
  }

  @Property
  void whatIsGivenBackCanBeTakenAgain(@ForAll @IntRange(min = 1, max = MAX / 2) int held) {
    FairShare<UUID> share = new FairShare<>(MAX);
    UUID account = UUID.randomUUID();
    int first = share.tryAcquire(account, held);
    share.release(account, first);
    assertThat(share.held()).isZero();
    assertThat(share.tryAcquire(account, held)).isEqualTo(first);
  }
}
