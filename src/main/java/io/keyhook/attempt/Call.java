package io.keyhook.attempt;

// Only the socket itself can be closed before it is a connection.
import io.netty.channel.Channel;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VertxException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpClosedException;
import io.vertx.ext.web.codec.BodyCodec;
import io.vertx.ext.web.codec.spi.BodyStream;

/**
 * One request of an attempt. An attempt makes several where an address does not connect, or where a kept connection was
 * closed as it was used; its {@link Exchange} lets one at a time be sent. As a codec it takes the body as it comes, and
 * keeps the bounds. Belongs to one event loop.
 */
final class Call implements BodyCodec<Void>, BodyStream<Void> {
  /** Fails a call that has a connection when another has been sent, or when time is up. */
  static final Throwable NOT_WANTED = new VertxException("another call is sent, or time is up", true);
  /** Fails a call whose connection may not be used again yet. */
  static final Throwable TOO_SOON = new VertxException("the connection may not be used again yet", true);
  private static final Future<Void> DONE = Future.succeededFuture();

  private final Exchange exchange;
  private final Sender.Pool pool;
  private final Pass pass;
  /** Null until it has a connection and may be sent. */
  private HttpClientRequest request;
  private ReceiverCodec codec;
  private boolean received;
  /** What is opened for it; null: nothing is, or it is not shown. */
  private Channel socket;

  /**
   * @param pool of the connections that it may get
   * @param pass lets it ask for one
   */
  Call(Exchange exchange, Sender.Pool pool, Pass pass) {
    this.exchange = exchange;
    this.pool = pool;
    this.pass = pass;
  }

  /**
   * @param request on the connection that it is to use, and not sent yet
   * @return why it is not to be sent, {@link #TOO_SOON} or {@link #NOT_WANTED}; null: it is
   */
  Throwable begin(HttpClientRequest request) {
    ReceiverCodec connection = Wire.codec(request.connection());
    if (!connection.mayBegin(pool.reuse())) {
      return TOO_SOON;
    } else if (!exchange.admits(this)) {
      return NOT_WANTED;
    }
    this.request = request;
    codec = connection;
    pass.begun(codec.isNew());
    codec.begin(this, pool);
    return null;
  }

  /** A socket is opened for it. */
  void opens(Channel socket) {
    this.socket = socket;
  }

  /** Closes what is being opened for it, unless it has begun. */
  void abandon() {
    if (request == null && socket != null) {
      socket.close();
    }
  }

  boolean hasBegun() {
    return request != null;
  }

  void answered(HttpClientResponse response) {
    exchange.answered(response);
  }

  /** Counts all that comes, and tells whether it is still wanted. */
  boolean takes(int bytes) {
    received = true;
    return exchange.takes(bytes);
  }

  /**
   * Whether it failed for a reason that the connection had before: the receiver closed it while it was kept, just as it
   * was used again (RFC 9112, 9.3.1). After any byte, and on a fresh connection, the receiver may have read the request,
   * and it is not sent again in silence: the attempt fails, and the delivery is retried by schedule.
   */
  boolean mayStartAgain(Throwable e) {
    boolean reused = request == null ? e instanceof HttpClosedException : request.streamId() > 1;
    return reused && !received && AttemptError.of(e) == AttemptError.CONNECTION_RESET;
  }

  /** What came said that the request was not read. */
  void isUnread() {
    received = false;
  }

  /** No byte counts any more. */
  void release() {
    codec.end(this);
  }

  /** Closes its connection, and frees its place. */
  void reset() {
    request.reset();
  }

  @Override
  public BodyStream<Void> stream() {
    return this;
  }

  @Override
  public Future<Void> write(Buffer data) {
    exchange.keep(data);
    return DONE;
  }

  @Override
  public Future<Void> end() {
    return DONE;
  }

  @Override
  public Future<Void> result() {
    return DONE;
  }

  @Override
  public boolean writeQueueFull() {
    return false;
  }

  @Override
  public Call setWriteQueueMaxSize(int size) {
    return this;
  }

  @Override
  public Call drainHandler(Handler<Void> handler) {
    return this;
  }

  @Override
  public Call exceptionHandler(Handler<Throwable> handler) {
    return this;
  }

  /** The request's future fails with it too. */
  @Override
  public void handle(Throwable e) {}
}
