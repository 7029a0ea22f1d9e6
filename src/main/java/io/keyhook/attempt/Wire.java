package io.keyhook.attempt;

// Only a reset of the HttpClientRequest ends an exchange in time and frees its connection, and WebClient shows it to
// interceptors alone; only the connection's pipeline takes ReceiverCodec.
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.impl.HttpClientBuilderInternal;
import io.vertx.core.http.impl.HttpClientConnectionInternal;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import io.vertx.ext.web.client.impl.HttpContext;
import io.vertx.ext.web.client.impl.WebClientInternal;

/**
 * The place where sending reaches beneath {@link WebClient}, for what it has no hook of its own for:
 * <ul>
 *   <li>{@link WebClientInternal#addInterceptor} gives each {@link Call} its {@link HttpClientRequest} before it is sent.
 *       A reset of it is the only way to end an exchange at a time and to free the connection's place, and whether it is
 *       the first on its connection decides whether it may start again. It gives the head of the response as it comes,
 *       so that an attempt that ends within the body still has a status.
 *   <li>{@link HttpClientConnectionInternal#channelHandlerContext} leads to the Netty pipeline, in which
 *       {@link ReceiverCodec} counts what comes, and reads it.
 * </ul>
 */
final class Wire {
  private Wire() {}

  /**
   * Checks Netty's version: a host whose own dependencies choose an older one would deliver nothing.
   *
   * @throws IllegalStateException it is older than what {@link ReceiverCodec} needs
   */
  static void requireNetty() {
    try {
      HttpDecoderConfig.class.getMethod("setUseRfc9112TransferEncoding", boolean.class);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("The class path has a version of Netty that is too old for Keyhook. Import"
          + " io.netty:netty-bom in the version of Keyhook's pom.xml into your dependencyManagement, before Vert.x's", e);
    }
  }

  /** A client whose requests are made with {@code as(call)}, a call for each. The caller closes it. */
  static WebClient client(Sockets sockets, HttpClientOptions options, PoolOptions pool) {
    WebClientOptions plain = new WebClientOptions().setUserAgentEnabled(false).setFollowRedirects(false);
    WebClient client = WebClient.wrap(
        new HttpClientBuilderInternal(sockets).with(options).with(pool.setEventLoopSize(1)).withConnectHandler(Wire::install)
            .build(), plain);
    ((WebClientInternal) client).addInterceptor(Wire::intercept);
    return client;
  }

  private static void intercept(HttpContext<?> context) {
    Call call = (Call) context.request().bodyCodec();
    switch (context.phase()) {
      case SEND_REQUEST -> {
        context.clientRequest().exceptionHandler(e -> { }); // the future has it, and Vert.x would log it
        Throwable refused = call.begin(context.clientRequest());
        if (refused != null) {
          context.fail(refused); // which gives the connection back
          return;
        }
      }
      case RECEIVE_RESPONSE -> call.answered(context.clientResponse());
      default -> { }
    }
    context.next();
  }

  /** On a connection that was just made. Also keeps Vert.x from logging what its receiver does wrong. */
  private static void install(HttpConnection connection) {
    ChannelPipeline pipeline = pipeline(connection);
    TlsOverhead tls = new TlsOverhead();
    pipeline.replace(HttpClientCodec.class, ReceiverCodec.class.getSimpleName(), new ReceiverCodec(tls));
    if (connection.isSsl()) {
      pipeline.addFirst(tls);
    }
    connection.exceptionHandler(e -> { });
  }

  static ReceiverCodec codec(HttpConnection connection) {
    return pipeline(connection).get(ReceiverCodec.class);
  }

  private static ChannelPipeline pipeline(HttpConnection connection) {
    return ((HttpClientConnectionInternal) connection).channelHandlerContext().pipeline();
  }
}
