package io.keyhook.attempt;

import io.keyhook.bus.Id;
import io.keyhook.bus.Version;
import io.keyhook.target.Resolver;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.WebClient;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes attempts with Vert.x's {@link WebClient}. {@link Exchange} keeps their bounds, and {@link Wire} holds what that
 * takes beneath the client. Belongs to one event loop.
 */
public final class Sender {
  private static final Logger log = LoggerFactory.getLogger(Sender.class);
  private static final int KEEP_ALIVE_SECONDS = 30;
  /** A receiver may ask for a longer keep-alive, or for one without end. */
  private static final int MAX_CONNECTION_SECONDS = 120;
  private static final int MAX_ROUTES = 10_000;
  private static final int MAX_POOLS = 10_000;
  private static final CharSequence USER_AGENT = HttpHeaders.createOptimized("Keyhook/" + Version.VERSION);
  private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");

  private final Vertx vertx;
  private final Resolver resolver;
  private final TargetPolicy policy;
  /** Null: connections are direct. */
  private final OutgoingProxy proxy;
  private final Duration timeout;
  private final LongSupplier nanoTime;
  private final Runnable onUnasked;
  private final Sockets sockets;
  private final WebClient reusing;
  private final WebClient fresh;
  private final Openings openings;
  private final Map<Destination, Route> routes = recentlyUsed(MAX_ROUTES);
  private final Map<PoolKey, Pool> pools = recentlyUsed(MAX_POOLS);

  /** The target includes path and query: two webhooks share connections only if their URLs are the same. */
  private record Destination(UUID accountId, Target target) {}

  private record PoolKey(Destination destination, InetAddress address) {}

  /**
   * With what Vert.x resolves.
   *
   * @param egress how connections leave this node
   * @param timeout of a whole attempt
   * @param maxInFlight attempts that the caller makes at once, and the most connections of a pool
   * @param onUnasked runs each time that a receiver sends bytes that no request has asked for
   * @throws IllegalStateException Netty is too old
   */
  public Sender(
      Vertx vertx, TargetPolicy policy, Egress egress, Duration timeout, int maxInFlight, Runnable onUnasked) {
    this(vertx, Resolver.of(vertx, timeout.dividedBy(5), Resolver.PROBE, egress.watch()), policy, egress, timeout, maxInFlight,
        System::nanoTime, onUnasked);
  }

  /**
   * @param nanoTime as {@link System#nanoTime()}: what a connection's quiet time is counted by
   */
  Sender(
      Vertx vertx, Resolver resolver, TargetPolicy policy, Egress egress, Duration timeout, int maxInFlight,
      LongSupplier nanoTime, Runnable onUnasked) {
    Wire.requireNetty();
    this.vertx = vertx;
    this.resolver = resolver;
    this.policy = policy;
    this.proxy = egress.proxy();
    this.timeout = timeout;
    this.nanoTime = nanoTime;
    this.onUnasked = onUnasked;
    this.openings = new Openings(vertx);
    this.sockets = new Sockets(vertx);
    TlsSessions sessions = new TlsSessions();
    this.reusing = client(egress, sessions, maxInFlight, true);
    this.fresh = client(egress, sessions, maxInFlight, false);
  }

  private WebClient client(Egress egress, TlsSessions sessions, int maxInFlight, boolean keepAlive) {
    HttpClientOptions options = new HttpClientOptions()
        .setVerifyHost(true)
        .setTracingPolicy(TracingPolicy.IGNORE) // a span of Vert.x holds the whole URL, which may be a secret
        .setSslEngineOptions(sessions)
        .setDecompressionSupported(false)
        .setConnectTimeout((int) (proxy == null ? timeout : OutgoingProxy.timeout(timeout)).toMillis())
        .setSslHandshakeTimeout(timeout.toMillis()).setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setKeepAlive(keepAlive)
        .setKeepAliveTimeout(KEEP_ALIVE_SECONDS);
    if (egress.trust() != null) {
      options.setTrustOptions(egress.trust());
    }
    if (proxy != null) {
      options.setProxyOptions(proxy.options(OutgoingProxy.timeout(timeout)));
    }
    return Wire.client(sockets, options,
        new PoolOptions().setHttp1MaxSize(maxInFlight).setMaxLifetime(MAX_CONNECTION_SECONDS));
  }

  static <K, V> Map<K, V> recentlyUsed(int max) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > max;
      }
    };
  }

  /** The headers that all attempts to a target have in common. */
  public static MultiMap headersTo(Target target) {
    return HttpHeaders.headers()
        .add(HttpHeaders.HOST, target.hostHeader())
        .add(HttpHeaders.CONTENT_TYPE, JSON)
        .add(HttpHeaders.USER_AGENT, USER_AGENT)
        .add(HttpHeaders.ACCEPT_ENCODING, HttpHeaders.IDENTITY);
  }

  /** Never fails: what goes wrong is in the attempt. */
  public Future<Attempt> send(EndpointSettings settings, Message message) {
    Target target = settings.target();
    Exchange exchange = new Exchange(vertx, timeout);
    Future<List<InetAddress>> resolved =
        target.literal().isPresent() ? Future.succeededFuture(List.of())
            : Future.succeededFuture(target.host()).compose(resolver::resolve); // what it throws fails the attempt
    resolved.map(addresses -> policy.pick(target, addresses)).onComplete(
        addresses -> new Calls(vertx, sockets, exchange, route(settings), addresses, message).start(),
        e -> exchange.fail(AttemptError.of(e)));
    ExtraHeaders extra = settings.extra();
    return extra.isEmpty() ? exchange.attempt() : exchange.attempt().map(attempt -> attempt.without(extra));
  }

  private Route route(EndpointSettings settings) {
    return routes.computeIfAbsent(new Destination(settings.accountId(), settings.target()), Route::new);
  }

  public void close() {
    reusing.close();
    fresh.close();
  }

  /** A URL as one account sends to it, and the address that worked last. */
  final class Route {
    private final Destination destination;
    private InetAddress working;
    private int skipped;

    private Route(Destination destination) {
      this.destination = destination;
    }

    boolean isTls() {
      return destination.target().ssl();
    }

    /** The address that worked last, which the next attempt tries first; null: none has. */
    InetAddress working() {
      return working;
    }

    /** Returns how many addresses the attempts before have tried, and counts those of one more. Never negative. */
    int skip(int tried) {
      int before = skipped;
      skipped = skipped + tried & Integer.MAX_VALUE;
      return before;
    }

    void works(InetAddress address) {
      working = address;
      if (proxy != null) {
        proxy.works();
      }
    }

    AttemptError whyNotConnected(Throwable e) {
      return proxy == null ? AttemptError.of(e) : proxy.failure(e);
    }

    Pool pool(InetAddress address) {
      return pools.computeIfAbsent(new PoolKey(destination, address), Pool::new);
    }
  }

  /**
   * The connections of a route to one of its addresses, and whether they may be used again. {@link Reuse} judges exactly
   * the connections that a request of this pool can get.
   */
  final class Pool {
    private final Destination destination;
    private final InetAddress address;
    private final SocketAddress server;
    private final Reuse reuse;
    private final Line line;
    private final HttpRequest<Buffer> kept;

    private Pool(PoolKey key) {
      destination = key.destination();
      address = key.address();
      server = new PoolAddress(address, destination.target().port());
      reuse = new Reuse(nanoTime, onUnasked, this::reuseLost);
      Target target = destination.target();
      line = new Line(vertx, reuse,
          openings.host(new Openings.Key(target.host(), target.port(), target.ssl(), address)), destination.accountId());
      kept = request(reusing);
    }

    private void reuseLost() {
      log.warn("{} of {} sends bytes outside of responses; each attempt uses a connection of its own until it has sent"
          + " none for {} min", destination.target().host(), Id.ACCOUNT.of(destination.accountId()),
          reuse.lostFor().toMinutes());
    }

    InetAddress address() {
      return address;
    }

    Reuse reuse() {
      return reuse;
    }

    Line line() {
      return line;
    }

    /** Returns a request on a kept connection if there is one, unless the pool has lost reuse. */
    HttpRequest<Buffer> request() {
      return reuse.isPossible() ? kept.copy() : requestAfresh();
    }

    HttpRequest<Buffer> requestAfresh() {
      return request(fresh);
    }

    /** To the address that was checked; Host, SNI and the name in the certificate are the target's. */
    private HttpRequest<Buffer> request(WebClient client) {
      Target target = destination.target();
      return client.request(HttpMethod.POST, server, new RequestOptions()
          .setHost(target.host())
          .setPort(target.port())
          .setSsl(target.ssl())
          .setURI(target.requestUri())
          .setFollowRedirects(false)
          .setHeaders(headersTo(target)));
    }
  }
}
