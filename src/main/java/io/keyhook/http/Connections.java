package io.keyhook.http;

import io.keyhook.fair.ClientTenant;
import io.keyhook.fair.FairShare;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The connections of one server, and how long each may keep it waiting. Vert.x's idle timeout does not fire as long as a byte
 * arrives now and then, so this class limits the whole wait for a request's head and for its body. HTTP/1 only: a
 * connection has one request at a time. On the server's event loop.
 *
 * <p>A body is read only if a route needs it. If a body is still arriving when its request is answered, the connection ends:
 * the response says so, and a bounded rest of the body is read, because a connection that is closed with unread bytes is
 * reset, and the client may lose the response (RFC 9112, 9.6).
 */
final class Connections {
  /**
   * @param reading limit for the first head of a connection, and for each body to its last byte
   * @param unwanted limit for the rest of a body after the response
   * @param between limit from a response to the complete head of the next request
   * @param unread limit without a write that the client accepts. Closing a connection waits until the client has read what was
   *     written; this bounds that wait, too. Longer than a connection may be silent in between: {@code between},
   *     {@code reading} and the longest call, one after the other
   */
  record Limits(Duration reading, Duration unwanted, Duration between, Duration unread) {
    /** Proxies keep a connection for 60 s, and should be the ones to close it. */
    static final Limits DEFAULT = new Limits(
        Duration.ofSeconds(30), Duration.ofSeconds(2), Duration.ofSeconds(75), Duration.ofSeconds(180));
  }

  /** The maximum number of bytes read from a body after the response. */
  static final int UNWANTED_BYTES = 256 * 1024;

  /** The state of a connection: {@code request} is the latest, null before the first; {@code since} is the start of the state. */
  private static final class Progress {
    private HttpServerRequest request;
    private boolean between;
    private boolean lingering;
    private int unwanted;
    private long since;
  }

  /** Longer than any call takes. */
  private static final Duration LAST_ANSWER = Duration.ofSeconds(60);

  private final Map<HttpConnection, Progress> open = new HashMap<>();
  private final Limits limits;
  private final FairShare<String> share;
  private final LongSupplier nanoTime;
  /** Completes when the last connection has closed. Null: they are not to end yet. */
  private Promise<Void> ended;

  /**
   * @param share each client address's share of the node's connections; connections beyond it are closed immediately
   */
  Connections(Limits limits, FairShare<String> share, LongSupplier nanoTime) {
    this.limits = limits;
    this.share = share;
    this.nanoTime = nanoTime;
  }

  void opened(HttpConnection connection) {
    String client = ClientTenant.of(connection.remoteAddress() == null ? null : connection.remoteAddress().hostAddress());
    if (!share.tryAcquire(client)) {
      connection.close();
      return;
    }
    Progress progress = new Progress();
    progress.since = nanoTime.getAsLong();
    open.put(connection, progress);
    connection.closeHandler(closed -> {
      open.remove(connection);
      share.release(client, 1);
      completeIfEnded();
    });
  }

  /** Records that the head of a request has arrived. */
  void begun(HttpServerRequest request) {
    Progress progress = open.get(request.connection());
    if (progress != null) { // else it is about to be closed
      progress.request = request;
      progress.between = false;
      progress.since = nanoTime.getAsLong();
      if (ended != null) {
        endWith(request);
      }
      if (hasBody(request)) {
        request.pause();
        request.response().headersEndHandler(head -> announceClose(request)).bodyEndHandler(answered -> linger(progress));
      }
    }
  }

  /**
   * Handles an unreadable rest of the latest request's body. Refuses the request, unless it was already answered, and closes the
   * connection, because the end of the body is unknown.
   */
  void unreadable(HttpConnection connection) {
    Progress progress = open.get(connection);
    if (progress != null && !progress.request.response().headWritten()) {
      Answers.unreadable(progress.request);
    }
    connection.close(); // behind the answer
  }

  /** Returns whether a body follows the head. It may not have arrived yet. */
  static boolean hasBody(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return length != null ? !length.equals("0") : request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
  }

  private static void announceClose(HttpServerRequest request) {
    if (!request.isEnded()) {
      request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
  }

  /**
   * Closes the connection of an answered request once its body has ended. If the body is too long, reading stops, and
   * {@link #closeSlow} closes it: until then, a client that is still sending can read the response.
   */
  private void linger(Progress progress) {
    HttpServerRequest request = progress.request;
    if (request.isEnded()) {
      return;
    }
    progress.lingering = true;
    progress.since = nanoTime.getAsLong();
    RequestDecoder.endOutput(request.connection());
    request.handler(piece -> {
      progress.unwanted += piece.length();
      if (progress.unwanted > UNWANTED_BYTES) {
        request.pause();
      }
    }).endHandler(end -> request.connection().close()).resume();
  }

  /** Closes the connection of a request behind its answer, and takes no more requests from it. */
  static void endWith(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    if (!response.headWritten()) {
      response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    request.connection().shutdown(LAST_ANSWER.toSeconds(), TimeUnit.SECONDS);
  }

  /**
   * Ends each connection with the answer to the request that is under way, or to the next one. Completes when all are closed,
   * or when connections without a request have had that long.
   */
  Future<Void> end(Vertx vertx, Duration idle) {
    ended = Promise.promise();
    open.values().stream().map(progress -> progress.request)
        .filter(request -> request != null && !request.response().ended()).toList().forEach(Connections::endWith);
    completeIfEnded();
    return idle.isZero() ? Future.succeededFuture()
        : Future.any(ended.future(), vertx.timer(idle.toMillis(), TimeUnit.MILLISECONDS)).mapEmpty();
  }

  private void completeIfEnded() {
    if (ended != null && open.isEmpty()) {
      ended.tryComplete();
    }
  }

  /** Closes connections that take too long. Call it about once a second. */
  void closeSlow() {
    long now = nanoTime.getAsLong();
    List<HttpConnection> slow = open.entrySet().stream().filter(entry -> isSlow(entry.getValue(), now))
        .map(Map.Entry::getKey).toList();
    slow.forEach(HttpConnection::close);
  }

  private boolean isSlow(Progress progress, long now) {
    HttpServerRequest request = progress.request;
    if (request == null || !request.isEnded()) {
      return now - progress.since > (progress.lingering ? limits.unwanted : limits.reading).toNanos();
    }
    if (!request.response().ended()) {
      return false; // it waits for us
    }
    if (!progress.between) {
      progress.between = true;
      progress.since = now;
    }
    return now - progress.since > limits.between.toNanos();
  }

  int size() {
    return open.size();
  }
}
