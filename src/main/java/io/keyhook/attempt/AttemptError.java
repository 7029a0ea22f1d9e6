package io.keyhook.attempt;

import io.keyhook.target.NoNameServerException;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.UnresolvedTargetException;
// The client fails with Netty's exceptions, and nothing else tells these errors apart.
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.proxy.ProxyConnectException;
import io.netty.handler.ssl.SslClosedEngineException;
import io.vertx.core.VertxException;
import io.vertx.core.http.HttpClosedException;
import java.io.IOException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/** Why an attempt got no answer, by the names that the log shows. */
public enum AttemptError {
  /** The wall clock of the attempt ran out, whatever it was waiting for. */
  TIMEOUT,
  CONNECTION_REFUSED,
  NO_ROUTE,
  DNS_FAILURE,
  TLS_FAILURE,
  CONNECTION_RESET,
  PROTOCOL_ERROR,
  NETWORK_ERROR,
  /** The address is not one that a webhook may reach. */
  TARGET_REFUSED,
  /** The proxy for deliveries cannot be reached, does not accept Keyhook's credentials, or broke off. */
  PROXY_FAILURE,
  /** The proxy for deliveries works, and refused the connection to the endpoint, could not make it, or closed it. */
  PROXY_REFUSED,
  /** None of this machine's name servers works. */
  RESOLVER_FAILURE,
  /** The token endpoint issued no access token, so nothing was sent. */
  TOKEN_ERROR;

  /** What the system says, where it has no exception of its own for it. */
  private static final Map<String, AttemptError> SAID = Map.of(
      "refused", CONNECTION_REFUSED,
      "unreachable", NO_ROUTE,
      "No route", NO_ROUTE,
      "timed out", TIMEOUT,
      "reset", CONNECTION_RESET,
      "Broken pipe", CONNECTION_RESET);

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it says nothing about the endpoint: the fault is on Keyhook's side of the connection. */
  public boolean isKeyhooks() {
    return this == PROXY_FAILURE || this == RESOLVER_FAILURE;
  }

  static AttemptError of(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      Optional<AttemptError> known = ofCause(cause);
      if (known.isPresent()) {
        return known.get();
      }
    }
    return NETWORK_ERROR;
  }

  private static Optional<AttemptError> ofCause(Throwable e) {
    if (e instanceof RefusedTargetException) {
      return Optional.of(TARGET_REFUSED);
    } else if (e instanceof NoTokenException none) {
      return Optional.of(none.error());
    } else if (e instanceof ProxyConnectException) {
      return Optional.of(isRefusal(String.valueOf(e.getMessage())) ? PROXY_REFUSED : PROXY_FAILURE);
    } else if (e instanceof NoNameServerException) {
      return Optional.of(RESOLVER_FAILURE);
    } else if (e instanceof UnresolvedTargetException || e instanceof UnknownHostException) {
      return Optional.of(DNS_FAILURE);
    } else if (e instanceof ConnectTimeoutException || e instanceof TimeoutException) {
      return Optional.of(TIMEOUT);
    } else if (e instanceof NoRouteToHostException) {
      return Optional.of(NO_ROUTE);
    } else if (e instanceof HttpClosedException || e instanceof ClosedChannelException
        || e instanceof PrematureChannelClosureException || e instanceof SslClosedEngineException) {
      return Optional.of(CONNECTION_RESET);
    } else if (e instanceof SSLException || e.getCause() instanceof SSLHandshakeException) { // Netty's decoder wraps an alert
      return Optional.of(TLS_FAILURE);
    } else if (e instanceof IOException) {
      String message = String.valueOf(e.getMessage());
      return SAID.entrySet().stream().filter(said -> message.contains(said.getKey())).map(Map.Entry::getValue)
          .findFirst();
    } else if (e instanceof DecoderException || e instanceof VertxException || e instanceof IllegalArgumentException
        || e instanceof IllegalStateException) { // what Netty and Vert.x say of a message that they cannot read
      return Optional.of(PROTOCOL_ERROR);
    }
    return Optional.empty();
  }

  /** Whether the proxy responded to CONNECT, with a status other than the one that asks for credentials. */
  private static boolean isRefusal(String message) {
    return message.contains("status: ") && !message.contains(OutgoingProxy.CREDENTIALS_WANTED);
  }
}
