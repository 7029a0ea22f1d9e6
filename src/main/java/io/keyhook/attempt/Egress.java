package io.keyhook.attempt;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.target.Resolver;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.net.TrustOptions;
import java.time.Duration;
import java.util.Optional;

/**
 * How connections leave this node.
 *
 * @param trust whose certificates are good; null: what Java trusts
 * @param proxy that connections lead through; null: they are direct
 * @param names the name servers
 */
public record Egress(TrustOptions trust, OutgoingProxy proxy, Uplink names) {

  public static Egress of(KeyhookOptions.Delivery options) {
    return new Egress(
        Trust.andJavas(options.trustStore()), options.proxy().map(OutgoingProxy::new).orElse(null), nameServers());
  }

  static Uplink nameServers() {
    return new Uplink("DNS");
  }

  /** Shows whether each part of it works. */
  public void publish(MeterRegistry meters) {
    publish(meters, "dns", names);
    if (proxy != null) {
      publish(meters, "proxy", proxy.uplink());
    }
  }

  private static void publish(MeterRegistry meters, String what, Uplink uplink) {
    Gauge.builder("keyhook.egress.available", uplink, link -> link.isAvailable() ? 1 : 0).tag("what", what)
        .description("Whether deliveries can leave the node by this way: 1, or 0").register(meters);
  }

  /**
   * Returns how long an endpoint's deliveries wait, without being counted, after an attempt that ended with this error.
   *
   * @param error null: there was none
   * @return empty where the attempt counts: the endpoint may be to blame, or this node has sent nothing for
   *     {@link Uplink#BOUND}
   */
  public Optional<Duration> wait(AttemptError error) {
    if (error == AttemptError.RESOLVER_FAILURE) {
      return names.backoff();
    }
    return error == AttemptError.PROXY_FAILURE && !proxy.uplink().isAvailable() ? proxy.uplink().backoff() : Optional.empty();
  }

  /** Notes what a resolver finds out about the name servers. */
  Resolver.Watch watch() {
    return new Resolver.Watch() {
      @Override
      public void silent(Throwable why) {
        names.fails(why);
      }

      @Override
      public void answers() {
        names.recovered();
      }
    };
  }
}
