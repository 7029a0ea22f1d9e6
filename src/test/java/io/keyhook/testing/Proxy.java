package io.keyhook.testing;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands between a node and the database, and goes away or slows down when the test says so. */
public final class Proxy implements AutoCloseable {
  private final Vertx vertx;
  private final NetServer server;
  private final NetClient client;
  private final URI target;
  private final Set<NetSocket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;
  private volatile Duration delay = Duration.ZERO;

  Proxy(Vertx vertx, URI target) {
    this.vertx = vertx;
    this.target = target;
    this.client = vertx.createNetClient();
    this.server = vertx.createNetServer().connectHandler(this::connect);
    Waiting.on(server.listen(0, "127.0.0.1"));
  }

  private void connect(NetSocket near) {
    if (cut) {
      near.close();
      return;
    }
    near.pause();
    sockets.add(near);
    client.connect(target.getPort(), target.getHost()).onComplete(far -> {
      sockets.add(far);
      near.closeHandler(closed -> far.close());
      far.closeHandler(closed -> near.close());
      forward(near, far);
      forward(far, near);
      if (cut) {
        near.close();
      } else {
        near.resume();
      }
    }, e -> near.close());
  }

  /** In order, whether or not the delay changes meanwhile. */
  private void forward(NetSocket from, NetSocket to) {
    ArrayDeque<Buffer> late = new ArrayDeque<>();
    from.handler(data -> {
      late.add(data);
      Future<Void> wait = delay.isZero() ? Future.succeededFuture() : vertx.timer(delay.toMillis());
      wait.onSuccess(over -> to.write(late.poll()));
    });
  }

  /** From now on whatever passes takes so much longer, each way. */
  public void delay(Duration delay) {
    this.delay = delay;
  }

  /** The database's address, by way of this proxy. */
  URI before(URI database) {
    return URI.create(database.toString().replace(":" + target.getPort() + "/", ":" + server.actualPort() + "/"));
  }

  /** Cuts every connection and refuses new ones. */
  public void cut() {
    cut = true;
    sockets.forEach(NetSocket::close);
    sockets.clear();
  }

  public void open() {
    cut = false;
  }

  @Override
  public void close() {
    Waiting.on(server.close());
    Waiting.on(client.close());
  }
}
