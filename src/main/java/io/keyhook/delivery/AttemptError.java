package io.keyhook.delivery;

import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.vertx.core.VertxException;
import io.vertx.core.http.HttpClosedException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** Why an attempt got no answer, by the names that the log shows. */
enum AttemptError {
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
  TARGET_REFUSED;

  /** What the system says of a connection that its peer has closed. */
  private static final Pattern CLOSED = Pattern.compile("reset|Broken pipe");

  String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  static AttemptError of(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof RefusedTargetException) {
        return TARGET_REFUSED;
      }
      if (cause instanceof UnresolvedTargetException || cause instanceof UnknownHostException) {
        return DNS_FAILURE;
      }
      if (cause instanceof SSLException) {
        return TLS_FAILURE;
      }
      if (cause instanceof ConnectTimeoutException || cause instanceof TimeoutException) {
        return TIMEOUT;
      }
      if (cause instanceof NoRouteToHostException) {
        return NO_ROUTE;
      }
      if (cause instanceof ConnectException) {
        return String.valueOf(cause.getMessage()).contains("refused") ? CONNECTION_REFUSED : NO_ROUTE;
      }
      if (cause instanceof HttpClosedException || cause instanceof ClosedChannelException
          || cause instanceof IOException && CLOSED.matcher(String.valueOf(cause.getMessage())).find()) {
        return CONNECTION_RESET;
      }
      if (cause instanceof DecoderException) {
        return PROTOCOL_ERROR;
      }
    }
    return e instanceof VertxException || e instanceof IllegalArgumentException ? PROTOCOL_ERROR : NETWORK_ERROR;
  }
}
