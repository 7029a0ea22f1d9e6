package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever tenants add, and whatever is taken out of turn. */
class TurnsPropertyTest {
  private static final int TENANTS = 6;
  private static final int PLACES = 40;

  /** Steps below {@link #TENANTS} add for this tenant, the next ones take its newest out of turn, and others poll. */
  @Property
  void tenantsTakeTurnsAndEachInItsOrder(
      @ForAll @Size(max = 300) List<@IntRange(min = 0, max = 3 * TENANTS - 1) Integer> steps) {
    Turns<Integer, String> turns = new Turns<>(PLACES);
    Map<Integer, Deque<String>> waiting = new TreeMap<>();
    for (int i = 0; i < steps.size(); i++) {
      int step = steps.get(i);
      Deque<String> queue = waiting.computeIfAbsent(step % TENANTS, tenant -> new ArrayDeque<>());
      String item = step % TENANTS + "#" + i;
      if (step < TENANTS) {
        if (turns.add(step, item)) {
          queue.add(item);
        }
      } else if (step < 2 * TENANTS) {
        assertThat(turns.remove(step - TENANTS, queue.isEmpty() ? item : queue.peekLast())).isEqualTo(!queue.isEmpty());
        queue.pollLast();
      } else {
        String next = turns.poll();
        if (next != null) {
          int tenant = next.charAt(0) - '0';
          assertThat(next).isEqualTo(waiting.get(tenant).poll());
        }
      }
      assertThat(turns.size()).isEqualTo(waiting.values().stream().mapToInt(Deque::size).sum());
      waiting.forEach((tenant, items) -> assertThat(turns.isWaiting(tenant)).isEqualTo(!items.isEmpty()));
    }
    int rest = turns.size();
    while (turns.size() > 0) {
      Set<Integer> round = new HashSet<>();
      for (long tenants = waiting.values().stream().filter(items -> !items.isEmpty()).count(); tenants > 0; tenants--) {
        int tenant = turns.poll().charAt(0) - '0';
        waiting.get(tenant).poll();
        assertThat(round.add(tenant)).as("first turn of " + tenant + " in a round").isTrue();
      }
      rest -= round.size();
    }
    assertThat(rest).isZero();
    assertThat(turns.poll()).isNull();
  }

  @Property
  void tenantsThatAreNotAdmittedKeepTheirTurn(@ForAll @IntRange(min = 0, max = TENANTS - 1) int admitted) {
    Turns<Integer, Integer> turns = new Turns<>(PLACES);
    for (int tenant = 0; tenant < TENANTS; tenant++) {
      turns.add(tenant, tenant);
    }
    assertThat(turns.poll(tenant -> tenant == admitted)).isEqualTo(admitted);
    assertThat(turns.poll(tenant -> false)).isNull();
    List<Integer> rest = new ArrayList<>();
    while (turns.size() > 0) {
      rest.add(turns.poll());
    }
    assertThat(rest).isSorted().doesNotContain(admitted).hasSize(TENANTS - 1);
  }

  @Property
  void aGroupIsTakenAsIfItsTenantsWaitedAlone(
      @ForAll @Size(max = PLACES) List<@IntRange(min = 0, max = TENANTS - 1) Integer> tenants, @ForAll @IntRange(min = 1) int max) {
    Turns<Integer, String> turns = new Turns<>(PLACES);
    Turns<Integer, String> group = new Turns<>(PLACES);
    for (int i = 0; i < tenants.size(); i++) {
      int tenant = tenants.get(i);
      if (turns.add(tenant, tenant + "#" + i) && tenant % 2 == tenants.get(0) % 2) {
        group.add(tenant, tenant + "#" + i);
      }
    }
    int before = turns.size();
    List<String> expected = new ArrayList<>();
    while (expected.size() < max && group.size() > 0) {
      expected.add(group.poll());
    }
    assertThat(turns.poll(max, tenant -> tenant % 2)).isEqualTo(expected);
    assertThat(turns.size()).isEqualTo(before - expected.size());
  }
}
