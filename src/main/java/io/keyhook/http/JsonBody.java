package io.keyhook.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Locale;

/** What a body may be. */
final class JsonBody {
  static final int MAX_BYTES = 1024 * 1024;

  private JsonBody() {}

  /** A form would be taken apart as it comes in, and fail where its method has none: it is to be bytes like others. */
  static void takeNoForm(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && !isJson(type) && !CsvBody.isCsv(type)) {
      request.headers().set(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
    }
  }

  /** A body is JSON and says so; an empty one need not say anything. */
  static void requireJson(RoutingContext context) {
    String type = context.request().getHeader(HttpHeaders.CONTENT_TYPE);
    boolean empty = context.body().buffer() == null || context.body().length() == 0;
    if (type == null ? !empty : !isJson(type)) {
      throw new HttpException(415);
    }
  }

  private static boolean isJson(String type) {
    if (type.equals("application/json")) {
      return true;
    }
    String lower = type.toLowerCase(Locale.ROOT).replace(" ", "").replace("\"", "");
    return lower.equals("application/json") || lower.equals("application/json;charset=utf-8");
  }

  static String explain(int status) {
    return switch (status) {
      case 400 -> "The request is malformed";
      case 404 -> "There is no such resource";
      case 405 -> "This resource does not know this method; the Allow header tells which it knows";
      case 413 -> "The body is larger than " + MAX_BYTES + " bytes";
      case 414 -> "The URL is too long";
      case 415 -> "Send JSON, in UTF-8, with the header Content-Type: application/json";
      case 417 -> "The one expectation that is met is 100-continue";
      case 431 -> "The headers are too large";
      default -> "The request cannot be carried out";
    };
  }
}
