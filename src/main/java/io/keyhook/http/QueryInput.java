package io.keyhook.http;

import io.keyhook.bus.Page;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/** Reads the parameters of a query, as strictly as {@link Input} reads a body. */
final class QueryInput extends FieldReader {
  private static final Pattern LIMIT = Pattern.compile("[0-9]{1,4}");

  private final MultiMap parameters;

  QueryInput(RoutingContext context) {
    super("query");
    this.parameters = context.queryParams();
  }

  @Override
  String text(String name) {
    known(name);
    List<String> values = parameters.getAll(name);
    if (values.size() > 1) {
      error(name, "is given more than once");
    }
    String value = values.isEmpty() ? null : values.get(0);
    if (value != null && value.indexOf(REPLACEMENT) >= 0) {
      error(name, "is not UTF-8");
    }
    return value;
  }

  Page.Request page() {
    String cursor = text("cursor");
    return new Page.Request(limit(), cursor);
  }

  Page.Sorted sortedPage() {
    String cursor = text("cursor");
    return new Page.Sorted(limit(), cursor);
  }

  private int limit() {
    String limit = text("limit");
    int size = Page.DEFAULT_LIMIT;
    if (limit != null) {
      size = LIMIT.matcher(limit).matches() ? Integer.parseInt(limit) : 0;
      if (size < 1 || size > Page.MAX_LIMIT) {
        error("limit", "must be between 1 and " + Page.MAX_LIMIT);
        size = 1;
      }
    }
    return size;
  }

  /** Returns false if the parameter is missing. */
  boolean bool(String name) {
    return Boolean.TRUE.equals(boolOrNull(name));
  }

  /** Returns null if the parameter is missing. */
  Boolean boolOrNull(String name) {
    String text = text(name);
    if (text != null && !text.equals("true") && !text.equals("false")) {
      error(name, "is not true or false");
    }
    return text == null ? null : Boolean.valueOf(text);
  }

  Instant time(String name) {
    String text = text(name);
    Instant time = text == null ? null : Input.parseTime(text);
    if (text != null && time == null) {
      error(name, "is not a time such as 2030-01-31T12:00:00Z");
    }
    return time;
  }

  @Override
  Iterable<String> given() {
    return parameters.names();
  }
}
