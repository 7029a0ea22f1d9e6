package io.keyhook.attempt;

import io.keyhook.attempt.Openings.Host;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.UUID;

/**
 * The calls of a {@link Sender.Pool} that wait for a connection, first come, first served: for one of the pool's that
 * becomes idle, or for a new one, whichever comes first. {@link Openings} decides when a new one is opened. Without the
 * line, each call that finds no idle connection opens one at once (Vert.x never gives it another), so a burst opens
 * hundreds whose handshakes make each other slow.
 *
 * <p>A call waits no longer than its attempt, and those whose attempt is over are dropped. Belongs to one event loop.
 */
final class Line {
  private static final int FULL = 64;

  private final Vertx vertx;
  private final Reuse reuse;
  private final Host host;
  private final UUID accountId;
  private final ArrayDeque<Entry> waiting = new ArrayDeque<>();
  /** Those that need a new connection. They come before the others. */
  private final ArrayDeque<Entry> waitingForNew = new ArrayDeque<>();
  /** Kept connections without a request. */
  private int idle;
  /** Calls on their way to an idle connection. */
  private int onTheWay;
  /** Places that were asked for and have not been given. */
  private int asked;
  private boolean timed;
  private boolean scheduled;
  /** At this many that wait, those whose attempt is over are dropped. */
  private int full = FULL;

  /**
   * @param reuse whether idle connections may be used
   */
  Line(Vertx vertx, Reuse reuse, Host host, UUID accountId) {
    this.vertx = vertx;
    this.reuse = reuse;
    this.host = host;
    this.accountId = accountId;
  }

  /** A call that needs a connection. */
  interface Entry {
    /** Whether the attempt still goes on, and sends no other call. */
    boolean isWanted();

    /** Asks for a connection, and reports to the pass whether the call begins. */
    void go(Pass pass);
  }

  void enter(Entry entry) {
    for (Entry first; (first = waiting.peek()) != null && !first.isWanted(); ) {
      waiting.poll();
    }
    if (waiting.isEmpty() && hasIdle()) {
      entry.go(new Idle());
    } else {
      if (waiting.size() >= full) {
        waiting.removeIf(known -> !known.isWanted());
        full = Math.max(FULL, 2 * waiting.size());
      }
      waiting.addLast(entry);
      ask();
    }
  }

  /** The same, for a new connection. */
  void enterForNew(Entry entry) {
    waitingForNew.addLast(entry);
    ask();
  }

  private boolean hasIdle() {
    return idle > onTheWay && reuse.isPossible();
  }

  private void ask() {
    while (asked < waiting.size() + waitingForNew.size()) {
      asked++;
      host.ask(accountId, this);
    }
    awaitQuiet();
  }

  /** A place was asked for, and is given. */
  void granted(Pass place) {
    asked--;
    Entry entry = next(waitingForNew);
    if (entry == null) {
      entry = next(waiting);
    }
    if (entry == null) {
      place.ended();
    } else {
      entry.go(place);
    }
  }

  private static Entry next(ArrayDeque<Entry> entries) {
    Entry entry = entries.poll();
    while (entry != null && !entry.isWanted()) {
      entry = entries.poll();
    }
    return entry;
  }

  /** A kept connection has become idle. */
  void added() {
    idle++;
    advanceSoon();
  }

  /** One that was idle is used, or closed. */
  void removed() {
    idle--;
  }

  /** Later, when Vert.x knows of the connection, too. */
  private void advanceSoon() {
    if (!waiting.isEmpty() && reuse.isProven() && !scheduled) {
      scheduled = true;
      vertx.runOnContext(v -> {
        scheduled = false;
        while (hasIdle() && reuse.isProven() && sendNext()) {
          continue;
        }
      });
    }
  }

  private boolean sendNext() {
    Entry entry = next(waiting);
    if (entry == null) {
      return false;
    }
    entry.go(new Idle());
    return true;
  }

  /** The first call that finds a connection quiet proves the pool. */
  private void awaitQuiet() {
    if (!waiting.isEmpty() && !reuse.isProven() && !timed) {
      timed = true;
      vertx.setTimer(Reuse.QUIET_MILLIS, t -> {
        timed = false;
        if (reuse.isProven()) {
          advanceSoon();
        } else if (hasIdle()) {
          sendNext();
        }
        awaitQuiet();
      });
    }
  }

  /** Leads to an idle connection. */
  private final class Idle implements Pass {
    private boolean over;

    Idle() {
      onTheWay++;
    }

    @Override
    public boolean opens() {
      return false;
    }

    @Override
    public void begun(boolean isNew) {
      ended();
    }

    @Override
    public void ended() {
      if (!over) {
        over = true;
        onTheWay--;
        advanceSoon();
      }
    }
  }
}
