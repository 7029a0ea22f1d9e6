package io.keyhook.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a round's receiver got, beside what was promised and what the log says; all by delivery. */
final class Ledger {
  private static final String DELIVERED = "1";

  private final List<Delivery> arrived;
  private final Map<String, List<Delivery>> byId;

  /**
   * A delivery in the log.
   *
   * @param status as the log keeps it
   */
  record Logged(String status, int attempts) {}

  Ledger(List<Delivery> arrived) {
    this.arrived = arrived;
    this.byId = arrived.stream().collect(Collectors.groupingBy(Delivery::id));
  }

  /** How the receiver answers: an eighth of all deliveries needs a second attempt. */
  static boolean accepts(String deliveryId, int attempt) {
    return attempt > 1 || deliveryId.hashCode() % 8 != 0;
  }

  private static boolean isAccepted(Delivery delivery) {
    return accepts(delivery.id(), delivery.attempt());
  }

  /** An event, and what it was about: the device's name, or the license's where it is of no device. */
  private static String about(Delivery delivery) {
    String device = delivery.data().getString("deviceName");
    return delivery.event() + " " + (device == null ? delivery.data().getString("licenseName") : device);
  }

  /**
   * Makes its demands, and counts.
   *
   * @param promised events that must have arrived
   * @param expired events that must have arrived under one id
   * @param log of all that is not in the queue any more, which is everything
   * @param inFlight deliveries that may have arrived once more than was logged
   */
  Count balance(
      int acknowledged, Set<String> promised, Set<String> expired, Map<String, Logged> log, Set<String> inFlight) {
    Set<String> delivered = arrived.stream().filter(Ledger::isAccepted).map(Ledger::about).collect(Collectors.toSet());
    Set<String> missing = without(promised, delivered);
    missing.addAll(without(expired, delivered));
    assertThat(missing).as("acknowledged or expired, and not delivered").isEmpty();
    assertThat(idsOf(expired)).as("license.expired, by license").allSatisfy((name, ids) -> assertThat(ids).hasSize(1));

    byId.forEach((id, attempts) -> assertThat(attempts).as("bodies of %s", id)
        .allMatch(attempt -> Arrays.equals(attempt.body(), attempts.get(0).body())));

    Map<String, Integer> duplicates = new HashMap<>();
    byId.forEach((id, attempts) -> duplicates.put(id,
        attempts.size() - (int) attempts.stream().map(Delivery::attempt).distinct().count()));
    duplicates.values().removeIf(count -> count == 0);
    assertThat(without(duplicates.keySet(), inFlight)).as("arrived twice, and not in flight at the fault").isEmpty();
    assertThat(duplicates.values()).as("how often something arrived again").allMatch(count -> count == 1);

    assertThat(log.keySet()).as("in the log").isEqualTo(byId.keySet());
    assertThat(log).as("all are delivered").allSatisfy((id, logged) -> assertThat(logged.status).isEqualTo(DELIVERED));
    int unlogged = 0;
    for (Map.Entry<String, List<Delivery>> seen : byId.entrySet()) {
      int more = seen.getValue().size() - log.get(seen.getKey()).attempts;
      assertThat(more).as("attempts of %s that arrived, beside those in the log", seen.getKey())
          .isBetween(0, inFlight.contains(seen.getKey()) ? 1 : 0);
      unlogged += more;
    }
    int again = duplicates.values().stream().mapToInt(Integer::intValue).sum();
    return new Count(1, acknowledged, byId.size(), arrived.size(), again, unlogged, inFlight.size(), missing.size(),
        0);
  }

  private static Set<String> without(Set<String> all, Set<String> these) {
    Set<String> left = new HashSet<>(all);
    left.removeAll(these);
    return left;
  }

  private Map<String, Set<String>> idsOf(Set<String> events) {
    return arrived.stream().filter(delivery -> events.contains(about(delivery)))
        .collect(Collectors.groupingBy(Ledger::about, Collectors.mapping(Delivery::id, Collectors.toSet())));
  }
}
