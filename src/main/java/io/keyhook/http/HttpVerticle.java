package io.keyhook.http;

import io.keyhook.config.KeyhookOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** The HTTP server; one instance an event loop, all on one port. */
public final class HttpVerticle extends VerticleBase {
  private static final Duration IDLE = Duration.ofSeconds(60);
  private static final Duration DRAIN = Duration.ofSeconds(5);
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int MAX_REQUEST_LINE = 8 * 1024;
  private static final int BACKLOG = 4096;

  private final KeyhookOptions.Http options;
  private final Function<Vertx, Router> router;
  private final AtomicInteger port;
  private final int freePort;
  private HttpServer server;

  /**
   * @param port set to the port that is listened on
   * @param freePort where any port is to be taken: a negative number of these instances' own, by which they share one
   */
  public HttpVerticle(KeyhookOptions.Http options, Function<Vertx, Router> router, AtomicInteger port, int freePort) {
    this.options = options;
    this.router = router;
    this.port = port;
    this.freePort = freePort;
  }

  @Override
  public Future<?> start() {
    server = vertx.createHttpServer(new HttpServerOptions()
        .setHost(options.host())
        .setPort(options.port() == 0 ? freePort : options.port())
        .setIdleTimeout((int) IDLE.toSeconds())
        .setMaxHeaderSize(MAX_HEADERS)
        .setMaxInitialLineLength(MAX_REQUEST_LINE)
        .setAcceptBacklog(BACKLOG)
        .setHandle100ContinueAutomatically(true)
        // there are no WebSockets: without these, each request passes one handler less
        .setPerFrameWebSocketCompressionSupported(false)
        .setPerMessageWebSocketCompressionSupported(false));
    server.invalidRequestHandler(Answers::unreadable);
    return server.requestHandler(router.apply(vertx)).listen()
        .onSuccess(listening -> port.set(listening.actualPort()))
        .recover(e -> Future.failedFuture(new IOException("cannot listen on " + options.host() + ":" + options.port()
            + " (http.host, http.port): " + e.getMessage(), e)));
  }

  /** Requests under way are answered; new ones are not taken. */
  @Override
  public Future<?> stop() {
    return server.shutdown(DRAIN.toSeconds(), TimeUnit.SECONDS);
  }
}
