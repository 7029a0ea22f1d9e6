package io.keyhook.http;

import io.keyhook.bus.JsonText;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;

/**
 * An answer of server-sent events (WHATWG HTML, 9.2). Who does not read what was sent is cut off when there is more to
 * send: nothing is kept for them. On the request's event loop.
 */
final class EventStream {
  private final RoutingContext context;
  private final HttpServerResponse response;

  private EventStream(RoutingContext context) {
    this.context = context;
    this.response = context.response();
  }

  /**
   * Begins the answer.
   *
   * @param closed called once, when it is over, whoever ends it
   */
  static EventStream begin(RoutingContext context, Runnable closed) {
    EventStream stream = new EventStream(context);
    context.addEndHandler(done -> closed.run());
    SecurityHeaders.on(stream.response).setStatusCode(200).setChunked(true)
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
        .putHeader("X-Accel-Buffering", "no"); // or a proxy keeps it until there is much of it
    stream.comment();
    return stream;
  }

  /** Says that it is still there. */
  void comment() {
    write(":\n\n");
  }

  void event(String name, Object data) {
    write("event: " + name + "\ndata: " + JsonText.of(data) + "\n\n"); // compact JSON is one line
  }

  private void write(String text) {
    if (response.ended() || response.closed()) {
      return;
    }
    if (response.writeQueueFull()) {
      cutOff(context.request().connection());
    } else {
      response.write(text);
    }
  }

  /** Closing would first wait until all is read that was written. */
  private static void cutOff(HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
      base.channelHandlerContext().close();
    } else {
      connection.close();
    }
  }

  void end() {
    if (!response.ended() && !response.closed()) {
      response.end();
    }
  }
}
