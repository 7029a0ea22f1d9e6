package io.keyhook.http;

import io.keyhook.fair.ClientTenant;
import io.keyhook.fair.FairShare;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The connections of one server, and how long each may keep it waiting. Vert.x's idle timeout is silent as long as a byte
 * arrives now and then, so this one counts the whole wait: for a request's head, and for its body. HTTP/1 only: a
 * connection has one request at a time. On the server's event loop.
 *
 * <p>A body is read where a route asks for it. One that is still coming when its request is answered ends the connection:
 * the answer says so, and a bounded part of the body is read on, because a connection that is closed on unread bytes is
 * reset, and the client may lose the answer (RFC 9112, 9.6).
 */
final class Connections {
  /**
   * @param reading for the first head of a connection, and for each body, to its last byte
   * @param unwanted for the rest of a body whose request is answered, from the answer on
   * @param between from an answer to the whole head of the next request
   * @param unread without a write that the client has taken. Closing a connection waits until the client has read what was
   *     written; this bounds that wait, too. Longer than a connection may be silent in between: {@code between},
   *     {@code reading} and the longest call, one after the other
   */
  record Limits(Duration reading, Duration unwanted, Duration between, Duration unread) {
    /** Proxies keep a connection for 60 s, and are to be the ones that close it. */
    static final Limits DEFAULT = new Limits(
        Duration.ofSeconds(30), Duration.ofSeconds(2), Duration.ofSeconds(75), Duration.ofSeconds(180));
  }

  /** The most that is read of a body after its request was answered, in bytes. */
  static final int UNWANTED_BYTES = 256 * 1024;

  /** What a connection is at: {@code request} is the latest, null before the first; {@code since} is when that began. */
  private static final class Progress {
    private HttpServerRequest request;
    private boolean between;
    private boolean lingering;
    private int unwanted;
    private long since;
  }

  private final Map<HttpConnection, Progress> open = new HashMap<>();
  private final Limits limits;
  private final FairShare<String> share;
  private final LongSupplier nanoTime;

  /**
   * @param share what client addresses may hold of the node's connections; one beyond it is closed at once
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
    });
  }

  /** The head of a request is here. */
  void begun(HttpServerRequest request) {
    Progress progress = open.get(request.connection());
    if (progress != null) { // else it is about to be closed
      progress.request = request;
      progress.between = false;
      progress.since = nanoTime.getAsLong();
      if (hasBody(request)) {
        request.pause();
        request.response().headersEndHandler(head -> announceClose(request)).bodyEndHandler(answered -> linger(progress));
      }
    }
  }

  /**
   * The rest of the latest request's body cannot be read: the request is refused, unless it was answered already, and the
   * connection is closed, since nobody can tell where the body ends.
   */
  void unreadable(HttpConnection connection) {
    Progress progress = open.get(connection);
    if (progress != null && !progress.request.response().headWritten()) {
      Answers.unreadable(progress.request);
    }
    connection.close(); // behind the answer
  }

  /** Whether a body follows the head, which may be on its way still. */
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
   * Closes the connection of a request that is answered once its body has ended. Where that is too long, reading stops, and
   * {@link #closeSlow} closes: until then, a client that sends has time to read the answer.
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

  /** Closes those that take too long; to be called about once a second. */
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
