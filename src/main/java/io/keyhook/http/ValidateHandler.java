package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Licenses.Validation;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Instant;

/** Handles {@code POST /api/validate}: public, for any origin, with responses in their own form. */
final class ValidateHandler implements Handler<RoutingContext> {
  private static final CharSequence ANY = HttpHeaders.createOptimized("*");

  private record License(String name, Instant expiresAt) {}

  private record Valid(boolean valid, License license, int currentActivations, int maxActivations) {}

  private record Refused(boolean valid, String error, String code) {}

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
    String address = addresses.of(context.request());
    limiter.check(ClientTenant.of(address));
    Calls.refuseParameters(context);
    JsonBody.requireJson(context);
    Input in = Input.of(context.body().buffer());
    Validate request = in.into(() -> new Validate(
        in.text("licenseKey"), in.text("fingerprint"), in.text("deviceName"), in.text("deviceType"), address));
    client.validate(request)
        .onComplete(validation -> answer(context, validation), context::fail);
  }

  private static void answer(RoutingContext context, Validation validation) {
    if (validation instanceof Validation.Valid valid) {
      allowOrigin(context.response());
      Answers.json(context, 200, new Valid(true, new License(valid.name(), valid.expiresAt()),
          valid.currentActivations(), valid.maxActivations()));
    } else {
      Validation.Refused refused = (Validation.Refused) validation;
      refuse(context, refused == Validation.Refused.LICENSE_NOT_FOUND ? 404 : 403, refused.error(), refused.name());
    }
  }

  /** Sends a failure in the form of this call. */
  static void failed(RoutingContext context) {
    int status = context.failure() instanceof HttpException e ? e.getStatusCode() : context.statusCode();
    if (status >= 400 && status < 500) {
      refuse(context, status, JsonBody.explain(status, context.failure()), "INVALID_REQUEST");
    } else {
      Failure failure = Answers.failureOf(context, context.failure());
      Answers.headers(context.response(), failure);
      if (context.response().headers().contains(HttpHeaders.RETRY_AFTER)) {
        // without it, a page of another origin cannot read Retry-After
        context.response().putHeader(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After");
      }
      refuse(context, Answers.status(failure), failure.message(), failure.code());
    }
  }

  static void preflight(RoutingContext context) {
    allowOrigin(context.response());
    Answers.nothing(context.response()
        .putHeader("Access-Control-Allow-Methods", "POST, OPTIONS")
        .putHeader("Access-Control-Allow-Headers", "Content-Type")
        .putHeader("Access-Control-Max-Age", "86400"));
  }

  static void otherMethod(RoutingContext context) {
    context.response().putHeader(HttpHeaders.ALLOW, "POST, OPTIONS");
    refuse(context, 405, JsonBody.explain(405), "INVALID_REQUEST");
  }

  /** Returns whether a request is a validation, even if it reached no route. */
  static boolean isFor(HttpServerRequest request) {
    return "/api/validate".equals(request.path());
  }

  private static void refuse(RoutingContext context, int status, String error, String code) {
    refuse(context.response(), status, error, code);
  }

  static void refuse(HttpServerResponse response, int status, String error, String code) {
    allowOrigin(response);
    Answers.json(response, status, new Refused(false, error, code));
  }

  private static void allowOrigin(HttpServerResponse response) {
    response.headers().add(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
  }
}
