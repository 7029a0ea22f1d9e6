package io.keyhook.http;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a line to the log for each request whose response has ended. A line names the route and not the URL, and no header but the
 * request's ID, so that nothing a client sends by mistake gets into the log. Any thread.
 */
public final class AccessLog {
  /** To route or to silence by its name. */
  private static final Logger log = LoggerFactory.getLogger("io.keyhook.access");

  private final ClientAddress addresses;

  /**
   * @param trustedProxies valid addresses and CIDR ranges
   */
  public AccessLog(List<String> trustedProxies, UntrustedProxies untrusted) {
    this.addresses = new ClientAddress(trustedProxies, untrusted);
  }

  /**
   * @param route as {@code /api/licenses/:id}
   * @param status 0: the client left before the response began
   */
  void ended(HttpServerRequest request, String route, int status, long nanos, HttpServerResponse response) {
    if (log.isInfoEnabled()) {
      log.info("{} {} {} {} ms {} bytes from {}, request {}", request.method(), route, status == 0 ? "closed" : status,
          TimeUnit.NANOSECONDS.toMillis(nanos), response.bytesWritten(), addresses.of(request),
          response.headers().get(RequestId.HEADER));
    }
  }
}
