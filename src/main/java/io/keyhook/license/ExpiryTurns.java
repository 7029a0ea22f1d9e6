package io.keyhook.license;

import io.keyhook.license.ExpiryStore.DueAccount;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Shares each batch evenly among the accounts at the head of the line. An account that has more due expiries goes to the end
 * of the line, so that an account with many delays another by a batch at most. (Deficit round robin: Shreedhar and
 * Varghese, "Efficient Fair Queuing Using Deficit Round-Robin", 1996.)
 *
 * <p>An account whose deliveries pile up on this node waits until they do not: a delivery that is leased when it is committed
 * costs less than one that is claimed later. It waits {@value #LONGEST_REST_MILLIS} ms at most, because only one of its
 * endpoints may be slow.
 *
 * <p>Belongs to one event loop.
 */
final class ExpiryTurns {
  /** One more than an account with a single expiry needs, so that its turn shows that there are no more. */
  private static final int LEAST_PLACES = 2;
  private static final int LONGEST_REST_MILLIS = 10;

  private final Predicate<UUID> busy;
  private final Map<UUID, Waiting> line = new LinkedHashMap<>();

  /**
   * The turn of one account.
   *
   * @param places the most expiries to take, {@value #LEAST_PLACES} or more
   * @param since where to begin: none that was found is due earlier
   */
  record Turn(UUID accountId, int places, OffsetDateTime since) {}

  /**
   * @param rested {@link System#nanoTime()} at which the account has waited long enough, busy or not
   */
  private record Waiting(OffsetDateTime since, long rested) {
    Waiting from(OffsetDateTime found) {
      return found.isBefore(since) ? new Waiting(found, rested) : this;
    }
  }

  /**
   * @param busy whether an account's deliveries pile up
   */
  ExpiryTurns(Predicate<UUID> busy) {
    this.busy = busy;
  }

  /** Adds accounts. An account that is already in line keeps its turn, and returns to expiries that another node has left. */
  void add(List<DueAccount> accounts, long now) {
    accounts.forEach(account -> line.merge(account.accountId(), new Waiting(account.since(), now),
        (waiting, found) -> waiting.from(found.since)));
  }

  int size() {
    return line.size();
  }

  boolean isEmpty() {
    return line.isEmpty();
  }

  /**
   * Takes the next accounts out of the line.
   *
   * @param batch of expiries in all their turns, {@value #LEAST_PLACES} or more
   * @return empty where all accounts wait for their deliveries
   */
  List<Turn> next(int batch, long now) {
    Map<UUID, OffsetDateTime> next = new LinkedHashMap<>();
    Iterator<Map.Entry<UUID, Waiting>> all = line.entrySet().iterator();
    while (all.hasNext() && next.size() < batch / LEAST_PLACES) {
      Map.Entry<UUID, Waiting> account = all.next();
      if (now - account.getValue().rested >= 0 || !busy.test(account.getKey())) {
        next.put(account.getKey(), account.getValue().since);
        all.remove();
      }
    }
    List<Turn> turns = new ArrayList<>(next.size());
    next.forEach((accountId, since) -> turns.add(new Turn(accountId, batch / next.size(), since)));
    return turns;
  }

  /** Puts an account back in line if it used all of its places. */
  void ended(Turn turn, List<OffsetDateTime> taken, long now) {
    if (taken.size() >= turn.places) {
      line.put(turn.accountId,
          new Waiting(Collections.max(taken), now + Duration.ofMillis(LONGEST_REST_MILLIS).toNanos()));
    }
  }

  /** Forgets all accounts. Those that still have due expiries are found again. */
  void clear() {
    line.clear();
  }
}
