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
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.WebClient;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes attempts with Vert.x's {@link WebClient}. {@link Exchange} keeps their bounds, and {@link Wire} holds what that
 * takes beneath the client. Belongs to one event loop.
 */
public final class Sender {
  private static final Logger log = LoggerFactory.getLogger(Sender.class);
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
  private final Tokens tokens;
  private final Clients clients;
  private final Openings openings;
  private final Map<Destination, Route> routes = recentlyUsed(MAX_ROUTES);
  private final Map<PoolKey, Pool> pools = recentlyUsed(MAX_POOLS);

  /**
   * The target includes path and query: two webhooks share connections only if their URLs are the same.
   *
   * @param identity whose certificate is shown, of which each has connections of its own; null: none is
   * @param tokensOf the webhook whose token endpoint it is, of which each has connections of its own; null: it is an endpoint
   */
  private record Destination(UUID accountId, Target target, ClientIdentity identity, UUID tokensOf) {}

  private record PoolKey(Destination destination, InetAddress address) {}

  /**
   * With what Vert.x resolves.
   *
   * @param egress how connections leave this node
   * @param timeout of a whole attempt
   * @param maxConnections to one URL of an account. More attempts than that wait for one. Vert.x reserves memory for all of
   *     them with the first
   * @param onUnasked runs each time that a receiver sends bytes that no request has asked for
   * @throws IllegalStateException Netty is too old
   */
  public Sender(
      Vertx vertx, TargetPolicy policy, Egress egress, Duration timeout, int maxConnections, Runnable onUnasked) {
    this(vertx, Resolver.of(vertx, timeout.dividedBy(5), Resolver.PROBE, egress.watch()), policy, egress, timeout, maxConnections,
        System::nanoTime, onUnasked);
  }

  /**
   * @param nanoTime as {@link System#nanoTime()}: what a connection's quiet time and a token's age are counted by
   */
  Sender(
      Vertx vertx, Resolver resolver, TargetPolicy policy, Egress egress, Duration timeout, int maxConnections,
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
    this.tokens = new Tokens(nanoTime, time -> vertx.timer(Math.max(1, time.toMillis())), this::requestToken);
    this.clients = new Clients(vertx, sockets, egress, timeout, maxConnections, this::forget);
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
    Exchange exchange = new Exchange(vertx, timeout);
    Destination destination = new Destination(settings.accountId(), settings.target(), settings.identity(), null);
    ExtraHeaders extra = settings.extra();
    if (settings.grant() != null) {
      return authorized(exchange, destination, message, settings.grant()).map(attempt -> attempt.without(extra));
    }
    start(exchange, destination, message);
    return extra.isEmpty() ? exchange.attempt() : exchange.attempt().map(attempt -> attempt.without(extra));
  }

  /** With an access token, whose request counts toward the time of the attempt. */
  private Future<Attempt> authorized(Exchange exchange, Destination destination, Message message, Grant grant) {
    exchange.awaitsToken(true);
    Future<AccessToken> token = tokens.of(grant, message.isTest());
    token.onComplete(
        issued -> {
          exchange.awaitsToken(false);
          if (!exchange.wantsNoCall()) {
            start(exchange, destination, message.with(issued.headers()));
          }
        },
        e -> exchange.fail(e instanceof NoTokenException none ? none : NoTokenException.of(AttemptError.of(e))));
    return exchange.attempt().map(attempt -> {
      if (!token.succeeded()) {
        return attempt;
      }
      if (attempt.isUnauthorized()) {
        token.result().refuse();
      }
      return attempt.without(token.result().headers());
    });
  }

  private Future<Attempt> requestToken(Grant grant) {
    Target target = policy.check(grant.client().tokenUrl());
    Exchange exchange = new Exchange(vertx, timeout, TokenResponse.MAX_BYTES);
    start(exchange, new Destination(grant.accountId(), target, null, grant.webhookId()), grant.request());
    return exchange.attempt();
  }

  private void start(Exchange exchange, Destination destination, Message message) {
    Target target = destination.target();
    Future<List<InetAddress>> resolved =
        target.literal().isPresent() ? Future.succeededFuture(List.of())
            : Future.succeededFuture(target.host()).compose(resolver::resolve); // what it throws fails the attempt
    resolved.map(addresses -> policy.pick(target, addresses)).onComplete(
        addresses -> new Calls(vertx, sockets, exchange, routes.computeIfAbsent(destination, Route::new), addresses, message).start(),
        e -> exchange.fail(AttemptError.of(e)));
  }

  /** No connection of an identity is used any more. */
  private void forget(ClientIdentity identity) {
    routes.keySet().removeIf(destination -> identity.equals(destination.identity));
    pools.keySet().removeIf(pool -> identity.equals(pool.destination.identity));
  }

  public void close() {
    clients.close();
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
      Clients.Pair pair = clients.of(destination.identity()); // before, because it may forget pools
      return pools.computeIfAbsent(new PoolKey(destination, address), key -> new Pool(key, pair));
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
    private final Clients.Pair client;
    private final HttpRequest<Buffer> kept;

    private Pool(PoolKey key, Clients.Pair client) {
      this.client = client;
      destination = key.destination();
      address = key.address();
      server = new PoolAddress(address, destination.target().port());
      reuse = new Reuse(nanoTime, onUnasked, this::reuseLost);
      Target target = destination.target();
      line = new Line(vertx, reuse,
          openings.host(new Openings.Key(target.host(), target.port(), target.ssl(), address)), destination.accountId());
      kept = request(client.reusing());
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
      return request(client.fresh());
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
