package io.keyhook.http;

import io.keyhook.bus.StopBudget;
import io.keyhook.fair.FairShare;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** The HTTP server; one instance an event loop, all on one port. */
public final class HttpVerticle extends VerticleBase {
  private static final Duration SLOW_LOOK = Duration.ofSeconds(1);
  /** How soon a changed certificate is noticed. */
  private static final Duration CERTIFICATE_LOOK = Duration.ofSeconds(5);
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int MAX_REQUEST_LINE = 8 * 1024;
  private static final int BACKLOG = 4096;
  /** Of one HTTP/2 connection; clients expect no fewer (RFC 9113, 6.5.2). */
  private static final int MAX_STREAMS = 100;

  private final Listener listener;
  private final Function<Vertx, Router> router;
  private final StopBudget budget;
  private final Connections.Limits limits;
  private final Connections connections;
  private HttpServer server;

  /**
   * Creates one instance of a server.
   *
   * @param listener of all instances
   * @param share of client addresses in the connections of all instances
   * @param budget limits how long a stop waits for requests under way
   */
  public HttpVerticle(Listener listener, Function<Vertx, Router> router, FairShare<String> share, StopBudget budget) {
    this(listener, router, share, budget, Connections.Limits.DEFAULT);
  }

  HttpVerticle(Listener listener, Function<Vertx, Router> router, FairShare<String> share, StopBudget budget,
      Connections.Limits limits) {
    this.listener = listener;
    this.router = router;
    this.budget = budget;
    this.limits = limits;
    this.connections = new Connections(limits, share, System::nanoTime);
  }

  @Override
  public Future<?> start() {
    HttpServerOptions serverOptions = new HttpServerOptions()
        .setHost(listener.host())
        .setPort(listener.port())
        .setMaxHeaderSize(MAX_HEADERS)
        .setMaxInitialLineLength(MAX_REQUEST_LINE)
        .setAcceptBacklog(BACKLOG)
        .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
        .setWriteIdleTimeout((int) limits.unread().toMillis())
        .setTracingPolicy(listener.tracingPolicy())
        .setHttp2ClearTextEnabled(false) // an upgrade that a proxy lets through would pass its rules by
        // there are no WebSockets: without these, each request passes one handler less
        .setPerFrameWebSocketCompressionSupported(false)
        .setPerMessageWebSocketCompressionSupported(false);
    return listener.tls().map(tls -> tls.load(vertx).compose(ssl -> {
      vertx.setPeriodic(CERTIFICATE_LOOK.toMillis(), timer -> tls.reload(vertx, server));
      return listen(serverOptions.setSsl(true).setUseAlpn(true).setAlpnVersions(ServerTls.VERSIONS).setKeyCertOptions(ssl)
          .setSslEngineOptions(new JdkSSLEngineOptions().setUseWorkerThread(true)) // handshakes would delay all that it does
          .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(MAX_STREAMS).setMaxHeaderListSize(MAX_HEADERS))
          .setSslHandshakeTimeout(ServerTls.HANDSHAKE_SECONDS).setSslHandshakeTimeoutUnit(TimeUnit.SECONDS));
    })).orElseGet(() -> listen(serverOptions)).recover(e -> Future.failedFuture(listener.refused(e)));
  }

  private Future<HttpServer> listen(HttpServerOptions serverOptions) {
    server = vertx.createHttpServer(serverOptions);
    Router routes = router.apply(vertx);
    vertx.setPeriodic(SLOW_LOOK.toMillis(), timer -> connections.closeSlow());
    return server
        .connectionHandler(connection -> {
          boolean single = RequestDecoder.install(connection, serverOptions, () -> connections.unreadable(connection));
          listener.accepted(connection);
          connections.opened(connection, !single);
        })
        .invalidRequestHandler(request -> {
          SpanQuery.hide(request, listener.tracing());
          Answers.unreadable(request);
        })
        .requestHandler(request -> handle(request, routes))
        .listen()
        .onSuccess(listening -> listener.listening(listening.actualPort()));
  }

  private void handle(HttpServerRequest request, Router routes) {
    connections.begun(request);
    SpanQuery.hide(request, listener.tracing());
    boolean coded = request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
    boolean readable = hasHost(request) && (!coded || isChunked(request));
    if (coded || !readable) {
      Connections.endWith(request); // RFC 9112, 6.1: nothing after it is believed, as its end may have been told in two ways
    }
    if (readable) {
      routes.handle(request);
    } else {
      Answers.unreadable(request);
    }
  }

  /** RFC 9112, 3.2, and RFC 9113, 8.3.1: one, which names a host. Only HTTP/1.0 may leave it out. */
  private static boolean hasHost(HttpServerRequest request) {
    int hosts = request.headers().getAll(HttpHeaders.HOST).size();
    if (request.version() == HttpVersion.HTTP_2) { // it names it in another field, and Vert.x has compared both
      return hosts <= 1 && isName(request.authority());
    }
    if (hosts == 0) {
      return request.version() == HttpVersion.HTTP_1_0;
    }
    return hosts == 1 && isName(request.authority());
  }

  private static boolean isName(HostAndPort host) {
    return host != null && !host.host().isEmpty() && (!host.host().startsWith("[") || host.host().chars().allMatch(c ->
        Character.digit(c, 16) >= 0 || "[]:.".indexOf(c) >= 0)); // Vert.x takes anything in brackets
  }

  /** And in no other way than every server and proxy understands. */
  private static boolean isChunked(HttpServerRequest request) {
    List<String> codings = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
    return request.version() == HttpVersion.HTTP_1_1 && codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked");
  }

  /** Completes on this event loop. */
  private Future<Void> portClosed() {
    Promise<Void> closed = Promise.promise();
    listener.close().onComplete(done -> context.runOnContext(v -> closed.complete()));
    return closed.future();
  }

  /**
   * Stops in this order, so that no request is lost: the port closes, each connection ends with the answer to its request
   * under way or its next one, and then those that remain close.
   */
  @Override
  public Future<?> stop() {
    return portClosed().compose(closed -> connections.end(vertx, listener.idle()))
        .eventually(() -> server.shutdown(budget.left(StopBudget.Work.REQUESTS).toMillis(), TimeUnit.MILLISECONDS));
  }
}
