package io.keyhook.delivery;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import io.vertx.ext.web.client.impl.ClientPhase;
import io.vertx.ext.web.client.impl.HttpContext;
import io.vertx.ext.web.client.impl.WebClientInternal;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Makes attempts, on {@link WebClient}. It has no bound that holds for a whole exchange, so an interceptor hands each
 * {@link Exchange} the request beneath, and that one ends it in time. Belongs to one event loop.
 */
final class Sender {
  private static final int KEEP_ALIVE_SECONDS = 30;

  private final Vertx vertx;
  private final TargetPolicy policy;
  private final Duration timeout;
  private final WebClientInternal reusing;
  private final WebClientInternal fresh;
  private final Set<HttpConnection> used = Collections.newSetFromMap(new WeakHashMap<>());

  /**
   * @param timeout of a whole attempt
   * @param maxInFlight attempts that the caller makes at once: none waits for a connection
   */
  Sender(Vertx vertx, TargetPolicy policy, Duration timeout, int maxInFlight) {
    this.vertx = vertx;
    this.policy = policy;
    this.timeout = timeout;
    this.reusing = client(vertx, maxInFlight, true);
    this.fresh = client(vertx, maxInFlight, false);
  }

  private WebClientInternal client(Vertx vertx, int maxInFlight, boolean keepAlive) {
    WebClientOptions options = new WebClientOptions()
        .setUserAgentEnabled(false)
        .setFollowRedirects(false)
        .setConnectTimeout((int) timeout.toMillis())
        .setKeepAlive(keepAlive)
        .setKeepAliveTimeout(KEEP_ALIVE_SECONDS);
    WebClientInternal client = (WebClientInternal) WebClient.create(vertx, options,
        new PoolOptions().setHttp1MaxSize(maxInFlight));
    client.addInterceptor(this::intercept);
    return client;
  }

  private void intercept(HttpContext<?> context) {
    if (context.request().bodyCodec() instanceof Exchange exchange) {
      if (context.phase() == ClientPhase.SEND_REQUEST) {
        HttpConnection connection = context.clientRequest().connection();
        exchange.connected(context.clientRequest(), !used.add(connection));
      } else if (context.phase() == ClientPhase.RECEIVE_RESPONSE) {
        exchange.answered(context.clientResponse().statusCode());
      }
    }
    context.next();
  }

  /** Never fails: what goes wrong is in the attempt. */
  Future<Attempt> send(Target target, MultiMap headers, Buffer body) {
    Exchange exchange = new Exchange(vertx, timeout);
    Future<List<InetAddress>> resolved =
        target.literal().isPresent() ? Future.succeededFuture(List.of()) : Resolver.resolve(vertx, target.host());
    resolved.map(addresses -> policy.pick(target, addresses))
        .onSuccess(address -> send(reusing, exchange, target, address, headers, body))
        .onFailure(exchange::fail);
    return exchange.attempt();
  }

  private void send(
      WebClient client, Exchange exchange, Target target, InetAddress address, MultiMap headers, Buffer body) {
    if (exchange.isOver()) {
      return;
    }
    HttpRequest<Void> request = client
        .request(HttpMethod.POST, SocketAddress.inetSocketAddress(target.port(), address.getHostAddress()), target.port(),
            target.host(), target.requestUri())
        .ssl(target.ssl())
        .as(exchange);
    request.headers().addAll(headers);
    request.headers().set("Host", target.hostHeader());
    request.sendBuffer(body).onSuccess(response -> exchange.complete()).onFailure(e -> {
      // A receiver may close a kept connection just as it is used again; that is not this attempt's failure yet.
      if (client == reusing && exchange.mayRetryFresh(AttemptError.of(e))) {
        send(fresh, exchange, target, address, headers, body);
      } else {
        exchange.fail(e);
      }
    });
  }

  void close() {
    reusing.close();
    fresh.close();
  }
}
