package io.keyhook.http;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.fair.FairShare;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** The HTTP server; one instance an event loop, all on one port. */
public final class HttpVerticle extends VerticleBase {
  private static final Duration SLOW_LOOK = Duration.ofSeconds(1);
  private static final Duration DRAIN = Duration.ofSeconds(5);
  /** Longer than any call takes. */
  private static final Duration LAST_ANSWER = Duration.ofSeconds(60);
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int MAX_REQUEST_LINE = 8 * 1024;
  private static final int BACKLOG = 4096;

  private final KeyhookOptions.Http options;
  private final Function<Vertx, Router> router;
  private final AtomicInteger port;
  private final int freePort;
  private final Connections.Limits limits;
  private final Connections connections;
  private HttpServer server;

  /**
   * @param port set to the port that is listened on
   * @param freePort where any port is to be taken: a negative number of these instances' own, by which they share one
   * @param share of client addresses in the connections of all instances
   */
  public HttpVerticle(KeyhookOptions.Http options, Function<Vertx, Router> router, AtomicInteger port, int freePort,
      FairShare<String> share) {
    this(options, router, port, freePort, share, Connections.Limits.DEFAULT);
  }

  HttpVerticle(KeyhookOptions.Http options, Function<Vertx, Router> router, AtomicInteger port, int freePort,
      FairShare<String> share, Connections.Limits limits) {
    this.options = options;
    this.router = router;
    this.port = port;
    this.freePort = freePort;
    this.limits = limits;
    this.connections = new Connections(limits, share, System::nanoTime);
  }

  @Override
  public Future<?> start() {
    HttpServerOptions serverOptions = new HttpServerOptions()
        .setHost(options.host())
        .setPort(options.port() == 0 ? freePort : options.port())
        .setMaxHeaderSize(MAX_HEADERS)
        .setMaxInitialLineLength(MAX_REQUEST_LINE)
        .setAcceptBacklog(BACKLOG)
        .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
        .setWriteIdleTimeout((int) limits.unread().toMillis())
        .setHttp2ClearTextEnabled(false) // an upgrade that a proxy lets through would pass its rules by
        // there are no WebSockets: without these, each request passes one handler less
        .setPerFrameWebSocketCompressionSupported(false)
        .setPerMessageWebSocketCompressionSupported(false);
    server = vertx.createHttpServer(serverOptions);
    Router routes = router.apply(vertx);
    vertx.setPeriodic(SLOW_LOOK.toMillis(), timer -> connections.closeSlow());
    return server
        .connectionHandler(connection -> {
          RequestDecoder.install(connection, serverOptions, () -> connections.unreadable(connection));
          connections.opened(connection);
        })
        .invalidRequestHandler(Answers::unreadable)
        .requestHandler(request -> handle(request, routes))
        .listen()
        .onSuccess(listening -> port.set(listening.actualPort()))
        .recover(e -> Future.failedFuture(new IOException("cannot listen on " + options.host() + ":" + options.port()
            + " (http.host, http.port): " + e.getMessage(), e)));
  }

  private void handle(HttpServerRequest request, Router routes) {
    connections.begun(request);
    boolean coded = request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
    boolean readable = hasHost(request) && (!coded || isChunked(request));
    if (coded || !readable) {
      // RFC 9112, 6.1: nothing after it is believed, as its end may have been told in two ways
      request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
      request.connection().shutdown(LAST_ANSWER.toSeconds(), TimeUnit.SECONDS);
    }
    if (readable) {
      routes.handle(request);
    } else {
      Answers.unreadable(request);
    }
  }

  /** RFC 9112, 3.2: one, which names a host. Only HTTP/1.0 may leave it out. */
  private static boolean hasHost(HttpServerRequest request) {
    int hosts = request.headers().getAll(HttpHeaders.HOST).size();
    if (hosts == 0) {
      return request.version() == HttpVersion.HTTP_1_0;
    }
    HostAndPort host = hosts == 1 ? request.authority() : null;
    return host != null && !host.host().isEmpty() && (!host.host().startsWith("[") || host.host().chars().allMatch(c ->
        Character.digit(c, 16) >= 0 || "[]:.".indexOf(c) >= 0)); // Vert.x takes anything in brackets
  }

  /** And in no other way than every server and proxy understands. */
  private static boolean isChunked(HttpServerRequest request) {
    List<String> codings = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
    return request.version() == HttpVersion.HTTP_1_1 && codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked");
  }

  /** Requests under way are answered; new ones are not taken. */
  @Override
  public Future<?> stop() {
    return server.shutdown(DRAIN.toSeconds(), TimeUnit.SECONDS);
  }
}
