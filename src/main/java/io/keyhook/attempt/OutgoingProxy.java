package io.keyhook.attempt;

import io.keyhook.config.KeyhookOptions;
// Netty alone tells that the proxy, and not the endpoint, was not connected to.
import io.netty.handler.proxy.ProxyConnectException;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
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
  /** Between warnings, and for how long an answer shows that the proxy works. */
  private static final Duration PAUSE = Duration.ofMinutes(1);

  private final KeyhookOptions.Proxy proxy;
  private final Uplink uplink;
  private final AtomicLong warned = new AtomicLong(System.nanoTime() - PAUSE.toNanos());
  /** When it last answered, {@link System#nanoTime()}. */
  private volatile long answered = System.nanoTime() - PAUSE.toNanos();

  OutgoingProxy(KeyhookOptions.Proxy proxy) {
    this.proxy = proxy;
    this.uplink = new Uplink("the proxy at " + proxy.host() + ":" + proxy.port());
  }

  /** Whether it works. */
  Uplink uplink() {
    return uplink;
  }

  /**
   * Returns the time for the connection to the proxy, and again for its answer to CONNECT. Both end before the attempt does, or a proxy
   * that hangs would pass for an endpoint that does.
   *
   * @param attempt wall clock of the whole attempt
   */
  static Duration timeout(Duration attempt) {
    return attempt.multipliedBy(2).dividedBy(5);
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
   * are the proxy's. Only when CONNECT gets no answer it may be the endpoint that hangs: it is taken for that while the proxy
   * answers others, and in no case for an outage of the proxy, which an account could then cause.
   */
  AttemptError failure(Throwable e) {
    AttemptError error = AttemptError.of(e);
    return switch (error) {
      case CONNECTION_REFUSED, NO_ROUTE, DNS_FAILURE, TIMEOUT, PROXY_FAILURE -> {
        if (!isUnanswered(e)) {
          uplink.fails(e);
        } else if (System.nanoTime() - answered < PAUSE.toNanos()) {
          yield AttemptError.TIMEOUT;
        } else {
          warn(e);
        }
        yield AttemptError.PROXY_FAILURE;
      }
      case PROXY_REFUSED -> {
        works();
        yield error;
      }
      default -> error;
    };
  }

  private void warn(Throwable e) {
    long last = warned.get();
    long now = System.nanoTime();
    if (now - last >= PAUSE.toNanos() && warned.compareAndSet(last, now)) {
      log.warn("Attempts fail because {} does not answer: {}", uplink, e.getMessage());
    }
  }

  /** What Netty says where the proxy accepted the connection, and did not respond to CONNECT in time. */
  private static boolean isUnanswered(Throwable e) {
    return e instanceof ProxyConnectException && String.valueOf(e.getMessage()).contains("timeout");
  }

  /** It made a tunnel, or refused one. */
  void works() {
    answered = System.nanoTime();
    uplink.works();
  }
}
