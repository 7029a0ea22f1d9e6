package io.keyhook.http;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a file piece by piece. Makes a piece when the previous one has been sent, so that only one is in memory. An error in the
 * middle closes the connection, so that half a file is not mistaken for a whole one.
 */
final class StreamedFile {
  private static final Logger log = LoggerFactory.getLogger(StreamedFile.class);
  /** How long a client may take to read a piece. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final RoutingContext context;
  private final HttpServerResponse response;
  private final Promise<Void> over = Promise.promise();

  /**
   * A piece of a file.
   *
   * @param next makes the next piece; null: this is the last
   */
  record Piece(Buffer bytes, Supplier<Future<Piece>> next) {}

  private StreamedFile(RoutingContext context) {
    this.context = context;
    this.response = context.response();
  }

  /**
   * Sends a file under this name. Completes when it has ended. Fails only before the response has started.
   *
   * @param first makes the first piece
   */
  static Future<Void> send(RoutingContext context, String type, String name, Supplier<Future<Piece>> first) {
    StreamedFile file = new StreamedFile(context);
    context.addEndHandler(ended -> file.over.tryComplete());
    return first.get().compose(piece -> {
      file.begin(type, name, piece);
      return file.over.future();
    });
  }

  private void begin(String type, String name, Piece piece) {
    SecurityHeaders.on(response).setStatusCode(200)
        .putHeader(HttpHeaders.CONTENT_TYPE, type)
        .putHeader("Content-Disposition", "attachment; filename=\"" + name + "\"");
    if (context.request().method() == HttpMethod.HEAD) {
      response.end();
      return;
    }
    response.setChunked(true);
    write(piece);
  }

  private void write(Piece piece) {
    response.write(piece.bytes).timeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).onComplete(written -> {
      if (piece.next == null) {
        response.end();
        return;
      }
      piece.next.get().onComplete(this::write, this::breakOff);
    }, this::breakOff);
  }

  private void breakOff(Throwable e) {
    log.debug("Sending a file failed: {}", e.getMessage());
    Connections.cut(context.request());
    over.tryComplete();
  }
}
