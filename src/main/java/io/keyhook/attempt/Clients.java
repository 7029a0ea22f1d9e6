package io.keyhook.attempt;

import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.ext.web.client.WebClient;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The HTTP clients of a {@link Sender}: a pair for all endpoints without a client certificate, and a pair for each certificate of a webhook.
 * Pairs share neither connections nor TLS sessions. Belongs to one event loop.
 */
final class Clients {
  private static final int KEEP_ALIVE_SECONDS = 30;
  /** A receiver may ask for a longer keep-alive, or for one without end. */
  private static final int MAX_CONNECTION_SECONDS = 120;
  private static final int MAX_IDENTITIES = 1_000;
  /** Handshakes computed at once in a Vert.x. The other half of the processors is left to requests. */
  private static final int HANDSHAKES = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
  /** Attempts that a client has begun end in their own time, before it is closed. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Vertx vertx;
  private final Sockets sockets;
  private final Egress egress;
  private final Duration timeout;
  private final int maxConnections;
  private final Consumer<ClientIdentity> onRetired;
  private final WorkerExecutor workers;
  private final Pair plain;
  /** The oldest first. */
  private final Map<ClientIdentity, Pair> identified = new LinkedHashMap<>();
  private final Set<Pair> retired = new HashSet<>();

  /**
   * Two clients with the same options.
   *
   * @param reusing keeps its connections
   * @param fresh opens a connection for each request
   */
  record Pair(WebClient reusing, WebClient fresh) {
    private void close() {
      reusing.close();
      fresh.close();
    }
  }

  /**
   * @param timeout of a whole attempt
   * @param maxConnections of a pool
   * @param onRetired runs when no request is to be made with an identity's clients any more
   */
  Clients(Vertx vertx, Sockets sockets, Egress egress, Duration timeout, int maxConnections, Consumer<ClientIdentity> onRetired) {
    this.vertx = vertx;
    this.sockets = sockets;
    this.egress = egress;
    this.timeout = timeout;
    this.maxConnections = maxConnections;
    this.onRetired = onRetired;
    this.workers = vertx.createSharedWorkerExecutor("keyhook-handshakes", HANDSHAKES);
    this.plain = pair(null);
  }

  /**
   * Returns the clients for an identity. Those of its webhook's earlier ones are retired.
   *
   * @param identity null: no certificate is shown
   */
  Pair of(ClientIdentity identity) {
    if (identity == null) {
      return plain;
    }
    Pair known = identified.get(identity);
    if (known != null) {
      return known;
    }
    List<ClientIdentity> before = identified.keySet().stream()
        .filter(other -> other.webhookId().equals(identity.webhookId())).toList();
    before.forEach(this::retire);
    if (identified.size() >= MAX_IDENTITIES) {
      retire(identified.keySet().iterator().next());
    }
    Pair pair = pair(new ClientKeys(ClientPem.read(identity.pem())));
    identified.put(identity, pair);
    return pair;
  }

  private void retire(ClientIdentity identity) {
    Pair pair = identified.remove(identity);
    onRetired.accept(identity);
    retired.add(pair);
    vertx.setTimer(timeout.plus(GRACE).toMillis(), t -> {
      if (retired.remove(pair)) {
        pair.close();
      }
    });
  }

  /**
   * @param keys null: no certificate is shown
   */
  private Pair pair(ClientKeys keys) {
    TlsSessions sessions = new TlsSessions(workers);
    return new Pair(client(sessions, keys, true), client(sessions, keys, false));
  }

  private WebClient client(TlsSessions sessions, ClientKeys keys, boolean keepAlive) {
    OutgoingProxy proxy = egress.proxy();
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
    if (keys != null) {
      options.setKeyCertOptions(KeyCertOptions.wrap(keys));
    }
    if (proxy != null) {
      options.setProxyOptions(proxy.options(OutgoingProxy.timeout(timeout)));
    }
    return Wire.client(sockets, options,
        new PoolOptions().setHttp1MaxSize(maxConnections).setMaxLifetime(MAX_CONNECTION_SECONDS));
  }

  void close() {
    plain.close();
    identified.values().forEach(Pair::close);
    retired.forEach(Pair::close);
    retired.clear();
    workers.close();
  }
}
