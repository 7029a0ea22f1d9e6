package io.keyhook.attempt;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.client.HttpRequest;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The calls of one attempt. They connect to one address after another, the next when one has failed or has not connected
 * for a while (RFC 8305, "Happy Eyeballs"). The first that has a connection is sent, and only that one: the others
 * connect for the pool, or fail. Belongs to one event loop.
 */
final class Calls {
  private static final int MAX_ADDRESSES = 8;
  /** Until the next address is tried as well (RFC 8305, 5). */
  private static final long DELAY_MILLIS = 250;
  /** The same with a handshake on top: one that is only far away is not to be called twice. */
  private static final long TLS_DELAY_MILLIS = 750;

  private final Vertx vertx;
  private final Exchange exchange;
  private final Sender.Route route;
  private final List<InetAddress> addresses;
  private final Message message;
  private int next;
  private int connecting;
  private long timer = -1;
  private AttemptError failure;

  /**
   * @param addresses one or more, in the order in which they are tried; the one that worked last comes before
   */
  Calls(Vertx vertx, Exchange exchange, Sender.Route route, List<InetAddress> addresses, Message message) {
    this.vertx = vertx;
    this.exchange = exchange;
    this.route = route;
    this.addresses = inOrder(addresses, route.working());
    this.message = message;
  }

  private static List<InetAddress> inOrder(List<InetAddress> addresses, InetAddress working) {
    if (addresses.size() == 1) {
      return addresses;
    }
    List<InetAddress> ordered = new ArrayList<>(addresses);
    if (ordered.remove(working)) {
      ordered.add(0, working);
    }
    return ordered.subList(0, Math.min(ordered.size(), MAX_ADDRESSES));
  }

  void start() {
    if (!exchange.wantsNoCall()) {
      tryNext();
    }
  }

  private void tryNext() {
    InetAddress address = addresses.get(next++);
    if (next < addresses.size()) {
      timer = vertx.setTimer(route.isTls() ? TLS_DELAY_MILLIS : DELAY_MILLIS, t -> {
        if (!exchange.wantsNoCall()) {
          tryNext();
        }
      });
    }
    connecting++;
    Sender.Pool pool = route.pool(address);
    pool.line().enter(new First(pool));
  }

  /** A call to one of the addresses. */
  private final class First implements Line.Entry {
    private final Sender.Pool pool;
    private boolean tooSoon;

    First(Sender.Pool pool) {
      this.pool = pool;
    }

    @Override
    public boolean isWanted() {
      return !exchange.wantsNoCall();
    }

    @Override
    public void go(Pass pass) {
      Call call = new Call(exchange, pool, pass);
      send(tooSoon ? pool.requestAfresh() : pool.request(), call).onComplete(
          done -> succeeded(pool),
          e -> {
            if (e == Call.TOO_SOON) {
              tooSoon(pass);
            } else {
              pass.ended();
              connecting--;
              failed(call, pool, e);
            }
          });
    }

    private void tooSoon(Pass pass) {
      tooSoon = true;
      if (pass.opens()) {
        go(pass);
      } else {
        pass.ended();
        pool.line().enterForNew(this);
      }
    }
  }

  private Future<?> send(HttpRequest<Buffer> request, Call call) {
    return request.putHeaders(message.headers()).as(call).sendBuffer(message.body());
  }

  private void succeeded(Sender.Pool pool) {
    vertx.cancelTimer(timer);
    route.works(pool.address());
    exchange.succeed();
  }

  private void failed(Call call, Sender.Pool pool, Throwable e) {
    if (call.hasBegun()) {
      vertx.cancelTimer(timer);
      route.works(pool.address());
    } else if (exchange.wantsNoCall()) {
      return;
    }
    if (call.mayStartAgain(e)) {
      exchange.takeBack(call);
      connecting++;
      pool.line().enterForNew(new Again(pool));
    } else if (call.hasBegun()) {
      exchange.fail(AttemptError.of(e));
    } else {
      notConnected(AttemptError.of(e));
    }
  }

  private void notConnected(AttemptError error) {
    if (failure == null || failure == AttemptError.NO_ROUTE) { // the network's, and tells least of the receiver
      failure = error;
    }
    if (next < addresses.size()) {
      vertx.cancelTimer(timer);
      tryNext();
    } else if (connecting == 0) {
      exchange.fail(failure);
    }
  }

  /** A call that starts again: once, on a new connection, and in the time that is left. */
  private final class Again implements Line.Entry {
    private final Sender.Pool pool;

    Again(Sender.Pool pool) {
      this.pool = pool;
    }

    @Override
    public boolean isWanted() {
      return !exchange.wantsNoCall();
    }

    @Override
    public void go(Pass pass) {
      Call call = new Call(exchange, pool, pass);
      send(pool.requestAfresh(), call).onComplete(
          done -> exchange.succeed(),
          e -> {
            pass.ended();
            connecting--;
            if (call.hasBegun() || !exchange.wantsNoCall()) {
              exchange.fail(AttemptError.of(e));
            }
          });
    }
  }
}
