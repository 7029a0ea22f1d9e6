package io.keyhook.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.keyhook.KeyhookClient;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Licenses.Validation;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.Map;

/** Handles {@code POST /api/validate}. */
final class ValidateHandler implements Handler<RoutingContext> {
  private record License(String name, Instant expiresAt) {}

  /** What only some licenses have is left out where they have none. */
  private record Valid(
      boolean valid,
      License license,
      int currentActivations,
      int maxActivations,
      @JsonInclude(JsonInclude.Include.NON_NULL) Instant graceUntil,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Object> entitlements) {}

  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final RateLimiter limiter;

  ValidateHandler(KeyhookClient client, ClientAddress addresses, RateLimiter limiter) {
    this.client = client;
    this.addresses = addresses;
    this.limiter = limiter;
  }

  @Override
  public void handle(RoutingContext context) {
    Validate request = DeviceCall.read(context, addresses, limiter, (in, address) -> new Validate(
        in.text("licenseKey"), in.text("fingerprint"), in.text("deviceName"), in.text("deviceType"), address,
        in.text("productId")));
    client.validate(request)
        .onComplete(validation -> answer(context, validation), context::fail);
  }

  private static void answer(RoutingContext context, Validation validation) {
    if (validation instanceof Validation.Valid valid) {
      DeviceCall.answer(context, new Valid(true, new License(valid.name(), valid.expiresAt()),
          valid.currentActivations(), valid.maxActivations(), valid.graceUntil(), valid.entitlements()));
    } else {
      Validation.Refused refused = (Validation.Refused) validation;
      DeviceCall.VALIDATE.refuse(context.response(), refused == Validation.Refused.LICENSE_NOT_FOUND ? 404 : 403,
          refused.error(), refused.name());
    }
  }
}
