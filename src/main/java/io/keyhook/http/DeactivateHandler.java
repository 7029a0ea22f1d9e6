package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Licenses.Deactivate;
import io.keyhook.bus.Licenses.Deactivation;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/** Handles {@code POST /api/deactivate}, which counts towards the rate limit of validations. */
final class DeactivateHandler implements Handler<RoutingContext> {
  private record Deactivated(boolean deactivated, int currentActivations, int maxActivations) {}

  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final RateLimiter limiter;

  DeactivateHandler(KeyhookClient client, ClientAddress addresses, RateLimiter limiter) {
    this.client = client;
    this.addresses = addresses;
    this.limiter = limiter;
  }

  @Override
  public void handle(RoutingContext context) {
    Deactivate request = DeviceCall.read(context, addresses, limiter, (in, address) ->
        new Deactivate(in.text("licenseKey"), in.text("fingerprint"), address));
    client.deactivate(request).onComplete(deactivation -> answer(context, deactivation), context::fail);
  }

  private static void answer(RoutingContext context, Deactivation deactivation) {
    if (deactivation instanceof Deactivation.Done done) {
      DeviceCall.answer(context, new Deactivated(done.wasActivated(), done.currentActivations(), done.maxActivations()));
    } else {
      Deactivation.Refused refused = (Deactivation.Refused) deactivation;
      DeviceCall.DEACTIVATE.refuse(context.response(), refused == Deactivation.Refused.LICENSE_NOT_FOUND ? 404 : 403,
          refused.error(), refused.name());
    }
  }
}
