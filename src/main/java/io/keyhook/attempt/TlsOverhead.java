package io.keyhook.attempt;

// Records of TLS without content reach nothing above TLS, and each costs the event loop time.
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;

/**
 * Closes a connection whose TLS records bring too little content. Each key update (RFC 8446, 4.6.3) costs the event loop new
 * keys for a few bytes, and reaches no call, so no bound of an attempt counts it. Belongs in front of TLS, once the handshake
 * has ended, and to the connection's event loop.
 */
final class TlsOverhead extends ChannelInboundHandlerAdapter {
  /** Of a request and the time until the next, in bytes: a thousand records, or the largest of session tickets. */
  private static final int MAX = 32 * 1024;

  /** Bytes of records since the latest request, without their content. */
  private int bytes;

  /** A request begins. */
  void begin() {
    bytes = 0;
  }

  /**
   * @param length of content that came in records, in bytes
   */
  void content(int length) {
    bytes -= length;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf records = (ByteBuf) message;
    if (bytes > MAX) {
      records.release();
      context.fireExceptionCaught(new DecoderException("TLS has too many records of too little content"));
      context.close(); // without a farewell that the receiver may not read
    } else {
      bytes += records.readableBytes();
      context.fireChannelRead(records);
    }
  }
}
