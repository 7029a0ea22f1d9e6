package io.keyhook.attempt;

// Every byte of a response counts against its bound, interim responses are skipped, and what is no answer closes the
// connection before it is used again: Vert.x knows only 100 and 103, and shows only the bytes of bodies.
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * HTTP/1.1 on a connection to a receiver, in place of Netty's {@code HttpClientCodec}: it pairs each request with the
 * response that answers it, whatever else the receiver sends. With Netty's codec, Vert.x takes every 1xx but 100 and 103
 * for the response, and excess bytes for an error of the next request.
 * <ul>
 *   <li>Interim responses (1xx but 101) are skipped, and the final response answers (RFC 9110, 15.2).
 *   <li>Bytes that arrive while no request is outstanding answer nothing: they are dropped, and the connection is
 *       closed (RFC 9112, 9.2). It is also closed after a response that says so, that has the status 101, that announces a
 *       body where HTTP has none (204, 304), or whose framing is ambiguous (6.1).
 *   <li>408 and {@code Connection: close} on a used connection says that the receiver closed it before it read the
 *       request (RFC 9110, 15.5.9), and is treated as a connection that is closed without a response.
 *   <li>Bytes in front of the status line on a used connection are the rest of the response before, on its way as this
 *       request was written: they are dropped, the response behind them counts, and the connection is closed. A whole
 *       response that is late in this way cannot be told from an answer, which is why each byte that no request has asked
 *       for costs the pool its {@link Reuse}, and why {@link Sender} never uses one connection for two accounts or URLs.
 *   <li>Folded lines become one line before Netty reads them (RFC 9112, 5.2), because Netty joins them in quadratic time.
 * </ul>
 * Every byte is counted by the call that waits for it, before it is read as HTTP. Belongs to the connection's event loop.
 */
final class ReceiverCodec extends CombinedChannelDuplexHandler<HttpResponseDecoder, HttpRequestEncoder> {
  /** Of one head and of one line; what {@link Exchange} takes in all is more. */
  static final int MAX_HEAD = 128 * 1024;

  /**
   * Lenient where no reading leaves excess bytes that count: a bare LF ends a line of the head (RFC 9112, 2.2), and the
   * same Content-Length may be repeated (RFC 9110, 8.6).
   */
  private static final HttpDecoderConfig CONFIG = new HttpDecoderConfig()
      .setMaxInitialLineLength(MAX_HEAD)
      .setMaxHeaderSize(MAX_HEAD)
      .setStrictLineParsing(false)
      .setAllowDuplicateContentLengths(true)
      .setUseRfc9112TransferEncoding(false);
  private static final int MAX_GOODBYE = 1024;

  /** What comes next. */
  private enum Part {
    /** The status line, and the rest of the response before may be in front of it. */
    REST,
    /** The status line, and blank lines may be in front of it. */
    BLANK,
    STATUS,
    /** Lines of a head or of trailers. */
    LINES,
    BODY
  }

  private final TlsOverhead tls;
  private final StatusLine statusLine = new StatusLine();
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
  private Part part = Part.BLANK;
  /** A request was written, and its response has not ended. */
  private boolean outstanding;
  /** The connection is to be closed when the response has ended. */
  private boolean last;
  /** It is to be closed by Vert.x then, and not before it was quiet. */
  private boolean lastIfQuiet;
  private ScheduledFuture<?> closing;

  /**
   * @param tls counts what comes without being content
   */
  ReceiverCodec(TlsOverhead tls) {
    this.tls = tls;
    init(new Decoder(), new HttpRequestEncoder());
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
      part = requests > 0 ? Part.REST : Part.BLANK;
      statusLine.begin();
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

  private void ended() {
    outstanding = false;
    quietSince = reuse.now();
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
    }
    super.channelInactive(context);
  }

  private final class Decoder extends HttpResponseDecoder {
    private final ChunkSizeLines chunks = new ChunkSizeLines();

    Decoder() {
      super(CONFIG);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
      ByteBuf bytes = (ByteBuf) message;
      tls.content(bytes.readableBytes());
      if (!outstanding) {
        dropUnasked(context, bytes);
        bytes.release();
      } else if (call != null && !call.takes(bytes.readableBytes())) {
        bytes.release();
      } else {
        super.channelRead(context, bytes);
      }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
      if (!beginsStatusLine(in)) {
        return;
      }
      int from = in.readerIndex();
      int end = in.writerIndex();
      int before = out.size();
      if (part == Part.STATUS) {
        int lf = in.indexOf(from, end, HttpConstants.LF);
        if (lf >= 0) {
          part = Part.LINES;
          in.writerIndex(FoldedLines.unfold(in, lf + 1));
        }
      } else if (part == Part.LINES) {
        in.writerIndex(FoldedLines.unfold(in, from));
      } else if (part == Part.BODY) {
        chunks.mend(in);
      }
      super.decode(context, in, out);
      in.writerIndex(end);
      if (part == Part.BODY) {
        chunks.read(in.readerIndex() - from);
      }
      if (part == Part.BODY && out.size() == before && FoldedLines.isLastChunk(in, from)) {
        part = Part.LINES;
      }
      decoded(context, in, out, before);
    }

    /** Returns false while bytes come in front of it. */
    private boolean beginsStatusLine(ByteBuf in) {
      boolean begins = part == Part.REST ? statusLine.isBehindRest(in) : part != Part.BLANK || statusLine.isBehindBlanks(in);
      if (part == Part.REST && statusLine.droppedText() && !last) {
        last = true;
        reuse.lose();
      }
      if (begins && (part == Part.REST || part == Part.BLANK)) {
        part = Part.STATUS;
      }
      return begins;
    }

    private void decoded(ChannelHandlerContext context, ByteBuf in, List<Object> out, int before) {
      for (int i = before; i < out.size(); i++) {
        if (out.get(i) instanceof HttpResponse response && response.decoderResult().isSuccess()) {
          if (isInterim(response)) {
            out.subList(before, out.size()).clear(); // with its empty end
            part = Part.BLANK;
            return;
          }
          part = Part.BODY;
          chunks.begin(HttpUtil.isTransferEncodingChunked(response));
          last |= isLast(response) || !reuse.isPossible();
          if (isNoAnswer(response)) {
            out.subList(before, out.size()).clear();
            call.isUnread();
            ended();
            drop(context, in);
            return;
          }
          if (!last && reuse.isBusyForLong(busySince)) {
            lastIfQuiet = true;
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
          }
        }
        if (out.get(i) instanceof LastHttpContent) {
          // before Vert.x knows of it, and may write the next request at once
          ended();
          if (in.isReadable()) {
            dropUnasked(context, in);
          } else if (last) {
            drop(context, in);
          } else if (kept && !lastIfQuiet && channel.isActive()) { // a response may end because the connection does
            idle = true;
            line.added();
          }
        }
      }
    }

    @Override
    protected void decodeLast(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
      super.decodeLast(context, in, out);
      decoded(context, in, out, 0);
    }

    private static boolean isInterim(HttpResponse response) {
      return response.status().code() / 100 == 1 && response.status().code() != 101;
    }

    /** Sent because nothing came for long, before the request was read (RFC 9110, 15.5.9). */
    private boolean isNoAnswer(HttpResponse response) {
      return response.status().code() == 408 && requests > 1 && call != null && !HttpUtil.isKeepAlive(response);
    }

    private static boolean isLast(HttpResponse response) {
      int status = response.status().code();
      boolean encoded = response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING);
      return status == 101
          || !HttpUtil.isKeepAlive(response)
          || encoded && response.protocolVersion() != HttpVersion.HTTP_1_1;
    }

    /** What it switches to is nothing that Keyhook speaks. */
    @Override
    protected boolean isSwitchingToNonHttp1Protocol(HttpResponse response) {
      return false;
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage response) {
      int status = ((HttpResponse) response).status().code();
      if (status == 204 || status == 304) {
        last |= response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
            || HttpUtil.getContentLength(response, 0L) > 0; // it may come
      }
      return status / 100 == 1 || super.isContentAlwaysEmpty(response);
    }

    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage response) {
      super.handleTransferEncodingChunkedWithContentLength(response);
      last = true;
    }

    private void dropUnasked(ChannelHandlerContext context, ByteBuf bytes) {
      if (reuse != null && !isGoodbye(bytes)) {
        reuse.lose();
      }
      drop(context, bytes);
    }

    /** As load balancers send it before they close a connection that had no request for long (RFC 9110, 15.5.9). */
    private static boolean isGoodbye(ByteBuf bytes) {
      String text = bytes.toString(bytes.readerIndex(), Math.min(bytes.readableBytes(), MAX_GOODBYE),
          StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
      return text.startsWith("http/1.0 408 ") || text.startsWith("http/1.1 408 ") && text.contains("\nconnection: close");
    }

    private static void drop(ChannelHandlerContext context, ByteBuf bytes) {
      bytes.skipBytes(bytes.readableBytes());
      // from the end of the pipeline: Vert.x knows it first, and gives the connection to no other request
      context.channel().close();
    }
  }
}
