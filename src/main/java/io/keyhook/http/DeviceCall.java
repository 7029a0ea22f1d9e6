package io.keyhook.http;

import io.keyhook.bus.Failure;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiFunction;

/** The calls that licensed software makes: public, for any origin, with responses in a form of their own, errors included. */
enum DeviceCall {
  VALIDATE("/api/validate") {
    @Override
    Object refusal(String error, String code) {
      return new NotValidated(false, error, code);
    }
  },
  DEACTIVATE("/api/deactivate") {
    @Override
    Object refusal(String error, String code) {
      return new NotDeactivated(false, error, code);
    }
  };

  private static final CharSequence ANY = HttpHeaders.createOptimized("*");
  private static final String INVALID = "INVALID_REQUEST";

  private record NotValidated(boolean valid, String error, String code) {}

  private record NotDeactivated(boolean deactivated, String error, String code) {}

  private final String path;

  DeviceCall(String path) {
    this.path = path;
  }

  /** The call that a request is for, even if it reached no route. */
  static Optional<DeviceCall> of(HttpServerRequest request) {
    return Arrays.stream(values()).filter(call -> call.path.equals(request.path())).findAny();
  }

  String path() {
    return path;
  }

  abstract Object refusal(String error, String code);

  /**
   * Reads a request, if the rate limit of its client admits it.
   *
   * @param request makes it of the body's fields and the client's address
   */
  static <T> T read(
      RoutingContext context, ClientAddress addresses, RateLimiter limiter, BiFunction<Input, String, T> request) {
    String address = addresses.of(context.request());
    limiter.check(ClientTenant.of(address));
    Calls.refuseParameters(context);
    JsonBody.requireJson(context);
    Input in = Input.of(context.body().buffer());
    return in.into(() -> request.apply(in, address));
  }

  /** Sends the result of a call that succeeded. */
  static void answer(RoutingContext context, Object result) {
    answer(context, 200, result);
  }

  /** Sends a result in a form of its own. */
  static void answer(RoutingContext context, int status, Object result) {
    allowOrigin(context.response());
    Answers.json(context, status, result);
  }

  /** Sends a failure in the form of this call. */
  void failed(RoutingContext context) {
    int status = context.failure() instanceof HttpException e ? e.getStatusCode() : context.statusCode();
    HttpServerResponse response = context.response();
    if (status >= 400 && status < 500) {
      refuse(response, status, JsonBody.explain(status, context.failure()), INVALID);
    } else {
      Failure failure = Answers.failureOf(context, context.failure());
      Answers.headers(response, failure);
      if (response.headers().contains(HttpHeaders.RETRY_AFTER)) {
        // without it, a page of another origin cannot read Retry-After
        response.putHeader(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After");
      }
      refuse(response, Answers.status(failure), failure.message(), failure.code());
    }
  }

  void preflight(RoutingContext context) {
    allowOrigin(context.response());
    Answers.nothing(context.response()
        .putHeader("Access-Control-Allow-Methods", "POST, OPTIONS")
        .putHeader("Access-Control-Allow-Headers", "Content-Type")
        .putHeader("Access-Control-Max-Age", "86400"));
  }

  void otherMethod(RoutingContext context) {
    context.response().putHeader(HttpHeaders.ALLOW, "POST, OPTIONS");
    refuse(context.response(), 405, JsonBody.explain(405), INVALID);
  }

  /** Refuses a request that HTTP itself does not allow. */
  void refuse(HttpServerResponse response, int status) {
    refuse(response, status, JsonBody.explain(status), INVALID);
  }

  void refuse(HttpServerResponse response, int status, String error, String code) {
    allowOrigin(response);
    Answers.json(response, status, refusal(error, code));
  }

  private static void allowOrigin(HttpServerResponse response) {
    response.headers().add(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
  }
}
