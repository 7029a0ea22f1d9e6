package io.keyhook.http;

// Netty joins folded field lines in quadratic time, and Vert.x shows a request when that is done; it answers no body that
// cannot be read, reads a connection that pipelines without a pause, and cannot end what it writes while it reads on.
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.util.List;
import java.util.function.Supplier;

/**
 * Reads requests in small pieces: of a client that pipelines thousands of them, one turn of the event loop handles no more
 * than a piece contains, and other clients are served in between.
 *
 * <p>Refuses field lines that are folded (RFC 9112, 5.2). Netty joins a folded value piece by piece, which takes quadratic
 * time in a head and in a trailer. An unreadable body is reported in its turn, after the requests before it.
 */
final class RequestDecoder extends VertxHttpRequestDecoder {
  /** The name under which Vert.x adds and removes its decoder. */
  private static final String NAME = "httpDecoder";

  /** The part of the request to which the next byte belongs. Chunk sizes belong to the body, trailers to the fields. */
  private enum Part { REQUEST_LINE, FIELDS, BODY }

  /** The size of a piece: holds the whole head of most clients, or some 70 of the shortest. A body of 1 MB has 512 of them. */
  private static final int PIECE_BYTES = 2048;
  private static final RecvByteBufAllocator PIECES = new FixedRecvByteBufAllocator(PIECE_BYTES).maxMessagesPerRead(1);

  private final Runnable unreadable;
  private Part part = Part.REQUEST_LINE;
  private Throwable failure;

  private RequestDecoder(HttpServerOptions options, Runnable unreadable) {
    super(options);
    this.unreadable = unreadable;
  }

  /**
   * Reads the requests of a connection on which nothing has been read yet.
   *
   * @return whether they are of HTTP/1. Those of HTTP/2 are left to the decoder there is, in as small pieces
   * @param unreadable called on the event loop when the rest of the latest request's body cannot be read. What follows it is
   *     dropped
   */
  static boolean install(HttpConnection connection, HttpServerOptions options, Runnable unreadable) {
    Channel channel = channel(connection);
    channel.config().setRecvByteBufAllocator(PIECES);
    boolean single = channel.pipeline().get(NAME) != null;
    if (single) {
      channel.pipeline().replace(NAME, NAME, new RequestDecoder(options, unreadable));
    }
    return single;
  }

  /** Closes the sending side; what the client sends is still read (RFC 9112, 9.6). */
  static void endOutput(HttpConnection connection) {
    Channel channel = channel(connection);
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
      if (channel instanceof DuplexChannel socket) {
        socket.shutdownOutput();
      }
    });
  }

  /**
   * Returns what closes the socket that a connection was accepted on. Vert.x closes it together with the connections, those
   * whose first request is on its way included.
   */
  static Supplier<Future<Void>> closesListener(HttpConnection connection) {
    Channel listening = channel(connection).parent();
    return () -> {
      Promise<Void> closed = Promise.promise();
      listening.close().addListener(done -> closed.complete());
      return closed.future();
    };
  }

  private static Channel channel(HttpConnection connection) {
    return ((HttpServerConnection) connection).channelHandlerContext().channel();
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
    int start = in.readerIndex();
    if (part != Part.BODY) {
      spoilFold(in);
    }
    super.decode(context, in, out);
    Object read = out.isEmpty() ? null : out.get(out.size() - 1);
    if (read instanceof HttpContent content && !(read instanceof HttpRequest) && content.decoderResult().isFailure()) {
      failure = content.decoderResult().cause();
    } else if (read instanceof LastHttpContent) {
      part = Part.REQUEST_LINE;
    } else if (read instanceof HttpRequest) {
      part = Part.BODY;
    } else if (read == null && part == Part.BODY && isLastChunk(in, start)) {
      part = Part.FIELDS;
    }
  }

  /** Vert.x fails the connection with what the body failed with, in its turn, and would close it without an answer. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable e) throws Exception {
    if (e == failure) {
      unreadable.run();
    } else {
      super.exceptionCaught(context, e);
    }
  }

  /**
   * Makes the first line that begins with white space one that no decoder takes, and leaves refusing it to the one there is.
   * Complete lines are read at once, so what is there begins with a whole line.
   */
  private void spoilFold(ByteBuf in) {
    int line = in.readerIndex();
    if (part == Part.REQUEST_LINE) {
      while (line < in.writerIndex() && isSkipped(in.getByte(line))) {
        line++;
      }
      int end = endOfLine(in, line);
      if (end < 0) {
        return;
      }
      part = Part.FIELDS;
      line = end;
    }
    while (line >= 0 && line < in.writerIndex() && !isEmpty(in, line)) {
      byte first = in.getByte(line);
      if (first == ' ' || first == '\t') {
        in.setByte(line, 0);
        return;
      }
      line = endOfLine(in, line);
    }
  }

  /** Bytes that Netty skips before a request. */
  private static boolean isSkipped(byte b) {
    return Character.isISOControl(b & 0xff) || b == ' ';
  }

  /** Returns the start of the next line, or a negative number if this one has no end. */
  private static int endOfLine(ByteBuf in, int line) {
    int feed = in.indexOf(line, in.writerIndex(), (byte) '\n');
    return feed < 0 ? feed : feed + 1;
  }

  private static boolean isEmpty(ByteBuf in, int line) {
    byte first = in.getByte(line);
    return first == '\n' || first == '\r' && line + 1 < in.writerIndex() && in.getByte(line + 1) == '\n';
  }

  /** Whether what was read since then is the size of the last chunk: zero, however long. */
  private static boolean isLastChunk(ByteBuf in, int start) {
    int end = start;
    while (end < in.readerIndex() && in.getByte(end) == '0') {
      end++;
    }
    return end > start && end < in.readerIndex() && Character.digit(in.getByte(end), 16) < 0;
  }
}
