package io.keyhook.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpClientCodec;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpClientConnectionInternal;

/**
 * Tells the exchange on a connection of every byte that comes for it, before it is read as HTTP: a receiver can send
 * without end what never shows as a body, such as interim responses. Belongs to the connection's event loop.
 */
final class Inbound extends ChannelInboundHandlerAdapter {
  private Exchange exchange;

  /** On a connection that was just made. Also keeps Vert.x from logging what its receiver does wrong. */
  static void install(HttpConnection connection) {
    ChannelPipeline pipeline = pipeline(connection);
    pipeline.addBefore(pipeline.context(HttpClientCodec.class).name(), Inbound.class.getSimpleName(), new Inbound());
    connection.exceptionHandler(e -> { });
  }

  static Inbound of(HttpConnection connection) {
    return pipeline(connection).get(Inbound.class);
  }

  private static ChannelPipeline pipeline(HttpConnection connection) {
    return ((HttpClientConnectionInternal) connection).channelHandlerContext().pipeline();
  }

  /**
   * @param exchange null: there is none
   */
  void isFor(Exchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (exchange != null && message instanceof ByteBuf bytes && !exchange.takes(bytes.readableBytes())) {
      bytes.release();
    } else {
      context.fireChannelRead(message);
    }
  }
}
