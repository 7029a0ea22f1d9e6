package io.keyhook.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.List;

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
 *       response that is late in this way cannot be told from an answer, which is why {@link Sender} never uses one
 *       connection for two accounts.
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
  private static final byte[] STATUS_LINE = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);

  /** The call that waits for the response; null: none does. */
  private Call call;
  private int requests;
  /** A request was written, and its response has not ended. */
  private boolean outstanding;
  /** The response has not begun, and the rest of another may be before it. */
  private boolean skipping;
  /** The connection is to be closed when the response has ended. */
  private boolean last;

  ReceiverCodec() {
    init(new Decoder(), new HttpRequestEncoder());
  }

  /** From now on, the call counts what comes. */
  void begin(Call call) {
    this.call = call;
  }

  void end(Call call) {
    if (this.call == call) {
      this.call = null;
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
    if (message instanceof HttpRequest) {
      outstanding = true;
      skipping = requests++ > 0;
    }
    super.write(context, message, promise);
  }

  private final class Decoder extends HttpResponseDecoder {
    Decoder() {
      super(CONFIG);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
      ByteBuf bytes = (ByteBuf) message;
      if (!outstanding) {
        drop(context, bytes);
        bytes.release();
      } else if (call != null && !call.takes(bytes.readableBytes())) {
        bytes.release();
      } else {
        super.channelRead(context, bytes);
      }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
      if (!skipping || beginsStatusLine(in)) {
        int before = out.size();
        super.decode(context, in, out);
        decoded(context, in, out, before);
      }
    }

    /** Drops what comes before it. */
    private boolean beginsStatusLine(ByteBuf in) {
      while (in.isReadable()) {
        int length = Math.min(STATUS_LINE.length, in.readableBytes());
        int same = 0;
        while (same < length && in.getByte(in.readerIndex() + same) == STATUS_LINE[same]) {
          same++;
        }
        if (same == length) {
          skipping = length < STATUS_LINE.length;
          return !skipping;
        }
        byte dropped = in.readByte();
        last |= dropped != '\r' && dropped != '\n';
      }
      return false;
    }

    private void decoded(ChannelHandlerContext context, ByteBuf in, List<Object> out, int before) {
      for (int i = before; i < out.size(); i++) {
        if (out.get(i) instanceof HttpResponse response && response.decoderResult().isSuccess()) {
          if (isInterim(response)) {
            out.subList(before, out.size()).clear(); // with its empty end
            return;
          }
          last |= isLast(response);
          if (isNoAnswer(response)) {
            out.subList(before, out.size()).clear();
            call.isUnread();
            outstanding = false;
            drop(context, in);
            return;
          }
        }
        if (out.get(i) instanceof LastHttpContent) {
          // before Vert.x knows of it, and may write the next request at once
          outstanding = false;
          if (last || in.isReadable()) {
            drop(context, in);
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

    private static void drop(ChannelHandlerContext context, ByteBuf bytes) {
      bytes.skipBytes(bytes.readableBytes());
      // from the end of the pipeline: Vert.x knows it first, and gives the connection to no other request
      context.channel().close();
    }
  }
}
