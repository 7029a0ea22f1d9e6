package io.keyhook.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Set;

/** Checks of a body's type and coding. */
final class JsonBody {
  static final int MAX_BYTES = 1024 * 1024;
  private static final Buffer BYTE_ORDER_MARK = Buffer.buffer("\ufeff");
  /** Methods whose body is ignored (RFC 9110, 9.3.1, 9.3.2 and 9.3.5). */
  private static final Set<HttpMethod> WITHOUT_BODY = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE);

  private JsonBody() {}

  /** Hides the type of a form, which would be taken apart as it comes in: its bytes are to be read like others. */
  static void takeNoForm(HttpServerRequest request) {
    if (request.headers().contains(HttpHeaders.CONTENT_TYPE) && !MediaType.JSON.isOf(request)
        && !MediaType.CSV.isOf(request)) {
      request.headers().set(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
    }
  }

  /** Returns whether a body is empty, apart from a byte order mark. Null is empty. */
  static boolean isEmpty(Buffer body) {
    return body == null || body.length() == 0 || body.equals(BYTE_ORDER_MARK);
  }

  /** Refuses a body whose type is not JSON. A missing body is accepted with any type. */
  static void requireJson(RoutingContext context) {
    if (!isEmpty(context.body().buffer()) && !MediaType.JSON.isOf(context.request())) {
      throw new HttpException(415);
    }
  }

  /** Refuses a body in a content coding (RFC 9110, 15.5.16), before it is read. */
  static void requireIdentity(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (!WITHOUT_BODY.contains(request.method()) && request.headers().contains(HttpHeaders.CONTENT_ENCODING)
        && Connections.hasBody(request)
        && !request.headers().getAll(HttpHeaders.CONTENT_ENCODING).stream().allMatch("identity"::equalsIgnoreCase)) {
      context.response().putHeader(HttpHeaders.ACCEPT_ENCODING, HttpHeaders.IDENTITY);
      throw new HttpException(415, "Send the body without the header Content-Encoding");
    }
  }

  /**
   * @param failure null, or without a message: the response explains the status
   */
  static String explain(int status, Throwable failure) {
    return failure instanceof HttpException e && e.getPayload() != null ? e.getPayload() : explain(status);
  }

  static String explain(int status) {
    return switch (status) {
      case 400 -> "The request is malformed";
      case 404 -> "This resource does not exist";
      case 405 -> "This resource does not support this method; the Allow header lists those that it supports";
      case 413 -> "The body is larger than " + MAX_BYTES + " bytes";
      case 414 -> "The URL is too long";
      case 415 -> "Send JSON, in UTF-8, with the header Content-Type: application/json";
      case 417 -> "The only supported expectation is 100-continue";
      case 431 -> "The headers are too large";
      default -> "The request cannot be carried out";
    };
  }
}
