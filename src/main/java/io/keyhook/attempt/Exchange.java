package io.keyhook.attempt;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;

/**
 * One attempt while it runs: it ends when the response has ended, has grown past {@value #MAX_BODY} bytes, or time is
 * up, whatever its {@link Call} is waiting for then. A call that has not ended by itself is reset, which closes its
 * connection. Belongs to one event loop.
 */
final class Exchange {
  /** Where a response is cut off; that changes nothing for the attempt. */
  private static final int MAX_BODY = 64 * 1024;
  /** With heads, interim responses and what surrounds chunks. */
  private static final int MAX_RECEIVED = ReceiverCodec.MAX_HEAD + 2 * MAX_BODY;

  private final Vertx vertx;
  private final int kept;
  private final Instant startedAt = Instant.now();
  private final long startedNanos = System.nanoTime();
  private final long timer;
  private final Promise<Attempt> result = Promise.promise();
  /** The call that is sent; null: none is yet. */
  private Call call;
  private boolean over;
  private boolean awaitsToken;
  private Integer statusCode;
  /** Null: there is none. */
  private String detail;
  private Duration retryAfter = Duration.ZERO;
  private ResponseText text;
  /** Null before there is a response. */
  private ResponseHeaders headers;
  private int received;
  private int bodyReceived;

  Exchange(Vertx vertx, Duration timeout) {
    this(vertx, timeout, ResponseText.LOGGED);
  }

  /**
   * @param kept how many bytes of the response's body are kept
   */
  Exchange(Vertx vertx, Duration timeout, int kept) {
    this.vertx = vertx;
    this.kept = kept;
    this.timer = vertx.setTimer(Math.max(1, timeout.toMillis()), t -> timeOut());
  }

  private void timeOut() {
    if (awaitsToken) {
      fail(NoTokenException.of(AttemptError.TIMEOUT));
    } else {
      end(AttemptError.TIMEOUT);
    }
  }

  /** Whether it waits for an access token, which is at fault if time is up. */
  void awaitsToken(boolean awaits) {
    awaitsToken = awaits;
  }

  /** Never fails. */
  Future<Attempt> attempt() {
    return result.future();
  }

  /** Whether a call may be sent: the first that has a connection in time. */
  boolean admits(Call call) {
    if (wantsNoCall()) {
      return false;
    }
    this.call = call;
    return true;
  }

  /** One is being sent, or was, or time is up. */
  boolean wantsNoCall() {
    return over || call != null;
  }

  /** Lets another call be sent, since this one was not read. */
  void takeBack(Call call) {
    if (this.call == call) {
      this.call = null;
    }
  }

  void answered(HttpClientResponse response) {
    statusCode = response.statusCode();
    text = new ResponseText(
        response.headers().getAll(HttpHeaders.CONTENT_ENCODING), response.getHeader(HttpHeaders.CONTENT_TYPE), kept);
    headers = new ResponseHeaders(response.headers());
    retryAfter = RetryAfter.asked(statusCode, response.headers());
  }

  /** Counts all that comes, and tells whether it is still wanted. */
  boolean takes(int bytes) {
    received += bytes;
    if (received > MAX_RECEIVED) {
      end(statusCode == null ? AttemptError.PROTOCOL_ERROR : null);
    }
    return !over;
  }

  void keep(Buffer data) {
    text.append(data);
    bodyReceived += data.length();
    if (bodyReceived > MAX_BODY) {
      end(null);
    }
  }

  /** The response has ended. */
  void succeed() {
    finish(null);
  }

  /** Ends the attempt with what went wrong before the response had ended. */
  void fail(AttemptError error) {
    finish(error);
  }

  /** Ends the attempt without a request. */
  void fail(NoTokenException none) {
    detail = none.getMessage();
    retryAfter = none.retryAfter();
    finish(none.error());
  }

  /** Without waiting for more. */
  private void end(AttemptError error) {
    if (!over) {
      finish(error);
      if (call != null) {
        call.reset();
      }
    }
  }

  private void finish(AttemptError error) {
    if (!over) {
      over = true;
      vertx.cancelTimer(timer);
      if (call != null) {
        call.release();
      }
      long now = System.nanoTime();
      result.complete(new Attempt(startedAt, Duration.ofNanos(now - startedNanos), now, statusCode, error,
          statusCode == null ? null : text.read(bodyReceived), headers, retryAfter, detail));
    }
  }
}
