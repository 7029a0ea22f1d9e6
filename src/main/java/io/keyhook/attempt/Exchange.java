package io.keyhook.attempt;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/**
 * One attempt on the wire: it ends when the response has ended, has grown past {@value #MAX_BODY} bytes, or time is up,
 * whatever the exchange is waiting for then; and its connection is closed unless the response was read to its end.
 * Belongs to one event loop.
 */
final class Exchange {
  /** Where a response is cut off; that changes nothing for the attempt. */
  private static final int MAX_BODY = 64 * 1024;
  /** With heads, interim responses and what surrounds chunks. */
  private static final int MAX_RECEIVED = 4 * MAX_BODY;
  private static final int KEPT_BODY = 4 * 1024;

  private final Vertx vertx;
  private final Instant startedAt = Instant.now();
  private final long startedNanos = System.nanoTime();
  private final long timer;
  private final Promise<Attempt> result = Promise.promise();
  private final Buffer kept = Buffer.buffer();
  private HttpClientRequest request;
  private Inbound inbound;
  private boolean over;
  private Integer statusCode;
  private Duration retryAfter = Duration.ZERO;
  private int received;
  private int bodyReceived;

  Exchange(Vertx vertx, Duration timeout) {
    this.vertx = vertx;
    this.timer = vertx.setTimer(Math.max(1, timeout.toMillis()), t -> end(AttemptError.TIMEOUT));
  }

  /** Never fails. */
  Future<Attempt> attempt() {
    return result.future();
  }

  boolean isOver() {
    return over;
  }

  /**
   * @param request on the connection that it is to use
   * @param broken takes what the connection fails with
   */
  void send(HttpClientRequest request, Buffer body, Handler<Throwable> broken) {
    this.request = request;
    if (over) {
      request.reset();
      return;
    }
    inbound = Inbound.of(request.connection());
    inbound.isFor(this);
    request.response().onComplete(response -> answered(response, broken), broken::handle);
    request.end(body);
  }

  private void answered(HttpClientResponse response, Handler<Throwable> broken) {
    statusCode = response.statusCode();
    if (statusCode == 429 || statusCode == 503) {
      retryAfter = RetryAfter.of(response.getHeader(HttpHeaders.RETRY_AFTER), Instant.now());
    }
    response.handler(this::keep).exceptionHandler(broken).endHandler(end -> {
      finish(null);
      if (leavesRest(response)) {
        request.connection().close();
      }
    });
  }

  /** Whether a body was announced where HTTP has none: it may come, and is not the beginning of the next response. */
  private boolean leavesRest(HttpClientResponse response) {
    if (statusCode != 204 && statusCode != 304) {
      return false;
    }
    String length = response.getHeader(HttpHeaders.CONTENT_LENGTH);
    return length != null && !length.equals("0") || response.headers().contains(HttpHeaders.TRANSFER_ENCODING);
  }

  /** Nothing came of it, but for a reason that the connection had before. */
  boolean mayStartAgain(Throwable e) {
    boolean reused = request == null ? e instanceof HttpClosedException : request.streamId() > 1;
    return !over && reused && received == 0 && AttemptError.of(e) == AttemptError.CONNECTION_RESET;
  }

  /** What goes wrong before the response has ended. */
  void fail(Throwable e) {
    finish(AttemptError.of(e));
  }

  /** Counts all that comes, and whether that is still wanted. */
  boolean takes(int bytes) {
    received += bytes;
    if (received > MAX_RECEIVED) {
      end(statusCode == null ? AttemptError.PROTOCOL_ERROR : null);
    }
    return !over;
  }

  private void keep(Buffer data) {
    if (kept.length() < KEPT_BODY) {
      kept.appendBuffer(data, 0, Math.min(data.length(), KEPT_BODY - kept.length()));
    }
    bodyReceived += data.length();
    if (bodyReceived > MAX_BODY) {
      end(null);
    }
  }

  /** Without waiting for more. */
  private void end(AttemptError error) {
    finish(error);
    if (request != null) {
      request.reset();
    }
  }

  private void finish(AttemptError error) {
    if (!over) {
      over = true;
      vertx.cancelTimer(timer);
      if (inbound != null) {
        inbound.isFor(null);
      }
      long now = System.nanoTime();
      result.complete(new Attempt(startedAt, Duration.ofNanos(now - startedNanos), now, statusCode, error,
          statusCode == null ? null : text(), retryAfter));
    }
  }

  private String text() {
    // what is not UTF-8 is replaced, and NUL is no text for PostgreSQL
    return new String(kept.getBytes(), StandardCharsets.UTF_8).replace('\0', '\uFFFD');
  }
}
