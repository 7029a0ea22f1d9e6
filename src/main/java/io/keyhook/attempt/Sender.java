package io.keyhook.attempt;

import io.keyhook.target.Resolver;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes attempts. It uses the client that {@code WebClient} wraps: what must be bounded (the time of a whole exchange,
 * and how much a receiver sends) WebClient does not bound, and its phases and copies of the headers cost more than all
 * the rest of an attempt here. {@link Exchange} keeps the bounds. Belongs to one event loop.
 */
public final class Sender {
  private static final int KEEP_ALIVE_SECONDS = 30;
  /** A receiver may ask for a longer keep-alive, or for one without end. */
  private static final int MAX_CONNECTION_SECONDS = 120;

  private final Vertx vertx;
  private final Resolver resolver;
  private final TargetPolicy policy;
  private final Duration timeout;
  private final HttpClient reusing;
  private final HttpClient fresh;

  /** With what Vert.x resolves and Java trusts. */
  public Sender(Vertx vertx, TargetPolicy policy, Duration timeout, int maxInFlight) {
    this(vertx, Resolver.of(vertx), policy, null, timeout, maxInFlight);
  }

  /**
   * @param trust whose certificates are good; null: what Java trusts
   * @param timeout of a whole attempt
   * @param maxInFlight attempts that the caller makes at once: none waits for a connection
   */
  Sender(
      Vertx vertx, Resolver resolver, TargetPolicy policy, TrustOptions trust, Duration timeout, int maxInFlight) {
    this.vertx = vertx;
    this.resolver = resolver;
    this.policy = policy;
    this.timeout = timeout;
    this.reusing = client(trust, maxInFlight, true);
    this.fresh = client(trust, maxInFlight, false);
  }

  private HttpClient client(TrustOptions trust, int maxInFlight, boolean keepAlive) {
    // A connection that is being made cannot be canceled: it is given up by these, or is the next attempt's.
    HttpClientOptions options = new HttpClientOptions()
        .setVerifyHost(true)
        .setDecompressionSupported(false)
        .setConnectTimeout((int) timeout.toMillis())
        .setSslHandshakeTimeout(timeout.toMillis()).setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setKeepAlive(keepAlive)
        .setKeepAliveTimeout(KEEP_ALIVE_SECONDS);
    if (trust != null) {
      options.setTrustOptions(trust);
    }
    return vertx.httpClientBuilder().with(options)
        .with(new PoolOptions().setHttp1MaxSize(maxInFlight).setMaxLifetime(MAX_CONNECTION_SECONDS))
        .withConnectHandler(Inbound::install)
        .build();
  }

  /**
   * Never fails: what goes wrong is in the attempt.
   *
   * @param headers of this attempt; {@code Host} is added
   */
  public Future<Attempt> send(Target target, MultiMap headers, Buffer body) {
    Exchange exchange = new Exchange(vertx, timeout);
    Future<List<InetAddress>> resolved =
        target.literal().isPresent() ? Future.succeededFuture(List.of()) : resolver.resolve(target.host());
    resolved.map(addresses -> policy.pick(target, addresses))
        .onComplete(address -> send(reusing, exchange, request(target, address, headers), body), exchange::fail);
    return exchange.attempt();
  }

  /** To the address that was checked; Host, SNI and the name in the certificate are the target's. */
  private static RequestOptions request(Target target, InetAddress address, MultiMap headers) {
    return new RequestOptions()
        .setServer(SocketAddress.inetSocketAddress(target.port(), address.getHostAddress()))
        .setHost(target.host())
        .setPort(target.port())
        .setSsl(target.ssl())
        .setMethod(HttpMethod.POST)
        .setURI(target.requestUri())
        .setFollowRedirects(false)
        .setHeaders(headers.set(HttpHeaders.HOST, target.hostHeader()));
  }

  private void send(HttpClient client, Exchange exchange, RequestOptions options, Buffer body) {
    if (!exchange.isOver()) {
      client.request(options).onComplete(
          request -> exchange.send(request, body, e -> broken(client, exchange, options, body, e)),
          e -> broken(client, exchange, options, body, e));
    }
  }

  /** A receiver may close a kept connection just as it is used again; that is not this attempt's failure yet. */
  private void broken(HttpClient client, Exchange exchange, RequestOptions options, Buffer body, Throwable e) {
    if (client == reusing && exchange.mayStartAgain(e)) {
      send(fresh, exchange, options, body);
    } else {
      exchange.fail(e);
    }
  }

  public void close() {
    reusing.close();
    fresh.close();
  }
}
