package io.keyhook.http;

import io.keyhook.fair.FairShare;
import io.vertx.core.http.HttpConnection;
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
 */
final class Connections {
  /**
   * @param most connections at once, which client addresses share fairly; a further one is closed
   * @param reading for the first head of a connection, and for each body, to its last byte
   * @param unwanted for a body whose request is answered already
   * @param between from an answer to the whole head of the next request
   * @param unread without a write that the client has taken. Closing a connection waits until the client has read what was
   *     written; this bounds that wait, too. Longer than a connection may be silent in between: {@code between},
   *     {@code reading} and the longest call, one after the other
   */
  record Limits(int most, Duration reading, Duration unwanted, Duration between, Duration unread) {
    /** Proxies keep a connection for 60 s, and are to be the ones that close it. */
    static final Limits DEFAULT = new Limits(10_000, Duration.ofSeconds(30), Duration.ofSeconds(5),
        Duration.ofSeconds(75), Duration.ofSeconds(180));
  }

  /** What a connection is at: {@code request} is the latest, null before the first; {@code since} is when that began. */
  private static final class Progress {
    private HttpServerRequest request;
    private boolean between;
    private long since;
  }

  private final Map<HttpConnection, Progress> open = new HashMap<>();
  private final Limits limits;
  private final FairShare<String> share;
  private final LongSupplier nanoTime;

  Connections(Limits limits, LongSupplier nanoTime) {
    this.limits = limits;
    this.share = new FairShare<>(limits.most);
    this.nanoTime = nanoTime;
  }

  void opened(HttpConnection connection) {
    String client = ClientAddress.limitKey(connection.remoteAddress() == null ? null : connection.remoteAddress().hostAddress());
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
    }
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
    boolean answered = request != null && request.response().ended();
    if (request == null || !request.isEnded()) {
      return now - progress.since > (answered ? limits.unwanted : limits.reading).toNanos();
    }
    if (!answered) {
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
