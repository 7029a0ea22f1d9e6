package io.keyhook.http;

import io.keyhook.trace.Tracing;
import io.vertx.core.http.HttpServerRequest;

/** Keeps query strings out of the spans that Vert.x records of requests: a search for a license has its key in one. Any thread. */
final class SpanQuery {
  private SpanQuery() {}

  /** Removes the query string from the current span, which is the request's. */
  static void hide(HttpServerRequest request, Tracing tracing) {
    if (tracing.isOn() && request.query() != null) {
      String url = request.absoluteURI();
      int query = url == null ? -1 : url.indexOf('?');
      tracing.hideQuery(query < 0 ? request.path() : url.substring(0, query));
    }
  }
}
