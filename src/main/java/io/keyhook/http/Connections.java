package io.keyhook.http;

import io.keyhook.fair.ClientTenant;
import io.keyhook.fair.FairShare;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The connections of one server, and how long each may keep it waiting. Vert.x's idle timeout does not fire as long as a byte
 * arrives now and then, so this class limits the whole wait for a request's head and for its body. On the server's event loop.
 *
 * <p>A body is read only if a route needs it. If a body is still arriving when its request is answered, an HTTP/1 connection ends:
 * the response says so, and a bounded rest of the body is read, because a connection that is closed with unread bytes is
 * reset, and the client may lose the response (RFC 9112, 9.6). In HTTP/2, the stream alone ends (RFC 9113, 8.1).
 */
final class Connections {
  /**
   * @param reading limit for the first head of a connection, and for each body to its last byte; a stream that exceeds it is
   *     reset, a connection of HTTP/1 closed
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
  /** The same in HTTP/2: Java's client up to version 17 never shows a response whose stream is reset before it has sent the body. */
  static final int UNWANTED_BYTES_OF_STREAM = 16 * 1024 * 1024;

  /** RFC 9113, 7. */
  private static final long NO_ERROR = 0;
  private static final long CANCEL = 8;
  private static final Set<HttpMethod> HAVE_BODIES = Set.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH);
  /** Of ended requests that a connection of HTTP/2 still counts, beside as many as are under way. HTTP/1 has one at a time. */
  private static final int ENDED = 16;

  /** A request; {@code since} is the start of its state. */
  private static final class Progress {
    private final HttpServerRequest request;
    private boolean lingering;
    private int unwanted;
    private long since;

    private Progress(HttpServerRequest request, long since) {
      this.request = request;
      this.since = since;
    }

    /** Its body, or what is left of it, has arrived, or never will. */
    private boolean isOver() {
      return request.isEnded() && request.response().ended() || request.response().closed();
    }
  }

  /** A connection with its requests, the latest last: those that are over are forgotten by and by. */
  private static final class Open {
    private final List<Progress> requests = new ArrayList<>(1);
    private final boolean multiplexed;
    private final int ended;
    private boolean served;
    private boolean between = true;
    private long since;
    private int forgetAt;

    private Open(boolean multiplexed, long since) {
      this.multiplexed = multiplexed;
      this.ended = multiplexed ? ENDED : 1;
      this.forgetAt = ended;
      this.since = since;
    }

    private void add(Progress request) {
      if (requests.size() >= forgetAt) {
        requests.removeIf(Progress::isOver);
        forgetAt = 2 * requests.size() + ended;
      }
      requests.add(request);
    }

    private Progress latest() {
      return requests.isEmpty() ? null : requests.get(requests.size() - 1);
    }
  }

  /** Longer than any call takes. */
  private static final Duration LAST_ANSWER = Duration.ofSeconds(60);

  private final Map<HttpConnection, Open> open = new HashMap<>();
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

  /**
   * @param multiplexed whether it is HTTP/2
   */
  void opened(HttpConnection connection, boolean multiplexed) {
    String client = ClientTenant.of(connection.remoteAddress() == null ? null : connection.remoteAddress().hostAddress());
    if (!share.tryAcquire(client)) {
      connection.close();
      return;
    }
    open.put(connection, new Open(multiplexed, nanoTime.getAsLong()));
    connection.closeHandler(closed -> {
      open.remove(connection);
      share.release(client, 1);
      completeIfEnded();
    });
  }

  /** Records that the head of a request has arrived. */
  void begun(HttpServerRequest request) {
    Open connection = open.get(request.connection());
    if (connection != null) { // else it is about to be closed
      Progress progress = new Progress(request, nanoTime.getAsLong());
      connection.add(progress);
      connection.between = false;
      if (ended != null) {
        endWith(request);
      }
      if (hasBody(request)) {
        request.pause();
      }
      if (connection.multiplexed || hasBody(request)) {
        request.response().headersEndHandler(head -> announceClose(request)).bodyEndHandler(answered -> linger(progress));
      }
    }
  }

  /**
   * Handles an unreadable rest of the latest request's body. Refuses the request, unless it was already answered, and closes the
   * connection, because the end of the body is unknown.
   */
  void unreadable(HttpConnection connection) {
    Progress latest = open.containsKey(connection) ? open.get(connection).latest() : null;
    if (latest != null && !latest.request.response().headWritten()) {
      Answers.unreadable(latest.request);
    }
    connection.close(); // behind the answer
  }

  /**
   * Returns whether a body follows the head. It may not have arrived yet. In HTTP/2, where nothing in the head needs to say so,
   * whether one is usual: another is dropped.
   */
  static boolean hasBody(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return length != null ? !length.equals("0") : request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
        || isMultiplexed(request) && HAVE_BODIES.contains(request.method());
  }

  private static void announceClose(HttpServerRequest request) {
    if (!request.isEnded()) {
      sayClose(request);
    }
  }

  /** Says that the connection ends with this response. HTTP/2 has no such header, and clients refuse a response with it. */
  static void sayClose(HttpServerRequest request) {
    if (!isMultiplexed(request)) {
      request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
  }

  private static boolean isMultiplexed(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_2;
  }

  /** Ends a request that cannot go on: in HTTP/1 with its connection. */
  static void cut(HttpServerRequest request) {
    if (isMultiplexed(request)) {
      request.response().reset(request.response().ended() ? NO_ERROR : CANCEL);
    } else {
      request.connection().close();
    }
  }

  /**
   * Closes the connection of an answered request once its body has ended. If the body is too long, reading stops, and
   * {@link #closeSlow} closes it: until then, a client that is still sending can read the response. In HTTP/2, a body that
   * ends soon does no harm, and the stream of another is reset, but not before the response has been written.
   */
  private void linger(Progress progress) {
    HttpServerRequest request = progress.request;
    if (request.isEnded()) {
      return;
    }
    progress.lingering = true;
    progress.since = nanoTime.getAsLong();
    if (isMultiplexed(request)) {
      request.handler(piece -> {
        progress.unwanted += piece.length();
        if (progress.unwanted > UNWANTED_BYTES_OF_STREAM) {
          cut(request);
        }
      }).resume();
      return;
    }
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
    if (!request.response().headWritten()) {
      sayClose(request);
    }
    end(request.connection());
  }

  private static void end(HttpConnection connection) {
    connection.shutdown(LAST_ANSWER.toSeconds(), TimeUnit.SECONDS);
  }

  /**
   * Ends each connection with the answers to the requests that are under way, or, where there are none, to the next one; one of
   * HTTP/2 takes no more requests. Completes when all are closed, or when connections without a request have had that long.
   */
  Future<Void> end(Vertx vertx, Duration idle) {
    ended = Promise.promise();
    Map.copyOf(open).forEach((connection, opened) -> {
      if (opened.multiplexed) {
        end(connection);
      } else if (opened.latest() != null && !opened.latest().request.response().ended()) {
        endWith(opened.latest().request);
      }
    });
    completeIfEnded();
    return idle.isZero() ? Future.succeededFuture()
        : Future.any(ended.future(), vertx.timer(idle.toMillis(), TimeUnit.MILLISECONDS)).mapEmpty();
  }

  private void completeIfEnded() {
    if (ended != null && open.isEmpty()) {
      ended.tryComplete();
    }
  }

  /** Ends what takes too long. Call it about once a second. */
  void closeSlow() {
    long now = nanoTime.getAsLong();
    Map.copyOf(open).forEach((connection, opened) -> {
      if (isIdle(opened, now)) {
        connection.close();
      } else {
        opened.requests.stream().filter(request -> isSlow(request, now)).toList()
            .forEach(request -> cut(request.request));
      }
    });
  }

  /** Whether its next request, or its first one, is due for too long. */
  private boolean isIdle(Open connection, long now) {
    connection.requests.removeIf(Progress::isOver);
    if (!connection.requests.isEmpty()) {
      return false;
    }
    if (!connection.between) {
      connection.between = true;
      connection.served = true;
      connection.since = now;
    }
    return now - connection.since > (connection.served ? limits.between : limits.reading).toNanos();
  }

  /** Whether its body, or what is left of it, is. A request whose body has arrived waits for us. */
  private boolean isSlow(Progress progress, long now) {
    return !progress.request.isEnded()
        && now - progress.since > (progress.lingering ? limits.unwanted : limits.reading).toNanos();
  }

  int size() {
    return open.size();
  }
}
