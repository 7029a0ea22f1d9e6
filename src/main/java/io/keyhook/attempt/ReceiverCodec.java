package io.keyhook.attempt;

// Every byte of a response counts against its bound, interim responses are skipped, and what is no answer closes the
// connection before it is used again: Vert.x knows only 100 and 103, and shows only the bytes of bodies.
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * HTTP/1.1 on a connection to a receiver, in place of Netty's {@code HttpClientCodec}: it pairs each request with the
 * response that answers it, whatever else the receiver sends. With Netty's codec, Vert.x takes every 1xx but 100 and 103
 * for the response, and excess bytes for an error of the next request.
 * <ul>
 *   <li>Interim responses (1xx but 101) are skipped, and the final response answers (RFC 9110, 15.2).
 *   <li>Bytes that arrive while no request is outstanding answer nothing: they are dropped, and the connection is
 *       closed (RFC 9112, 9.2). It is also closed after a response that says so, or that leaves in doubt where it ends
 *       ({@link Persistence}).
 *   <li>408 and {@code Connection: close} on a used connection says that the receiver closed it before it read the
 *       request (RFC 9110, 15.5.9), and is treated as a connection that is closed without a response.
 *   <li>Bytes in front of the status line on a used connection are the rest of the response before, on its way as this
 *       request was written: they are dropped, the response behind them counts, and the connection is closed. A whole
 *       response that is late in this way cannot be told from an answer, which is why each byte that no request has asked
 *       for costs the pool its {@link Reuse}, and why {@link Sender} never uses one connection for two accounts or URLs.
 * </ul>
 * Every byte is counted by the call that waits for it, before {@link ReceiverDecoder} reads it. Belongs to the connection's
 * event loop.
 */
final class ReceiverCodec extends CombinedChannelDuplexHandler<ReceiverDecoder, HttpRequestEncoder> {
  /** Of one head and of one line; what {@link Exchange} takes in all is more. */
  static final int MAX_HEAD = 128 * 1024;

  private final TlsOverhead tls;
  private final ReceiverDecoder decoder = new ReceiverDecoder(this);
  private Channel channel;
  /** The call that waits for the response; null: none does. */
  private Call call;
  /** Of the pool that the connection belongs to; null: no request has used it. */
  private Reuse reuse;
  private Line line;
  /** The request asks the receiver to keep it. */
  private boolean kept;
  /** It is kept, and no request uses it. */
  private boolean idle;
  private int requests;
  /** When the last response ended, and when the requests began that had no quiet moment between them. */
  private long quietSince;
  private long busySince;
  /** A request was written, and its response has not ended. */
  private boolean outstanding;
  /** The connection is to be closed when the response has ended. */
  private boolean last;
  /** It is being closed before the end of a response, and what still comes belongs to that one. */
  private boolean cutOff;
  /** It is to be closed by Vert.x then, and not before it was quiet. */
  private boolean lastIfQuiet;
  private ScheduledFuture<?> closing;

  /**
   * @param tls counts what comes without being content
   */
  ReceiverCodec(TlsOverhead tls) {
    this.tls = tls;
    init(decoder, new HttpRequestEncoder());
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) throws Exception {
    channel = context.channel();
    super.handlerAdded(context);
  }

  /** Whether a request of the pool may be written now. */
  boolean mayBegin(Reuse reuse) {
    return isNew() || reuse.admits(quietSince);
  }

  /** Whether no request has used it. */
  boolean isNew() {
    return requests == 0;
  }

  /** From now on, the call counts what comes. */
  void begin(Call call, Sender.Pool pool) {
    this.call = call;
    tls.begin();
    busy();
    if (reuse == null) {
      reuse = pool.reuse();
      line = pool.line();
      if (channel.isActive()) {
        reuse.add(this);
      }
    }
  }

  /** Closes the connection now, or when the response has ended that it waits for. */
  void giveUp() {
    if (outstanding) {
      last = true;
    } else {
      busy();
      channel.close();
    }
  }

  void end(Call call) {
    if (this.call == call) {
      this.call = null;
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
    if (message instanceof HttpRequest request) {
      outstanding = true;
      kept = HttpUtil.isKeepAlive(request);
      decoder.begin(requests > 0);
      if (requests == 0 || reuse.isQuiet(quietSince)) {
        busySince = reuse.now();
      }
      requests++;
    }
    super.write(context, message, promise);
  }

  private void busy() {
    if (idle) {
      idle = false;
      line.removed();
    }
  }

  /** Counts bytes that have come, and tells whether they are to be read. */
  boolean takes(ByteBuf bytes) {
    int length = bytes.readableBytes();
    tls.content(length);
    if (outstanding) {
      return call == null || call.takes(length);
    }
    if (!cutOff) {
      dropUnasked(bytes);
    }
    return false;
  }

  /** What comes in front of the response is the rest of the one before. */
  void isPrecededByRest() {
    if (!last) {
      last = true;
      reuse.lose();
    }
  }

  /**
   * The head of a final response has come.
   *
   * @param doubtful whether another reader may understand it in another way
   * @return false: it does not answer the request, which was not read
   */
  boolean isAnswered(HttpResponse response, boolean doubtful) {
    boolean ends = Persistence.ends(response);
    if (ends) {
      line.ends();
    }
    last |= doubtful || ends || !reuse.isPossible();
    if (requests > 1 && call != null && Persistence.isGoodbye(response)) {
      return false;
    }
    if (!last && reuse.isBusyForLong(busySince)) {
      lastIfQuiet = true;
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
    return true;
  }

  /** Closes the connection after what did not answer the request. */
  void isLeftUnread(ByteBuf in) {
    call.isUnread();
    ended();
    drop(in);
  }

  /**
   * The response has ended.
   *
   * @param in what came behind it
   * @param doubtful whether another reader may see another end
   * @param cutOff the rest of it is not read
   */
  void ended(ByteBuf in, boolean doubtful, boolean cutOff) {
    ended();
    this.cutOff |= cutOff;
    if (cutOff) {
      drop(in);
    } else if (in.isReadable()) {
      dropUnasked(in);
    } else if (last || doubtful) {
      drop(in);
    } else if (kept && !lastIfQuiet && channel.isActive()) { // a response may end because the connection does
      idle = true;
      line.added();
    }
  }

  private void ended() {
    outstanding = false;
    quietSince = reuse.now();
  }

  private void dropUnasked(ByteBuf bytes) {
    if (reuse != null && !Persistence.isGoodbye(bytes)) {
      reuse.lose();
    }
    drop(bytes);
  }

  private void drop(ByteBuf bytes) {
    bytes.skipBytes(bytes.readableBytes());
    // from the end of the pipeline: Vert.x knows it first, and gives the connection to no other request
    channel.close();
  }

  @Override
  public void close(ChannelHandlerContext context, ChannelPromise promise) throws Exception {
    if (lastIfQuiet && !outstanding && closing == null) {
      closing = context.executor().schedule((Runnable) () -> context.close(promise), Reuse.QUIET_MILLIS, TimeUnit.MILLISECONDS);
      channel.closeFuture().addListener(closed -> {
        if (closing.cancel(false)) { // otherwise it closes the connection, and completes the promise, at this moment
          promise.trySuccess();
        }
      });
    } else {
      super.close(context, promise);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) throws Exception {
    busy();
    if (reuse != null) {
      reuse.remove(this);
      line.closed();
    }
    super.channelInactive(context);
  }
}
