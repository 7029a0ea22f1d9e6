package io.keyhook.db;

import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Passes everything on to a server, and keeps what the client sent. Or answers the first message itself, and waits. */
final class RecordingRelay implements AutoCloseable {
  private final NetServer server;
  private final NetClient client;
  private final SocketAddress target;
  private final Buffer answer;
  private final List<Buffer> sent = new CopyOnWriteArrayList<>();

  private RecordingRelay(Vertx vertx, SocketAddress target, Buffer answer) {
    this.client = vertx.createNetClient();
    this.server = vertx.createNetServer().connectHandler(this::connect);
    this.target = target;
    this.answer = answer;
  }

  static RecordingRelay to(Vertx vertx, int port) {
    return listening(new RecordingRelay(vertx, SocketAddress.inetSocketAddress(port, "127.0.0.1"), null),
        SocketAddress.inetSocketAddress(0, "127.0.0.1"));
  }

  static RecordingRelay to(Vertx vertx, int port, SocketAddress near) {
    return listening(new RecordingRelay(vertx, SocketAddress.inetSocketAddress(port, "127.0.0.1"), null), near);
  }

  static RecordingRelay answering(Vertx vertx, String answer) {
    return listening(new RecordingRelay(vertx, null, Buffer.buffer(answer)), SocketAddress.inetSocketAddress(0, "127.0.0.1"));
  }

  private static RecordingRelay listening(RecordingRelay relay, SocketAddress near) {
    Waiting.on(relay.server.listen(near));
    return relay;
  }

  private void connect(NetSocket near) {
    Buffer bytes = Buffer.buffer();
    sent.add(bytes);
    if (answer != null) {
      near.handler(data -> {
        bytes.appendBuffer(data);
        near.write(answer);
      });
      return;
    }
    near.pause();
    client.connect(target).onComplete(far -> {
      near.handler(data -> {
        bytes.appendBuffer(data);
        far.write(data);
      });
      far.handler(near::write);
      near.closeHandler(closed -> far.close());
      far.closeHandler(closed -> near.close());
      near.resume();
    }, e -> near.close());
  }

  int port() {
    return server.actualPort();
  }

  /** What each client sent, in the order in which they connected. */
  List<Buffer> sent() {
    return sent;
  }

  @Override
  public void close() {
    Waiting.on(server.close());
    Waiting.on(client.close());
  }
}
