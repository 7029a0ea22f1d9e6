package io.keyhook.attempt;

import io.keyhook.attempt.Openings.Host;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * The calls of a {@link Sender.Pool} that wait for a connection, first come, first served: for one of the pool's that
 * becomes idle, or for a new one, whichever comes first. {@link Openings} decides when a new one is opened. Without the
 * line, each call that finds no idle connection opens one at once (Vert.x never gives it another), so a burst opens
 * hundreds whose handshakes make each other slow.
 *
 * <p>Where connections are kept, a call asks for a new one only after it has waited in vain for as long as the last one
 * took to open. So it waits at most twice as long as with the best choice, whichever that would have been (the ski rental
 * problem: Karlin and others, "Competitive snoopy caching", 1988).
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
  /** Those behind them that have not asked for a new connection. */
  private final ArrayDeque<Patient> patient = new ArrayDeque<>();
  /** Those that need a new connection. They come before the others. */
  private final ArrayDeque<Entry> waitingForNew = new ArrayDeque<>();
  /** Kept connections without a request. */
  private int idle;
  /** Calls on their way to an idle connection. */
  private int onTheWay;
  /** Places that were asked for and have not been given. */
  private int asked;
  /** Connections that are being opened. */
  private int opening;
  /** Whether the receiver keeps connections, by its last response that said or showed it. */
  private boolean keeps;
  private boolean askingLater;
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

  private record Patient(Entry entry, long since) {}

  void enter(Entry entry) {
    for (Entry first; (first = waiting.peek()) != null && !first.isWanted(); ) {
      waiting.poll();
    }
    for (Patient first; waiting.isEmpty() && (first = patient.peek()) != null && !first.entry.isWanted(); ) {
      patient.poll();
    }
    if (isEmpty() && hasIdle()) {
      entry.go(new Idle());
    } else {
      if (waiting.size() + patient.size() >= full) {
        waiting.removeIf(known -> !known.isWanted());
        patient.removeIf(known -> !known.entry.isWanted());
        full = Math.max(FULL, 2 * (waiting.size() + patient.size()));
      }
      patient.addLast(new Patient(entry, System.nanoTime()));
      ask();
    }
  }

  /** The same, for a new connection. */
  void enterForNew(Entry entry) {
    waitingForNew.addLast(entry);
    ask();
  }

  private boolean isEmpty() {
    return waiting.isEmpty() && patient.isEmpty();
  }

  private boolean hasIdle() {
    return idle > onTheWay && reuse.isPossible();
  }

  private void ask() {
    long patience = patience();
    for (Patient first; (first = patient.peek()) != null
        && (System.nanoTime() - first.since >= patience || hasNone()); ) {
      waiting.addLast(patient.poll().entry);
    }
    while (asked < waiting.size() + waitingForNew.size()) {
      asked++;
      host.ask(accountId, this);
    }
    if (!patient.isEmpty() && !askingLater) {
      askingLater = true;
      long left = patient.peek().since + patience - System.nanoTime();
      vertx.setTimer(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)), t -> {
        askingLater = false;
        ask();
      });
    }
    awaitQuiet();
  }

  /** For how many nanoseconds a call waits for a connection that there is. */
  private long patience() {
    return keeps && reuse.isPossible() ? host.openingNanos() : 0;
  }

  /** Whether there is no connection to wait for. */
  private boolean hasNone() {
    return waiting.isEmpty() && asked + opening == 0 && !reuse.hasConnections();
  }

  /** A place was asked for, and is given. */
  void granted(Pass place) {
    asked--;
    Entry entry = next(waitingForNew);
    if (entry == null) {
      entry = next();
    }
    if (entry == null) {
      place.ended();
    } else {
      entry.go(new Opening(place));
    }
  }

  private Entry next() {
    Entry entry = next(waiting);
    while (entry == null && !patient.isEmpty()) {
      Entry first = patient.poll().entry;
      entry = first.isWanted() ? first : null;
    }
    return entry;
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
    keeps = true;
    idle++;
    advanceSoon();
  }

  /** One that was idle is used, or closed. */
  void removed() {
    idle--;
  }

  /** A response ends its connection. */
  void ends() {
    keeps = false;
    askSoon();
  }

  /** One was closed. */
  void closed() {
    askSoon();
  }

  /** Later, because a call may fail at once. */
  private void askSoon() {
    if (!patient.isEmpty()) {
      vertx.runOnContext(v -> ask());
    }
  }

  /** Later, when Vert.x knows of the connection, too. */
  private void advanceSoon() {
    if (!isEmpty() && reuse.isProven() && !scheduled) {
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
    Entry entry = next();
    if (entry == null) {
      return false;
    }
    entry.go(new Idle());
    return true;
  }

  /** The first call that finds a connection quiet proves the pool. */
  private void awaitQuiet() {
    if (!isEmpty() && !reuse.isProven() && !timed) {
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

  /** Leads to a new connection. */
  private final class Opening implements Pass {
    private final Pass place;
    private final long since = System.nanoTime();
    private boolean over;

    Opening(Pass place) {
      this.place = place;
      opening++;
    }

    @Override
    public boolean opens() {
      return true;
    }

    @Override
    public void begun(boolean isNew) {
      if (end() && isNew) {
        host.opened(System.nanoTime() - since);
      }
      place.begun(isNew);
    }

    @Override
    public void ended() {
      place.ended();
      if (end()) {
        askSoon();
      }
    }

    private boolean end() {
      boolean ends = !over;
      over = true;
      opening -= ends ? 1 : 0;
      return ends;
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
