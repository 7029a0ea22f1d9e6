package io.keyhook.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.idempotency.Idempotency;
// HttpServerRequest.decoderResult is how Vert.x says which limit a request exceeded: 414, 431 or 400; the client's faults in
// HTTP/2 come as Netty has them.
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http2.Http2Exception;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes responses: JSON, and failures as in RFC 9457. The only class that maps failures to statuses. */
final class Answers {
  /** The {@code Retry-After} when the database is unavailable or the queue is full. */
  static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private static final Logger log = LoggerFactory.getLogger(Answers.class);

  static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
  private static final CharSequence PROBLEM = HttpHeaders.createOptimized("application/problem+json");

  /**
   * @param errors null: omitted
   */
  private record Problem(
      String type,
      String title,
      int status,
      String detail,
      String code,
      @JsonInclude(JsonInclude.Include.NON_NULL) List<Failure.FieldError> errors) {}

  private Answers() {}

  static void json(RoutingContext context, int status, Object body) {
    json(context.response(), status, body);
  }

  static void json(HttpServerResponse response, int status, Object body) {
    send(response, status, JSON, Buffer.buffer(JsonText.bytes(body)));
  }

  static void nothing(HttpServerResponse response) {
    SecurityHeaders.on(response).setStatusCode(204).end();
  }

  static void failure(RoutingContext context, Throwable e) {
    Failure failure = failureOf(context, e);
    headers(context.response(), failure);
    send(context.response(), problem(context.response(), failure));
  }

  /** Whether a failure is that the client broke the rules of HTTP/2, such as with a body of another length than it said. */
  static boolean isMalformed(Throwable e) {
    return e instanceof Http2Exception;
  }

  /** Returns the failure to send. Logs an unexpected one with the request's route, account and ID. */
  static Failure failureOf(RoutingContext context, Throwable e) {
    FailureException failed = FailureException.of(e);
    if (failed.failure() instanceof Failure.Internal) {
      Caller caller = Authentication.caller(context);
      log.error("Unexpected failure of {} {}, account {}, request {}: {}", context.request().method(),
          HttpMetrics.routeOf(context), caller == null ? "none" : Id.ACCOUNT.of(caller.accountId()), RequestId.of(context),
          String.valueOf(failed.getCause()));
    }
    return failed.failure();
  }

  /** Returns a failure as the response that {@link #failure} sends, without its headers. */
  static Idempotency.Answer answer(RoutingContext context, Failure failure) {
    return new Idempotency.Answer(status(failure), JsonText.of(problem(context.response(), failure)));
  }

  /** Sends the stored response of an earlier request. */
  static void again(RoutingContext context, Idempotency.Answer answer) {
    context.response().putHeader("Idempotent-Replayed", "true");
    send(context.response(), answer.status(), answer.status() < 300 ? JSON : PROBLEM, Buffer.buffer(answer.json()));
  }

  private static Problem problem(HttpServerResponse response, Failure failure) {
    return problem(response, status(failure), failure.code(), failure.message(),
        failure instanceof Failure.Invalid invalid ? invalid.errors() : null);
  }

  /** Returns HTTP's name of a status. Works only before the response is sent. */
  private static Problem problem(
      HttpServerResponse response, int status, String code, String detail, List<Failure.FieldError> errors) {
    String title = response.headWritten() ? "" : response.setStatusCode(status).getStatusMessage();
    return new Problem("about:blank", title, status, detail, code, errors);
  }

  /** Returns a problem with an HTTP status and no invalid field. */
  static void problem(RoutingContext context, int status, String detail) {
    problem(context.response(), status, detail);
  }

  /** Refuses a request that is not valid HTTP, before any route. Closes its connection, because what follows is unknown. */
  static void unreadable(HttpServerRequest request) {
    Throwable cause = request.decoderResult().cause();
    int status = cause instanceof TooLongHttpLineException ? 414 : cause instanceof TooLongHttpHeaderException ? 431 : 400;
    HttpServerResponse response = request.response();
    Connections.sayClose(request);
    DeviceCall.of(request).ifPresentOrElse(call -> call.refuse(response, status),
        () -> problem(response, status, JsonBody.explain(status)));
  }

  private static void problem(HttpServerResponse response, int status, String detail) {
    String code = switch (status) {
      case 404 -> "NOT_FOUND";
      case 405 -> "METHOD_NOT_ALLOWED";
      case 413 -> "PAYLOAD_TOO_LARGE";
      case 415 -> "UNSUPPORTED_MEDIA_TYPE";
      default -> "INVALID_REQUEST";
    };
    send(response, problem(response, status, code, detail, null));
  }

  /** Adds the headers of a failure, in any form. */
  static void headers(HttpServerResponse response, Failure failure) {
    if (failure instanceof Failure.Unauthorized || failure instanceof Failure.SessionEnded) {
      response.putHeader("WWW-Authenticate", "Bearer");
    } else if (failure instanceof Failure.RateLimited limited) {
      response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(Math.max(1, limited.retryAfter().toSeconds())));
    } else if (failure instanceof Failure.Unavailable) {
      response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(RETRY_AFTER.toSeconds()));
    }
  }

  private static void send(HttpServerResponse response, Problem problem) {
    send(response, problem.status, PROBLEM, Buffer.buffer(JsonText.bytes(problem)));
  }

  private static boolean isOpen(HttpServerResponse response) {
    return !response.ended() && !response.closed();
  }

  /** Sends a response that caches may keep. */
  static void cacheable(HttpServerResponse response, CharSequence cacheControl, CharSequence type, Buffer body) {
    send(response, cacheControl, 200, type, body);
  }

  /** Sends a response with a body, or only its length for HEAD. Does nothing if the response has already been sent. */
  static void send(HttpServerResponse response, int status, CharSequence type, Buffer body) {
    send(response, SecurityHeaders.NO_STORE, status, type, body);
  }

  private static void send(
      HttpServerResponse response, CharSequence cacheControl, int status, CharSequence type, Buffer body) {
    if (isOpen(response)) {
      SecurityHeaders.on(response, cacheControl).setStatusCode(status).headers().add(HttpHeaders.CONTENT_TYPE, type)
          .add(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
      response.end(body);
    }
  }

  static int status(Failure failure) {
    if (failure instanceof Failure.Invalid) {
      return 400;
    }
    if (failure instanceof Failure.Unauthorized || failure instanceof Failure.SessionEnded) {
      return 401;
    }
    if (failure instanceof Failure.PlanUpgradeRequired || failure instanceof Failure.PlanLimitReached
        || failure instanceof Failure.Forbidden) {
      return 403;
    }
    if (failure instanceof Failure.NotFound) {
      return 404;
    }
    if (failure instanceof Failure.Conflict) {
      return 409;
    }
    if (failure instanceof Failure.Unprocessable) {
      return 422;
    }
    if (failure instanceof Failure.RateLimited) {
      return 429;
    }
    if (failure instanceof Failure.NotImplemented) {
      return 501;
    }
    return failure instanceof Failure.Unavailable ? 503 : 500;
  }
}
