package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.license.ExpiryStore.DueAccount;
import io.keyhook.license.ExpiryTurns.Turn;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A batch is shared evenly among the accounts whose turn it is. */
class ExpiryTurnsTest {
  private static final OffsetDateTime EARLY = OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);
  private static final OffsetDateTime LATE = EARLY.plusHours(1);

  private final Set<UUID> busy = new HashSet<>();
  private final ExpiryTurns turns = new ExpiryTurns(busy::contains);

  private static DueAccount account(long id) {
    return new DueAccount(new UUID(0, id), EARLY);
  }

  private static List<OffsetDateTime> taken(int count) {
    return Collections.nCopies(count, LATE);
  }

  @Test
  void anAccountThatIsAloneHasAllPlaces() {
    turns.add(List.of(account(1)), 0);
    assertThat(turns.next(100, 0)).containsExactly(new Turn(new UUID(0, 1), 100, EARLY));
    assertThat(turns.isEmpty()).isTrue();
  }

  @Test
  void accountsShareABatchEvenly() {
    turns.add(List.of(account(1), account(2), account(3)), 0);
    assertThat(turns.next(100, 0)).extracting(Turn::places).containsExactly(33, 33, 33);
  }

  @Test
  void anAccountThatUsedItsPlacesComesAgainAfterAllOthersAndGoesOnWhereItEnded() {
    turns.add(List.of(account(1), account(2), account(3)), 0);
    List<Turn> first = turns.next(4, 0);
    assertThat(first).extracting(Turn::accountId).containsExactly(new UUID(0, 1), new UUID(0, 2));
    turns.ended(first.get(0), taken(2), 0);
    turns.ended(first.get(1), taken(1), 0);
    assertThat(turns.next(4, 0)).containsExactly(new Turn(new UUID(0, 3), 2, EARLY), new Turn(new UUID(0, 1), 2, LATE));
  }

  @Test
  void anAccountThatTookLessThanItMightIsDone() {
    turns.add(List.of(account(1)), 0);
    turns.ended(turns.next(10, 0).get(0), taken(9), 0);
    assertThat(turns.isEmpty()).isTrue();
  }

  @Test
  void anAccountInLineKeepsItsPlace() {
    turns.add(List.of(account(1), account(2)), 0);
    turns.add(List.of(account(2), account(1), account(3)), 0);
    assertThat(turns.next(100, 0)).extracting(turn -> turn.accountId().getLeastSignificantBits()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void anAccountInLineGoesBackToWhatAnotherNodeLeft() {
    turns.add(List.of(account(1)), 0);
    turns.ended(turns.next(2, 0).get(0), taken(2), 0);
    turns.add(List.of(account(1)), 0);
    assertThat(turns.next(2, 0)).containsExactly(new Turn(new UUID(0, 1), 2, EARLY));
  }

  @Test
  void anAccountWhoseDeliveriesPileUpWaitsForThemAndKeepsNobodyElseWaiting() {
    turns.add(List.of(account(1), account(2)), 0);
    turns.next(4, 0).forEach(turn -> turns.ended(turn, taken(2), 0));
    busy.add(new UUID(0, 1));
    assertThat(turns.next(4, 1)).containsExactly(new Turn(new UUID(0, 2), 4, LATE));
    assertThat(turns.next(4, 2)).isEmpty();
    busy.clear();
    assertThat(turns.next(4, 3)).containsExactly(new Turn(new UUID(0, 1), 4, LATE));
  }

  @Test
  void anAccountWaitsForItsDeliveriesNoLongerThanItMust() {
    turns.add(List.of(account(1)), 0);
    turns.ended(turns.next(2, 0).get(0), taken(2), 0);
    busy.add(new UUID(0, 1));
    assertThat(turns.next(2, 9_999_999)).isEmpty();
    assertThat(turns.next(2, 10_000_000)).hasSize(1);
  }

  @Test
  void moreAccountsThanABatchHasPlacesForTakeTurns() {
    turns.add(IntStream.range(0, 120).mapToObj(ExpiryTurnsTest::account).toList(), 0);
    assertThat(turns.next(100, 0)).hasSize(50).extracting(Turn::places).containsOnly(2);
    assertThat(turns.next(100, 0)).hasSize(50);
    assertThat(turns.next(100, 0)).hasSize(20).extracting(Turn::places).containsOnly(5);
    assertThat(turns.next(100, 0)).isEmpty();
  }
}
