package io.keyhook.attempt;

// Vert.x cannot cancel a connection that is being made, and only the event loop shows the socket of one.
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.VertxWrapper;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * The Vert.x of a {@link Sender}'s clients, which shows a call the socket that is opened for it, so that the call can close it before
 * it is a connection. Otherwise a socket whose attempt is over would stay until its connect and its handshake time out, and keep
 * its {@link Pass} from others. A connection that Vert.x opens later than it is asked for, as it does while it loads what a client
 * trusts, is not shown: it is given up by these timeouts. Belongs to one event loop.
 */
final class Sockets extends VertxWrapper {
  private final EventLoop loop;
  /** It asks for a connection now; null: none does. */
  private Call asking;

  /** Belongs to the event loop of the caller. */
  Sockets(Vertx vertx) {
    super((VertxInternal) vertx);
    EventLoop real = delegate.getOrCreateContext().nettyEventLoop();
    loop = (EventLoop) Proxy.newProxyInstance(EventLoop.class.getClassLoader(), new Class<?>[] {EventLoop.class},
        (proxy, method, arguments) -> invoke(real, method, arguments));
  }

  /** Runs it for a call that asks for a connection. */
  void open(Call call, Runnable ask) {
    asking = call;
    try {
      ask.run();
    } finally {
      asking = null;
    }
  }

  private Object invoke(EventLoop real, Method method, Object[] arguments) throws Throwable {
    if (asking != null && method.getName().equals("register") && arguments[0] instanceof Channel socket) {
      asking.opens(socket);
      asking = null;
    }
    try {
      return method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Of the connections that clients open. */
  @Override
  public ContextInternal createEventLoopContext() {
    return delegate.contextBuilder().withEventLoop(loop).build();
  }
}
