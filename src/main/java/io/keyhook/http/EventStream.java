package io.keyhook.http;

import io.keyhook.bus.JsonText;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

/**
 * A response of server-sent events (WHATWG HTML, 9.2). A client that does not read is disconnected when there is
 * more to send: nothing is buffered for it. Its connection closes when it has read the rest, or after
 * {@link Connections.Limits#unread}. On the request's event loop.
 */
final class EventStream {
  private final RoutingContext context;
  private final HttpServerResponse response;
  private final Runnable closed;
  private boolean over;

  private EventStream(RoutingContext context, Runnable closed) {
    this.context = context;
    this.response = context.response();
    this.closed = closed;
  }

  /**
   * Starts the response.
   *
   * @param closed called once when the stream ends, whichever side ends it
   */
  static EventStream begin(RoutingContext context, Runnable closed) {
    EventStream stream = new EventStream(context, closed);
    context.addEndHandler(done -> stream.finish());
    head(stream.response).setChunked(true);
    stream.comment();
    return stream;
  }

  /** Sets the status and headers of every such response. */
  static HttpServerResponse head(HttpServerResponse response) {
    return SecurityHeaders.on(response).setStatusCode(200)
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
        .putHeader("X-Accel-Buffering", "no"); // or a proxy keeps it until there is much of it
  }

  /** Sends a comment, which shows the client that the stream is alive. */
  void comment() {
    write(":\n\n");
  }

  void event(String name, Object data) {
    write("event: " + name + "\ndata: " + JsonText.of(data) + "\n\n"); // compact JSON is one line
  }

  private void write(String text) {
    if (isOver()) {
      return;
    }
    if (response.writeQueueFull()) {
      finish();
      Connections.cut(context.request());
    } else {
      response.write(text);
    }
  }

  private boolean isOver() {
    return over || response.ended() || response.closed();
  }

  private void finish() {
    if (!over) {
      over = true;
      closed.run();
    }
  }

  void end() {
    if (!isOver()) {
      response.end();
    }
  }
}
