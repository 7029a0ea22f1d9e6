package io.keyhook.delivery;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.streams.WriteStream;
import io.vertx.ext.web.codec.BodyCodec;
import io.vertx.ext.web.codec.spi.BodyStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeoutException;

/**
 * One attempt on the wire: it ends when the response has ended, has grown past {@value #MAX_BODY} bytes, or time is up,
 * whatever the exchange is waiting for then; and its connection is closed unless the response was read to its end.
 * Belongs to one event loop.
 */
final class Exchange implements BodyCodec<Void>, BodyStream<Void> {
  /** Where a response is cut off; that changes nothing for the attempt. */
  private static final int MAX_BODY = 64 * 1024;
  private static final int KEPT_BODY = 4 * 1024;

  private final Vertx vertx;
  private final Instant startedAt = Instant.now();
  private final long startedNanos = System.nanoTime();
  private final long timer;
  private final Promise<Attempt> result = Promise.promise();
  private final Promise<Void> body = Promise.promise();
  private final Buffer kept = Buffer.buffer();
  private HttpClientRequest request;
  private boolean reused;
  private boolean over;
  private Integer statusCode;
  private int received;

  Exchange(Vertx vertx, Duration timeout) {
    this.vertx = vertx;
    this.timer = vertx.setTimer(Math.max(1, timeout.toMillis()), t -> {
      fail(new TimeoutException());
      abort();
    });
  }

  /** Never fails. */
  Future<Attempt> attempt() {
    return result.future();
  }

  boolean isOver() {
    return over;
  }

  void connected(HttpClientRequest request, boolean reused) {
    this.request = request;
    this.reused = reused;
    if (over) {
      abort();
    }
  }

  void answered(int statusCode) {
    this.statusCode = statusCode;
  }

  boolean mayRetryFresh(AttemptError error) {
    return !over && reused && statusCode == null && error == AttemptError.CONNECTION_RESET;
  }

  /** The response was read to its end. */
  void complete() {
    finish(null);
  }

  void fail(Throwable e) {
    finish(AttemptError.of(e));
  }

  private void finish(AttemptError error) {
    if (!over) {
      over = true;
      vertx.cancelTimer(timer);
      long now = System.nanoTime();
      result.complete(new Attempt(startedAt, Duration.ofNanos(now - startedNanos), now, statusCode, error,
          statusCode == null ? null : text()));
    }
  }

  private String text() {
    // what is not UTF-8 is replaced, and NUL is no text for PostgreSQL
    return new String(kept.getBytes(), StandardCharsets.UTF_8).replace('\0', '\uFFFD');
  }

  private void abort() {
    if (request != null) {
      request.reset();
    }
  }

  @Override
  public BodyStream<Void> stream() {
    return this;
  }

  @Override
  public Future<Void> write(Buffer data) {
    if (kept.length() < KEPT_BODY) {
      kept.appendBuffer(data, 0, Math.min(data.length(), KEPT_BODY - kept.length()));
    }
    received += data.length();
    if (received > MAX_BODY && !over) {
      finish(null);
      abort();
    }
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> end() {
    // not the attempt's end yet: a response that broke off ends here as well
    body.tryComplete();
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> result() {
    return body.future();
  }

  @Override
  public void handle(Throwable e) {
    body.tryFail(e);
  }

  @Override
  public WriteStream<Buffer> exceptionHandler(Handler<Throwable> handler) {
    return this;
  }

  @Override
  public WriteStream<Buffer> setWriteQueueMaxSize(int maxSize) {
    return this;
  }

  @Override
  public boolean writeQueueFull() {
    return false;
  }

  @Override
  public WriteStream<Buffer> drainHandler(Handler<Void> handler) {
    return this;
  }
}
