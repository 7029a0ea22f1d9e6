package io.keyhook.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects a proxy that is missing in {@code http.trustedProxies}: all its clients share one rate limit, and some are refused
 * because of others. One instance for all routers of a node; any thread.
 */
public final class UntrustedProxies {
  private static final Logger log = LoggerFactory.getLogger(UntrustedProxies.class);

  private final Counter refused;
  private final AtomicBoolean warned = new AtomicBoolean();

  public UntrustedProxies(MeterRegistry meters) {
    refused = Counter.builder("keyhook.requests.limited.untrusted.proxy")
        .description("Requests refused with 429 that a proxy outside http.trustedProxies forwarded").register(meters);
  }

  /**
   * Counts a request that was refused by a limit and says that it was forwarded. Warns of the first one.
   *
   * @param peer the address from which the request came
   */
  void refused(String peer) {
    refused.increment();
    if (warned.compareAndSet(false, true)) {
      log.warn("Requests from {} carry X-Forwarded-For or Forwarded and exceed a rate limit. If {} is your proxy, add it to"
          + " http.trustedProxies (KEYHOOK_HTTP_TRUSTED_PROXIES): until then, all its clients share one limit", peer, peer);
    }
  }
}
