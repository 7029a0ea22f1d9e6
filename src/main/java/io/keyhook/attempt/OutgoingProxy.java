package io.keyhook.attempt;

import io.keyhook.config.KeyhookOptions;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP proxy that a node's connections to endpoints lead through, as tunnels (CONNECT: RFC 9110, 9.3.6). The tunnel is asked
 * for by an address that the target policy has judged, never by a name: the proxy would resolve a name itself, and the owner
 * of the name could answer the proxy otherwise than Keyhook, with an address that only the proxy's network reaches. TLS runs
 * inside the tunnel, with the name and the certificate check of the URL's host. Any thread.
 */
public final class OutgoingProxy {
  private static final Logger log = LoggerFactory.getLogger(OutgoingProxy.class);

  private final KeyhookOptions.Proxy proxy;
  private final AtomicBoolean fails = new AtomicBoolean();

  OutgoingProxy(KeyhookOptions.Proxy proxy) {
    this.proxy = proxy;
  }

  /**
   * As Vert.x takes it.
   *
   * @param timeout until the tunnel must be there
   */
  ProxyOptions options(Duration timeout) {
    return new ProxyOptions().setType(ProxyType.HTTP).setHost(proxy.host()).setPort(proxy.port())
        .setUsername(proxy.username().orElse(null)).setPassword(proxy.password().orElse(null)).setConnectTimeout(timeout);
  }

  /**
   * Returns the error of an attempt whose connection did not come about. Before the tunnel is there, all errors of the network
   * are the proxy's.
   */
  AttemptError failure(Throwable e) {
    AttemptError error = AttemptError.of(e);
    return switch (error) {
      case CONNECTION_REFUSED, NO_ROUTE, DNS_FAILURE, TIMEOUT, PROXY_FAILURE -> {
        if (fails.compareAndSet(false, true)) {
          log.warn("Deliveries fail because the proxy at {}:{} cannot be used: {}", proxy.host(), proxy.port(), e.getMessage());
        }
        yield AttemptError.PROXY_FAILURE;
      }
      default -> error;
    };
  }

  /** A connection leads through it. */
  void works() {
    if (fails.get() && fails.compareAndSet(true, false)) {
      log.info("Deliveries go through the proxy at {}:{} again", proxy.host(), proxy.port());
    }
  }
}
