package io.keyhook.attempt;

// Netty reads HTTP; what receivers send beside it is mended or dropped before, and what Netty cannot read behind a status line
// does not fail the response.
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * Reads the responses on a connection for its {@link ReceiverCodec}. The status decides what becomes of a delivery, so a status
 * line that is clear counts whatever follows it:
 * <ul>
 *   <li>Lines of a head that are no fields are left out ({@link FieldLines}).
 *   <li>A response ends with its head where its head does not tell where the body ends, and within its body where its chunks
 *       cannot be read.
 * </ul>
 * In each of these cases, the rest is dropped, and the connection is closed. Belongs to the connection's event loop.
 */
final class ReceiverDecoder extends HttpResponseDecoder {
  /**
   * Lenient where no reading leaves excess bytes that count: a bare LF ends a line of the head (RFC 9112, 2.2), and the
   * same Content-Length may be repeated (RFC 9110, 8.6).
   */
  private static final HttpDecoderConfig CONFIG = new HttpDecoderConfig()
      .setMaxInitialLineLength(ReceiverCodec.MAX_HEAD)
      .setMaxHeaderSize(ReceiverCodec.MAX_HEAD)
      .setStrictLineParsing(false)
      .setAllowDuplicateContentLengths(true)
      .setUseRfc9112TransferEncoding(false);

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

  private final ReceiverCodec connection;
  private final StatusLine statusLine = new StatusLine();
  private final FieldLines lines = new FieldLines();
  private final ChunkSizeLines chunks = new ChunkSizeLines();
  private Part part = Part.BLANK;
  /** The head does not tell for sure where the response ends. */
  private boolean doubtful;
  /** The rest of the response is not read. */
  private boolean cutOff;

  /**
   * @param connection whose responses it reads
   */
  ReceiverDecoder(ReceiverCodec connection) {
    super(CONFIG);
    this.connection = connection;
  }

  /**
   * A request was written.
   *
   * @param used whether the connection had one before
   */
  void begin(boolean used) {
    part = used ? Part.REST : Part.BLANK;
    statusLine.begin();
    doubtful = false;
    cutOff = false;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    ByteBuf bytes = (ByteBuf) message;
    if (connection.takes(bytes)) {
      super.channelRead(context, bytes);
    } else {
      bytes.release();
    }
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
    if (!beginsStatusLine(in)) {
      return;
    }
    int from = in.readerIndex();
    int before = out.size();
    int limit = mend(in);
    int end = in.writerIndex();
    in.writerIndex(limit);
    super.decode(context, in, out);
    in.writerIndex(end);
    if (part == Part.BODY) {
      chunks.read(in.readerIndex() - from);
    }
    if (part == Part.BODY && out.size() == before && ChunkSizeLines.isLast(in, from)) {
      part = Part.LINES;
    }
    decoded(in, out, before);
  }

  /** Returns false while bytes come in front of it. */
  private boolean beginsStatusLine(ByteBuf in) {
    boolean begins = part == Part.REST ? statusLine.isBehindRest(in) : part != Part.BLANK || statusLine.isBehindBlanks(in);
    if (part == Part.REST && statusLine.droppedText()) {
      connection.isPrecededByRest();
    }
    if (begins && (part == Part.REST || part == Part.BLANK)) {
      part = Part.STATUS;
    }
    return begins;
  }

  /** Returns up to where Netty may read. */
  private int mend(ByteBuf in) {
    if (part == Part.STATUS) {
      int lf = in.indexOf(in.readerIndex(), in.writerIndex(), HttpConstants.LF);
      if (lf >= 0) {
        part = Part.LINES;
        lines.begin(Persistence.isInterim(StatusLine.mend(in, lf)));
        return lines.mend(in, lf + 1);
      }
    } else if (part == Part.LINES) {
      return lines.mend(in, in.readerIndex());
    } else if (part == Part.BODY) {
      chunks.mend(in);
    }
    return in.writerIndex();
  }

  private void decoded(ByteBuf in, List<Object> out, int before) {
    for (int i = before; i < out.size(); i++) {
      if (out.get(i) instanceof HttpResponse response && isClear(response)) {
        if (Persistence.isInterim(response.status().code())) {
          out.subList(before, out.size()).clear(); // with its empty end
          doubtful |= lines.areDoubtful();
          part = lines.announcedBody() ? Part.REST : Part.BLANK; // a body may come all the same
          statusLine.begin();
          return;
        }
        if (response.decoderResult().isFailure()) {
          response.setDecoderResult(DecoderResult.SUCCESS);
          out.add(LastHttpContent.EMPTY_LAST_CONTENT);
          cutOff = true;
        }
        part = Part.BODY;
        chunks.begin(HttpUtil.isTransferEncodingChunked(response));
        if (!connection.isAnswered(response, doubtful || lines.areDoubtful())) {
          out.subList(before, out.size()).clear();
          connection.isLeftUnread(in);
          return;
        }
      }
      if (out.get(i) instanceof LastHttpContent end && !(end instanceof HttpResponse)) {
        if (end.decoderResult().isFailure()) {
          out.set(i, LastHttpContent.EMPTY_LAST_CONTENT);
          cutOff = true;
        }
        connection.ended(in, lines.areDoubtful(), cutOff); // before Vert.x knows of it, and may write the next request at once
      }
    }
  }

  /** Whether the status line was read, and the end of the head has come. */
  private boolean isClear(HttpResponse response) {
    return response.decoderResult().isSuccess()
        || !(response instanceof LastHttpContent) && lines.haveEnded()
            && !(response.decoderResult().cause() instanceof TooLongFrameException);
  }

  @Override
  protected void decodeLast(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
    super.decodeLast(context, in, out);
    decoded(in, out, 0);
  }

  /** What it switches to is nothing that Keyhook speaks. */
  @Override
  protected boolean isSwitchingToNonHttp1Protocol(HttpResponse response) {
    return false;
  }

  /** Netty asks for it when the head has ended, and decides by its headers then how the body is read. */
  @Override
  protected boolean isContentAlwaysEmpty(HttpMessage message) {
    HttpResponse response = (HttpResponse) message;
    if (Persistence.hasNoBody(response.status().code())) {
      cutOff = Persistence.announcesBody(response); // it may come
      return true;
    }
    doubtful |= Persistence.mendTransferEncoding(response);
    cutOff = lines.areDoubtful() && !Persistence.tellsItsEnd(response);
    return cutOff;
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage response) {
    super.handleTransferEncodingChunkedWithContentLength(response);
    doubtful = true;
  }
}
