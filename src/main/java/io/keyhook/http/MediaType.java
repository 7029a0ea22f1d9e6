package io.keyhook.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Arrays;

/** Media types of request bodies (RFC 9110, 8.3.1). Parameters are ignored, except a charset, which must be UTF-8. */
enum MediaType {
  JSON("application/json"),
  CSV("text/csv");

  private final String name;

  MediaType(String name) {
    this.name = name;
  }

  /** Returns whether a request's body has this type. */
  boolean isOf(HttpServerRequest request) {
    String given = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (given == null || given.equals(name)) {
      return given != null;
    }
    String[] parts = given.split(";");
    return parts.length > 0 && parts[0].strip().equalsIgnoreCase(name)
        && Arrays.stream(parts).skip(1).allMatch(MediaType::isAnyOrUtf8);
  }

  private static boolean isAnyOrUtf8(String parameter) {
    String[] pair = parameter.split("=", 2);
    String value = pair.length < 2 || !pair[0].strip().equalsIgnoreCase("charset") ? "utf-8"
        : pair[1].replace("\"", "").strip();
    return value.equalsIgnoreCase("utf-8") || value.equalsIgnoreCase("utf8"); // the latter is no name, but common
  }
}
