package io.keyhook.attempt;

import io.keyhook.config.KeyhookOptions;
import io.vertx.core.net.TrustOptions;

/**
 * How connections leave this node.
 *
 * @param trust whose certificates are good; null: what Java trusts
 * @param proxy that connections lead through; null: they are direct
 */
public record Egress(TrustOptions trust, OutgoingProxy proxy) {
  /** Direct, to endpoints that have certificates of authorities that Java trusts. */
  public static final Egress DIRECT = new Egress(null, null);

  public static Egress of(KeyhookOptions.Delivery options) {
    return new Egress(Trust.andJavas(options.trustStore()), options.proxy().map(OutgoingProxy::new).orElse(null));
  }
}
