package io.keyhook.attempt;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Whether the connections of a {@link Sender.Pool} may be used again. A whole response that arrives late cannot be told by
 * its bytes from the answer to the next request, so a receiver earns the reuse of its connections by being quiet, and loses
 * it with the first bytes that no request has asked for:
 * <pre>
 *              a connection was quiet for 100 ms
 *   UNPROVEN ──────────────────────────────────────> PROVEN
 *    ^    │                                            │
 *    │    │ unasked bytes                              │ unasked bytes
 *    │    v                                            │
 *    └── LOST <────────────────────────────────────────┘
 *     10 min without unasked bytes; twice as long each time, up to 1 day
 * </pre>
 * <ul>
 *   <li>UNPROVEN: a connection is used again after {@value #QUIET_MILLIS} ms without a byte, which proves the pool. A
 *       request that comes sooner gets a connection of its own, which is closed after the response. There are never more
 *       of them than attempts in flight.
 *   <li>PROVEN: connections are used again at once. One that had no quiet moment for {@value #BUSY_SECONDS} s is closed
 *       after a response, once it has been quiet.
 *   <li>LOST: each request gets a connection of its own, and the others are closed.
 * </ul>
 * What remains: a receiver that was quiet for the first {@value #QUIET_MILLIS} ms, and later sends an unasked whole
 * response just after a connection was used again. Keyhook takes it for the answer to that request, and the connection's
 * later answers for those to the requests after theirs. This ends when the connection has no request to answer, after
 * {@value #BUSY_SECONDS} s at the latest: then one response is left over, and the pool is LOST, each time for longer. It
 * never crosses accounts or URLs, because no two of them share a pool. Belongs to one event loop.
 */
final class Reuse {
  static final long QUIET_MILLIS = 100;
  static final long BUSY_SECONDS = 10;
  /** The first time. */
  static final Duration LOST_FOR = Duration.ofMinutes(10);
  static final Duration MAX_LOST_FOR = Duration.ofDays(1);
  private static final long QUIET_NANOS = Duration.ofMillis(QUIET_MILLIS).toNanos();
  private static final long BUSY_NANOS = Duration.ofSeconds(BUSY_SECONDS).toNanos();

  private enum State { UNPROVEN, PROVEN, LOST }

  private final LongSupplier nanoTime;
  private final Runnable onUnasked;
  private final Runnable onLost;
  /** Those that may be used again. */
  private final Set<ReceiverCodec> connections = new HashSet<>();
  private State state = State.UNPROVEN;
  /** When it last entered this state, or entered it again. */
  private long since;
  /** Zero: it was never lost. */
  private Duration lostFor = Duration.ZERO;

  /**
   * @param nanoTime as {@link System#nanoTime()}
   * @param onUnasked runs each time that unasked bytes arrive
   * @param onLost runs behind it where they cost the pool its reuse
   */
  Reuse(LongSupplier nanoTime, Runnable onUnasked, Runnable onLost) {
    this.nanoTime = nanoTime;
    this.onUnasked = onUnasked;
    this.onLost = onLost;
  }

  long now() {
    return nanoTime.getAsLong();
  }

  /** Whether connections are used again at once. */
  boolean isProven() {
    return state == State.PROVEN;
  }

  /** Whether a request may ask for a connection that is kept. */
  boolean isPossible() {
    if (state == State.LOST && now() - since >= lostFor.toNanos()) {
      enter(State.UNPROVEN);
    }
    return state != State.LOST;
  }

  /**
   * Whether a used connection may be used again now.
   *
   * @param quietSince when its last response ended
   */
  boolean admits(long quietSince) {
    if (state == State.UNPROVEN && isQuiet(quietSince)) {
      enter(State.PROVEN);
    }
    return state == State.PROVEN;
  }

  boolean isQuiet(long quietSince) {
    return now() - quietSince >= QUIET_NANOS;
  }

  /**
   * Whether a connection is to be closed after the response, to see whether one more comes.
   *
   * @param busySince its first use, or the first since it was quiet
   */
  boolean isBusyForLong(long busySince) {
    return now() - busySince >= BUSY_NANOS;
  }

  /** How long no unasked bytes may come until reuse can be earned again: doubles with each loss. */
  Duration lostFor() {
    return lostFor;
  }

  private Duration nextLostFor() {
    Duration doubled = lostFor.isZero() ? LOST_FOR : lostFor.multipliedBy(2);
    return doubled.compareTo(MAX_LOST_FOR) < 0 ? doubled : MAX_LOST_FOR;
  }

  /** Ends reuse because bytes came that no request has asked for, and closes the pool's connections. */
  void lose() {
    boolean known = state == State.LOST;
    enter(State.LOST);
    onUnasked.run();
    if (!known) {
      lostFor = nextLostFor();
      onLost.run();
      List.copyOf(connections).forEach(ReceiverCodec::giveUp);
    }
  }

  private void enter(State next) {
    state = next;
    since = now();
  }

  /** Whether there is one that may be used again, now or after its response. */
  boolean hasConnections() {
    return !connections.isEmpty();
  }

  void add(ReceiverCodec connection) {
    connections.add(connection);
  }

  void remove(ReceiverCodec connection) {
    connections.remove(connection);
  }
}
