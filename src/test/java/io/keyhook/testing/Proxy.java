package io.keyhook.testing;

import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands between a node and the database, and goes away when the test says so. */
public final class Proxy implements AutoCloseable {
  private final NetServer server;
  private final NetClient client;
  private final URI target;
  private final Set<NetSocket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;

  Proxy(Vertx vertx, URI target) {
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
      near.handler(far::write);
      far.handler(near::write);
      if (cut) {
        near.close();
      } else {
        near.resume();
      }
    }, e -> near.close());
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
