package io.keyhook.stats;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What is counted behind charts: gathered in memory for the whole node, one small array an account, and written once a
 * minute, so that counting costs a validation a look-up in a map and an addition. A crash loses a minute. Any thread.
 */
public final class Counts {
  private static final int MAX_ACCOUNTS = 100_000;
  private static final int VALID = 0;
  private static final int REFUSED = 1;
  private static final int ACTIVATIONS = 2;
  private static final int SUCCEEDED = 3;
  private static final int FAILED = 4;
  private static final int TIMES = 5;

  private final Map<UUID, AtomicLongArray> accounts = new ConcurrentHashMap<>();

  /** What was counted of one account. */
  record Counted(UUID accountId, Tally tally) {}

  public void valid(UUID accountId) {
    add(accountId, VALID);
  }

  public void refused(UUID accountId) {
    add(accountId, REFUSED);
  }

  /** Beside the validation that it was. */
  public void activated(UUID accountId) {
    add(accountId, ACTIVATIONS);
  }

  /** An attempt of a delivery ended. */
  public void attempt(UUID accountId, boolean succeeded, Duration took) {
    add(accountId, succeeded ? SUCCEEDED : FAILED);
    add(accountId, TIMES + ResponseTimes.classOf(took.toMillis()));
  }

  private void add(UUID accountId, int what) {
    AtomicLongArray counts = accounts.get(accountId);
    if (counts != null) {
      counts.getAndIncrement(what);
    } else if (accounts.size() < MAX_ACCOUNTS) { // past that, some are not counted until others are idle
      counts(accountId).getAndIncrement(what);
    }
  }

  private AtomicLongArray counts(UUID accountId) {
    return accounts.computeIfAbsent(accountId, id -> new AtomicLongArray(TIMES + ResponseTimes.CLASSES));
  }

  /** What was counted and not taken yet. */
  Tally of(UUID accountId) {
    AtomicLongArray counts = accounts.get(accountId);
    return counts == null ? Tally.ZERO : tally(counts::get);
  }

  /**
   * Takes what was counted, and forgets accounts that were idle: what is counted of one at just that moment is lost, as
   * by a crash.
   */
  List<Counted> take() {
    List<Counted> all = new ArrayList<>(accounts.size());
    accounts.forEach((accountId, counts) -> {
      Tally tally = tally(i -> counts.getAndSet(i, 0));
      if (tally.isZero()) {
        accounts.remove(accountId, counts);
      } else {
        all.add(new Counted(accountId, tally));
      }
    });
    return all;
  }

  /** Counts it again, for the next time: it could not be written. */
  void putBack(List<Counted> all) {
    for (Counted counted : all) {
      AtomicLongArray counts = counts(counted.accountId);
      Tally tally = counted.tally;
      counts.addAndGet(VALID, tally.valid());
      counts.addAndGet(REFUSED, tally.refused());
      counts.addAndGet(ACTIVATIONS, tally.activations());
      counts.addAndGet(SUCCEEDED, tally.succeeded());
      counts.addAndGet(FAILED, tally.failed());
      for (int i = 0; i < ResponseTimes.CLASSES; i++) {
        counts.addAndGet(TIMES + i, tally.times()[i]);
      }
    }
  }

  private interface Reader {
    long read(int what);
  }

  private static Tally tally(Reader from) {
    long[] times = new long[ResponseTimes.CLASSES];
    for (int i = 0; i < times.length; i++) {
      times[i] = from.read(TIMES + i);
    }
    return new Tally(from.read(VALID), from.read(REFUSED), from.read(ACTIVATIONS), from.read(SUCCEEDED),
        from.read(FAILED), times);
  }
}
