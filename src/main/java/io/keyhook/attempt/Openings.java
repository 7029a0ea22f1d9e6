package io.keyhook.attempt;

import io.keyhook.fair.Turns;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.util.Map;
import java.util.UUID;

/**
 * Decides when new connections are opened, so that a burst does not open one for each of its attempts.
 * <ul>
 *   <li>At a host, {@value #AT_FIRST} are opened at once. While more are wanted, each that is established lets one more be
 *       opened at once, so that a receiver that keeps none, or needs hundreds, gets them after a few round trips (slow start: RFC
 *       5681, 3.1). A connection that is not established after {@value #PATIENCE_MILLIS} ms no longer counts. A host whose
 *       handshakes hang delays only connections to itself.
 *   <li>Over TLS, {@value #HANDSHAKES} are begun at once, or every {@value #PACE_MILLIS} ms. That is as many as the event
 *       loop can compute, and few enough for requests on other connections to come in between.
 * </ul>
 * Accounts take turns. What waits is bounded by the attempts in flight. Belongs to one event loop.
 */
final class Openings {
  static final int AT_FIRST = 4;
  static final long PATIENCE_MILLIS = 1000;
  private static final int HANDSHAKES = 8;
  private static final long PACE_MILLIS = 10;
  private static final int MAX_HOSTS = 10_000;
  /** More than attempts can be in flight: none is refused. */
  private static final int ALL = 1 << 29;

  private final Vertx vertx;
  private final Map<Key, Host> hosts = Sender.recentlyUsed(MAX_HOSTS);
  private final Queue handshakes = new Queue(HANDSHAKES);

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

  /** Places, and who waits for them. */
  private final class Queue {
    private final Turns<UUID, Runnable> turns = new Turns<>(ALL);
    private int places;
    private int taken;
    private boolean scheduled;

    Queue(int places) {
      this.places = places;
    }

    /** Runs it with a place, now or later. */
    void take(UUID accountId, Runnable taker) {
      if (taken < places && turns.size() == 0) {
        taken++;
        taker.run();
      } else {
        turns.add(accountId, taker);
      }
    }

    void free() {
      taken--;
      advanceSoon();
    }

    /** Later: what takes a place may free it at once. */
    private void advanceSoon() {
      if (turns.size() > 0 && !scheduled) {
        scheduled = true;
        vertx.runOnContext(v -> {
          scheduled = false;
          while (taken < places && turns.size() > 0) {
            taken++;
            turns.poll().run();
          }
        });
      }
    }
  }

  /** Belongs to connections to one host. */
  final class Host {
    private final boolean tls;
    private final Queue queue = new Queue(AT_FIRST);

    private Host(boolean tls) {
      this.tls = tls;
    }

    /** Grants the line a place, now or later. */
    void ask(UUID accountId, Line line) {
      queue.take(accountId, () -> {
        if (tls) {
          handshakes.take(accountId, () -> line.granted(new Place(this)));
        } else {
          line.granted(new Place(this));
        }
      });
    }

    private void stands() {
      if (queue.turns.size() > 0) {
        queue.places++;
      }
    }

    private void free() {
      queue.free();
      if (queue.taken == 0 && queue.turns.size() == 0) {
        queue.places = AT_FIRST;
      }
    }
  }

  /** Lets one connection be opened. */
  private final class Place implements Pass {
    private final Host host;
    private final long pace;
    private final long patience;
    private boolean counts = true;
    private boolean paced;
    private boolean over;

    Place(Host host) {
      this.host = host;
      this.paced = host.tls;
      this.pace = paced ? vertx.setTimer(PACE_MILLIS, t -> endPace()) : -1;
      this.patience = vertx.setTimer(PATIENCE_MILLIS, t -> free());
    }

    @Override
    public boolean opens() {
      return true;
    }

    private void endPace() {
      if (paced) {
        paced = false;
        handshakes.free();
      }
    }

    private void free() {
      if (counts) {
        counts = false;
        host.free();
      }
    }

    @Override
    public void begun(boolean isNew) {
      if (!over && isNew) {
        host.stands();
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
        free();
      }
    }
  }
}
