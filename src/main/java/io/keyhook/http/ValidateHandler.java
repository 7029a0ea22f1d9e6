package io.keyhook.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.keyhook.KeyhookClient;
import io.keyhook.bus.Licenses.SignedValidation;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Licenses.ValidateSigned;
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

  private record SignedValid(@JsonUnwrapped Valid valid, String statement) {}

  private record SignedRefusal(boolean valid, String error, String code, String statement) {}

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
    ValidateSigned request = DeviceCall.read(context, addresses, limiter, (in, address) -> {
      Validate validate = in.part(() -> new Validate(
          in.text("licenseKey"), in.text("fingerprint"), in.text("deviceName"), in.text("deviceType"), address,
          in.text("productId")));
      return new ValidateSigned(validate, in.text("nonce"), in.bool("lease"));
    });
    if (request.isAsked()) {
      client.validateSigned(request).onComplete(signed -> answer(context, signed), context::fail);
    } else {
      client.validate(request.validate()).onComplete(validation -> answer(context, validation), context::fail);
    }
  }

  private static void answer(RoutingContext context, SignedValidation signed) {
    if (signed.statement() == null) {
      answer(context, signed.validation());
    } else if (signed.validation() instanceof Validation.Valid valid) {
      DeviceCall.answer(context, new SignedValid(valid(valid), signed.statement()));
    } else {
      Validation.Refused refused = (Validation.Refused) signed.validation();
      DeviceCall.answer(context, 403, new SignedRefusal(false, refused.error(), refused.name(), signed.statement()));
    }
  }

  private static void answer(RoutingContext context, Validation validation) {
    if (validation instanceof Validation.Valid valid) {
      DeviceCall.answer(context, valid(valid));
    } else {
      Validation.Refused refused = (Validation.Refused) validation;
      DeviceCall.VALIDATE.refuse(context.response(), refused == Validation.Refused.LICENSE_NOT_FOUND ? 404 : 403,
          refused.error(), refused.name());
    }
  }

  private static Valid valid(Validation.Valid valid) {
    return new Valid(true, new License(valid.name(), valid.expiresAt()), valid.currentActivations(), valid.maxActivations(),
        valid.graceUntil(), valid.entitlements());
  }
}
