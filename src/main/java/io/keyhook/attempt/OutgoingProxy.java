package io.keyhook.attempt;

import io.keyhook.config.KeyhookOptions;
// Netty alone tells that the proxy, and not the endpoint, was not connected to.
import io.netty.handler.proxy.ProxyConnectException;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import java.time.Duration;
import java.util.Optional;
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
  /** In what Netty says if CONNECT gets no response in time. */
  private static final String HANGS = "timeout";
  /** In what Netty says if the proxy does not accept the credentials (RFC 9110, 15.5.8). */
  static final String CREDENTIALS_WANTED = "status: 407";

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
    Duration part = attempt.multipliedBy(2).dividedBy(5);
    return part.toMillis() < 1 ? Duration.ofMillis(1) : part; // no time means no limit to Netty
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
   * are the proxy's. Only if CONNECT gets no response, because the proxy hangs or closes the connection, the endpoint may be
   * the reason. It is taken for that while the proxy responds to others, and never for an outage of the proxy, which an
   * account could then cause.
   */
  AttemptError failure(Throwable e) {
    AttemptError error = AttemptError.of(e);
    return switch (error) {
      case CONNECTION_REFUSED, NO_ROUTE, DNS_FAILURE, TIMEOUT, PROXY_FAILURE -> {
        Optional<String> unanswered = unanswered(e);
        if (unanswered.isEmpty()) {
          uplink.fails(e);
        } else if (System.nanoTime() - answered < PAUSE.toNanos()) {
          yield unanswered.get().contains(HANGS) ? AttemptError.TIMEOUT : AttemptError.PROXY_REFUSED;
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
      log.warn("Attempts fail because {} does not respond to CONNECT: {}", uplink, e.getMessage());
    }
  }

  /** Returns what Netty says if the proxy accepted the connection, and did not respond to CONNECT; empty for other errors. */
  private static Optional<String> unanswered(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProxyConnectException) {
        return Optional.of(String.valueOf(cause.getMessage())).filter(message -> !message.contains(CREDENTIALS_WANTED));
      }
    }
    return Optional.empty();
  }

  /** It made a tunnel, or refused one. */
  void works() {
    answered = System.nanoTime();
    uplink.works();
  }
}
