package io.keyhook.attempt;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.client.HttpRequest;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
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
  private final Sockets sockets;
  private final Exchange exchange;
  private final Sender.Route route;
  private final List<InetAddress> addresses;
  private final Message message;
  private int next;
  private int connecting;
  /** Those that wait for a connection, or have one. */
  private final List<Call> calls = new ArrayList<>(1);
  private long timer = -1;
  private AttemptError failure;

  /**
   * @param addresses one or more, in the order in which they are tried; the one that worked last comes before
   */
  Calls(Vertx vertx, Sockets sockets, Exchange exchange, Sender.Route route, List<InetAddress> addresses, Message message) {
    this.vertx = vertx;
    this.sockets = sockets;
    this.exchange = exchange;
    this.route = route;
    this.addresses = inOrder(addresses, route);
    this.message = message;
  }

  /** Of more than are tried, the next attempt tries the ones that come after those of this one. */
  private static List<InetAddress> inOrder(List<InetAddress> addresses, Sender.Route route) {
    if (addresses.size() == 1) {
      return addresses;
    }
    List<InetAddress> ordered = new ArrayList<>(addresses);
    int others = ordered.remove(route.working()) ? MAX_ADDRESSES - 1 : MAX_ADDRESSES;
    if (ordered.size() > others) {
      Collections.rotate(ordered, -route.skip(others) % ordered.size());
    }
    if (others < MAX_ADDRESSES) {
      ordered.add(0, route.working());
    }
    return ordered.subList(0, Math.min(ordered.size(), MAX_ADDRESSES));
  }

  void start() {
    if (!exchange.wantsNoCall()) {
      exchange.attempt().onComplete(over -> List.copyOf(calls).forEach(Call::abandon));
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
    pool.line().enter(new Entry(pool));
  }

  /** A call to one of the addresses. */
  private final class Entry implements Line.Entry {
    private final Sender.Pool pool;
    /** Needs a new connection. */
    private boolean fresh;
    /** Has started again, which it does once. */
    private boolean again;

    Entry(Sender.Pool pool) {
      this.pool = pool;
    }

    @Override
    public boolean isWanted() {
      return !exchange.wantsNoCall();
    }

    @Override
    public void go(Pass pass) {
      Call call = new Call(exchange, pool, pass);
      calls.add(call);
      sockets.open(call, () -> request().as(call).sendBuffer(message.body()).onComplete(
          done -> {
            calls.remove(call);
            works();
            exchange.succeed();
          },
          e -> {
            calls.remove(call);
            if (e == Call.TOO_SOON) {
              tooSoon(pass);
            } else {
              pass.ended();
              connecting--;
              failed(call, e);
            }
          }));
    }

    private HttpRequest<Buffer> request() {
      HttpRequest<Buffer> request = fresh ? pool.requestAfresh() : pool.request();
      if (message.hasContentType()) {
        request.headers().remove(HttpHeaders.CONTENT_TYPE);
      }
      return request.putHeaders(message.headers());
    }

    private void tooSoon(Pass pass) {
      fresh = true;
      if (pass.opens()) {
        go(pass);
      } else {
        pass.ended();
        pool.line().enterForNew(this);
      }
    }

    private void failed(Call call, Throwable e) {
      if (call.hasBegun()) {
        works();
      } else if (exchange.wantsNoCall()) {
        return;
      }
      if (!again && call.mayStartAgain(e)) {
        exchange.takeBack(call);
        fresh = true;
        again = true;
        connecting++;
        pool.line().enterForNew(this);
      } else if (again || call.hasBegun()) {
        exchange.fail(AttemptError.of(e));
      } else {
        notConnected(route.whyNotConnected(e));
      }
    }

    private void works() {
      vertx.cancelTimer(timer);
      route.works(pool.address());
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
}
