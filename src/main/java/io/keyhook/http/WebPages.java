package io.keyhook.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.MIMEHeader;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Serves the dashboard and the guide. Shared by all routers of a node; read when the first request wants one. */
public final class WebPages {
  private static final CharSequence REVALIDATE = HttpHeaders.createOptimized("no-cache");
  private static final CharSequence FOR_EVER = HttpHeaders.createOptimized("public, max-age=31536000, immutable");

  private static final String HTML = "text/html";
  private static final Set<String> JSON = Set.of("application/json", "application/problem+json");

  /** The path of the administrator's page. */
  static final String ADMINISTRATION = "/admin";
  private static final Pattern NO_GZIP = Pattern.compile("gzip;q=0(?:\\.0*+)?");

  private volatile WebFiles files;

  /**
   * Or the next handler, where there is no such file, or it is not served.
   *
   * @param isServed whether a path is, relative to where the router is mounted
   */
  void handle(RoutingContext context, Predicate<String> isServed) {
    WebFiles known = files;
    if (!isServed.test(path(context))) {
      context.next();
    } else if (known != null) {
      handle(context, known);
    } else {
      context.vertx().executeBlocking(this::load, false)
          .onComplete(loaded -> handle(context, loaded), context::fail);
    }
  }

  private synchronized WebFiles load() {
    if (files == null) {
      files = WebFiles.load();
    }
    return files;
  }

  private static void handle(RoutingContext context, WebFiles files) {
    String path = path(context);
    WebFile file = files.at(path.isEmpty() ? "" : path.substring(1));
    boolean isDirectory = path.isEmpty() || file == null && files.at(path.substring(1) + "/") != null;
    HttpServerRequest request = context.request();
    if (file == null && !isDirectory) {
      if (isRead(request) && !isApi(path) && isBrowser(context)) {
        sendNotFound(request, files.notFound(path.substring(1)));
      } else {
        context.next();
      }
    } else if (!isRead(request)) {
      request.response().putHeader(HttpHeaders.ALLOW, "GET, HEAD");
      Answers.problem(context, 405, JsonBody.explain(405));
    } else if (isDirectory) {
      // what its page refers to is relative to the directory
      String name = context.normalizedPath().substring(context.normalizedPath().lastIndexOf('/') + 1);
      SecurityHeaders.onPage(request.response(), REVALIDATE).setStatusCode(301)
          .putHeader(HttpHeaders.LOCATION, name + "/").end();
    } else {
      send(request, file);
    }
  }

  private static boolean isRead(HttpServerRequest request) {
    return request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD;
  }

  private static boolean isApi(String path) {
    return path.equals("/api") || path.startsWith("/api/");
  }

  /** Prefers a page; everybody else is answered with a problem, as everywhere. */
  private static boolean isBrowser(RoutingContext context) {
    return weight(context, Set.of(HTML)) > weight(context, JSON);
  }

  /** Of the media types that a request accepts by name; 0: none. */
  private static float weight(RoutingContext context, Set<String> types) {
    return (float) context.parsedHeaders().accept().stream()
        .filter(accepted -> types.contains((accepted.component() + '/' + accepted.subComponent()).toLowerCase(Locale.ROOT)))
        .mapToDouble(MIMEHeader::weight).max().orElse(0);
  }

  private static void sendNotFound(HttpServerRequest request, String html) {
    Buffer body = Buffer.buffer(html);
    HttpServerResponse response = SecurityHeaders.onPage(request.response(), REVALIDATE).setStatusCode(404)
        .putHeader(HttpHeaders.CONTENT_TYPE, HTML + "; charset=utf-8")
        .putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT)
        .putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
    if (request.method() == HttpMethod.HEAD) {
      response.end();
    } else {
      response.end(body);
    }
  }

  /** Where the router is not mounted under a path: all of it. Empty: the mount itself, without a slash. */
  private static String path(RoutingContext context) {
    String mount = context.mountPoint();
    String path = context.normalizedPath();
    if (mount == null || mount.equals("/")) {
      return path;
    }
    return path.substring(Math.min(path.length(), mount.endsWith("/") ? mount.length() - 1 : mount.length()));
  }

  private static void send(HttpServerRequest request, WebFile file) {
    boolean compressed = file.compressed() != null && takesGzip(request.getHeader(HttpHeaders.ACCEPT_ENCODING));
    WebFile.Variant variant = compressed ? file.compressed() : file.plain();
    HttpServerResponse response = SecurityHeaders.onPage(request.response(), file.isPage() ? REVALIDATE : FOR_EVER)
        .putHeader(HttpHeaders.ETAG, variant.etag())
        .putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
    if (isKnown(request.getHeader(HttpHeaders.IF_NONE_MATCH), variant.etag())) {
      response.setStatusCode(304).end();
      return;
    }
    response.putHeader(HttpHeaders.CONTENT_TYPE, file.contentType())
        .putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(variant.bytes().length()));
    if (compressed) {
      response.putHeader(HttpHeaders.CONTENT_ENCODING, "gzip");
    }
    if (request.method() == HttpMethod.HEAD) {
      response.end();
    } else {
      response.end(variant.bytes().copy());
    }
  }

  /** RFC 9110, 12.5.3, of which browsers and curl need no more than this. */
  private static boolean takesGzip(String acceptEncoding) {
    return acceptEncoding != null && Arrays.stream(acceptEncoding.toLowerCase(Locale.ROOT).split(","))
        .map(coding -> coding.replace(" ", "")).anyMatch(coding ->
            coding.equals("gzip") || coding.startsWith("gzip;") && !NO_GZIP.matcher(coding).matches());
  }

  private static boolean isKnown(String ifNoneMatch, String etag) {
    Set<String> matching = Set.of("*", etag, "W/" + etag);
    return ifNoneMatch != null && Arrays.stream(ifNoneMatch.split(",")).map(String::strip).anyMatch(matching::contains);
  }
}
