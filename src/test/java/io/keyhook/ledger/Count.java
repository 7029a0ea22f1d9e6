package io.keyhook.ledger;

/**
 * What was counted in some rounds of a fault.
 *
 * @param acknowledged validations that were answered with 200
 * @param delivered deliveries that arrived and were answered with 200, each counted once
 * @param attempts that arrived, each time
 * @param duplicates of these, those that had arrived before under the same number
 * @param unlogged of these, those whose result was not written, or was refused
 * @param inFlight deliveries under lease when a process was killed or frozen
 * @param missing promised events that did not arrive
 * @param seconds that it took
 */
record Count(int rounds, int acknowledged, int delivered, int attempts, int duplicates, int unlogged, int inFlight,
    int missing, double seconds) {
  static final Count NONE = new Count(0, 0, 0, 0, 0, 0, 0, 0, 0);
  private static final String ROW = "%-22s %7s %13s %10s %9s %11s %9s %10s %8s %8s%n";
  static final String HEAD = ROW.formatted("fault", "rounds", "acknowledged", "delivered", "attempts", "duplicates",
      "unlogged", "in flight", "missing", "s/round");

  Count plus(Count more) {
    return new Count(rounds + more.rounds, acknowledged + more.acknowledged, delivered + more.delivered,
        attempts + more.attempts, duplicates + more.duplicates, unlogged + more.unlogged, inFlight + more.inFlight,
        missing + more.missing, seconds + more.seconds);
  }

  Count lasting(double seconds) {
    return new Count(
        rounds, acknowledged, delivered, attempts, duplicates, unlogged, inFlight, missing, seconds);
  }

  String row(String fault) {
    return ROW.formatted(fault, rounds, acknowledged, delivered, attempts, duplicates, unlogged, inFlight, missing,
        "%.1f".formatted(seconds / Math.max(1, rounds)));
  }
}
