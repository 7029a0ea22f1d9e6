package io.keyhook.attempt;

import io.keyhook.fair.FairShare;
import io.keyhook.fair.Turns;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Decides when new connections are opened, so that a burst does not open one for each of its attempts.
 * <ul>
 *   <li>At a host, {@value #AT_FIRST} are opened at once. While more are wanted, each that is established lets one more be
 *       opened at once, so that a receiver that keeps none, or needs hundreds, gets them after a few round trips (slow start: RFC
 *       5681, 3.1). A connection that is not established after {@value #PATIENCE_MILLIS} ms no longer counts, up to the limit
 *       below. A host whose handshakes hang delays only connections to itself.
 *   <li>Over TLS, {@value #HANDSHAKES} are begun at once, or every {@value #PACE_MILLIS} ms, because the workers that compute
 *       handshakes know no accounts.
 *   <li>A connection that does not come about is a socket all the same, until its connect times out: of these, a host has
 *       {@value #MAX_HUNG} more than it may open at once, and all hosts have {@value #MAX_UNESTABLISHED}, which accounts share
 *       fairly.
 * </ul>
 * Accounts take turns. What waits is bounded by the attempts in flight. Belongs to one event loop.
 */
final class Openings {
  static final int AT_FIRST = 4;
  static final long PATIENCE_MILLIS = 1000;
  /** Connections to one host that are not established and no longer count. */
  static final int MAX_HUNG = 8;
  /** Connections to all hosts that are not established, with those that no longer count. An account alone gets half. */
  static final int MAX_UNESTABLISHED = 1024;
  private static final int HANDSHAKES = 2;
  private static final long PACE_MILLIS = 10;
  private static final int MAX_HOSTS = 10_000;
  /** More than attempts can be in flight: none is refused. */
  private static final int ALL = 1 << 29;

  private final Vertx vertx;
  private final Map<Key, Host> hosts = Sender.recentlyUsed(MAX_HOSTS);
  private final Places handshakes = new Places(HANDSHAKES);
  private final Unestablished unestablished = new Unestablished();

  /**
   * What connections are made to. The address is part of it, so that one that hangs does not delay the next (RFC 8305),
   * and so is the name, because behind one address a handshake can depend on it.
   */
  record Key(String name, int port, boolean tls, InetAddress address) {}

  Openings(Vertx vertx) {
    this.vertx = vertx;
  }

  Host host(Key key) {
    return hosts.computeIfAbsent(key, k -> new Host(k.tls));
  }

  /** Where accounts wait for a place, and take turns. */
  private abstract class Queue {
    private final Turns<UUID, Runnable> turns = new Turns<>(ALL);
    private boolean scheduled;

    /** Returns false if the account gets none now. */
    abstract boolean tryAcquire(UUID accountId);

    abstract void release(UUID accountId);

    /** Runs it with a place, now or later. */
    final void take(UUID accountId, Runnable taker) {
      if (!turns.isWaiting(accountId) && tryAcquire(accountId)) {
        taker.run();
      } else {
        turns.add(accountId, taker);
      }
    }

    /** What waits is run later, because what takes a place may free it at once. */
    final void free(UUID accountId) {
      release(accountId);
      if (isWanted() && !scheduled) {
        scheduled = true;
        vertx.runOnContext(v -> {
          scheduled = false;
          for (Runnable next; (next = turns.poll(this::tryAcquire)) != null; ) {
            next.run();
          }
        });
      }
    }

    final boolean isWanted() {
      return turns.size() > 0;
    }
  }

  /** Places that an account may have all of. */
  private final class Places extends Queue {
    private final int atFirst;
    private int places;
    private int taken;

    Places(int places) {
      this.atFirst = places;
      this.places = places;
    }

    @Override
    boolean tryAcquire(UUID accountId) {
      boolean isFree = taken < places;
      taken += isFree ? 1 : 0;
      return isFree;
    }

    @Override
    void release(UUID accountId) {
      taken--;
      if (taken == 0 && !isWanted()) {
        places = atFirst;
      }
    }

    /** Adds one if somebody waits. */
    void grow() {
      places += isWanted() ? 1 : 0;
    }
  }

  /** Sockets that are no connections yet. */
  private final class Unestablished extends Queue {
    private final FairShare<UUID> share = new FairShare<>(MAX_UNESTABLISHED, 1);

    @Override
    boolean tryAcquire(UUID accountId) {
      return share.tryAcquire(accountId);
    }

    @Override
    void release(UUID accountId) {
      share.release(accountId, 1);
    }
  }

  /** Belongs to connections to one host. */
  final class Host {
    private final boolean tls;
    private final Places places = new Places(AT_FIRST);
    private int hung;
    private long openingNanos;

    private Host(boolean tls) {
      this.tls = tls;
    }

    /** A connection was opened in so many nanoseconds. */
    void opened(long nanos) {
      openingNanos = Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS));
    }

    /** How many nanoseconds the last connection took to open, up to {@value #PATIENCE_MILLIS} ms. Zero: none was opened. */
    long openingNanos() {
      return openingNanos;
    }

    /** Grants the line a place, now or later. */
    void ask(UUID accountId, Line line) {
      places.take(accountId, () -> unestablished.take(accountId, () -> {
        if (tls) {
          handshakes.take(accountId, () -> line.granted(new Place(this, accountId)));
        } else {
          line.granted(new Place(this, accountId));
        }
      }));
    }
  }

  /** Lets one connection be opened. */
  private final class Place implements Pass {
    private final Host host;
    private final UUID accountId;
    private final long pace;
    private final long patience;
    private boolean counts = true;
    private boolean hangs;
    private boolean paced;
    private boolean over;

    Place(Host host, UUID accountId) {
      this.host = host;
      this.accountId = accountId;
      this.paced = host.tls;
      this.pace = paced ? vertx.setTimer(PACE_MILLIS, t -> endPace()) : -1;
      this.patience = vertx.setTimer(PATIENCE_MILLIS, t -> hang());
    }

    @Override
    public boolean opens() {
      return true;
    }

    private void endPace() {
      if (paced) {
        paced = false;
        handshakes.free(accountId);
      }
    }

    private void hang() {
      if (counts && host.hung < MAX_HUNG) {
        host.hung++;
        hangs = true;
        free();
      }
    }

    private void free() {
      if (counts) {
        counts = false;
        host.places.free(accountId);
      }
    }

    @Override
    public void begun(boolean isNew) {
      if (!over && isNew) {
        host.places.grow();
      }
      end();
    }

    @Override
    public void ended() {
      end();
    }

    private void end() {
      if (!over) {
        over = true;
        vertx.cancelTimer(pace);
        vertx.cancelTimer(patience);
        endPace();
        unestablished.free(accountId);
        if (hangs) {
          host.hung--;
        }
        free();
      }
    }
  }
}
