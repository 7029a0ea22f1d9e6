package io.keyhook.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Counts requests and their latencies by route. Meters are created when the first request needs them and looked up by index
 * after that, so that counting a request costs no tags. One for all routers of a node; any thread.
 */
public final class HttpMetrics {
  /** The route of requests that match none. */
  static final String NO_ROUTE = "none";

  private static final String ROUTE = HttpMetrics.class.getName();
  private static final Duration[] BUCKETS = {Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(5),
      Duration.ofMillis(10), Duration.ofMillis(25), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250),
      Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofSeconds(5), Duration.ofSeconds(10)};
  private static final int MAX_STATUS = 600;
  /** Of a request whose client left before the response began. */
  private static final int CLOSED = 0;
  private static final String[] CLASSES = {"closed", "1xx", "2xx", "3xx", "4xx", "5xx"};

  private final MeterRegistry meters;
  /** Null: there is none. */
  private final AccessLog access;
  private final AtomicReferenceArray<Counter> byStatus = new AtomicReferenceArray<>(MAX_STATUS);
  private final Route none = new Route("any", NO_ROUTE);

  /**
   * @param access that each request is written to; empty: none is
   */
  public HttpMetrics(MeterRegistry meters, Optional<AccessLog> access) {
    this.meters = meters;
    this.access = access.orElse(null);
  }

  /**
   * A route of the API.
   *
   * @param path with the names of its parameters, as {@code /api/licenses/:id}
   */
  Route route(String method, String path) {
    return new Route(method, path);
  }

  /**
   * Sets the request's ID on the response, and counts the request when its response has ended: by the route that it
   * {@linkplain Route#enter entered}, if any.
   */
  void begin(RoutingContext context) {
    HttpServerResponse response = identified(context);
    long begun = System.nanoTime();
    context.addEndHandler(ended -> context.<Route>get(ROUTE, none).end(begun, context.request(), response));
  }

  /** Returns the path of the route that a request has entered, as {@link #route} names it. */
  static String routeOf(RoutingContext context) {
    Route entered = context.get(ROUTE);
    return entered != null ? entered.path
        : Optional.ofNullable(context.currentRoute()).map(io.vertx.ext.web.Route::getPath).orElse(NO_ROUTE);
  }

  /** A host that mounts the router may have set an ID already. */
  private static HttpServerResponse identified(RoutingContext context) {
    HttpServerResponse response = context.response();
    if (!response.headers().contains(RequestId.HEADER)) {
      response.headers().set(RequestId.HEADER, RequestId.of(context.request()));
    }
    return response;
  }

  /** What is counted of one route. */
  final class Route {
    private final String method;
    private final String path;
    private final AtomicReferenceArray<Timer> byClass = new AtomicReferenceArray<>(CLASSES.length);

    private Route(String method, String path) {
      this.method = method;
      this.path = path;
    }

    /** Does the same as {@link HttpMetrics#begin} and {@link #enter} at once, for the hot path. */
    void begin(RoutingContext context) {
      HttpServerResponse response = identified(context);
      long begun = System.nanoTime();
      HttpServerRequest request = context.request();
      context.addEndHandler(ended -> end(begun, request, response));
    }

    /** Counts a request that has begun as one of this route. */
    void enter(RoutingContext context) {
      context.put(ROUTE, this);
    }

    private void end(long begun, HttpServerRequest request, HttpServerResponse response) {
      int status = response.headWritten() ? response.getStatusCode() : CLOSED;
      long nanos = System.nanoTime() - begun;
      timer(status / 100).record(nanos, TimeUnit.NANOSECONDS);
      if (access != null) {
        access.ended(request, path, status, nanos, response);
      }
      count(status);
    }

    private Timer timer(int statusClass) {
      Timer timer = byClass.get(statusClass);
      if (timer == null) {
        timer = Timer.builder("keyhook.http.requests")
            .description("Requests answered, and from a request's head to the end of its response")
            .tag("method", method).tag("route", path).tag("status", CLASSES[statusClass])
            .serviceLevelObjectives(BUCKETS).register(meters);
        byClass.set(statusClass, timer);
      }
      return timer;
    }
  }

  private void count(int status) {
    Counter counter = byStatus.get(status);
    if (counter == null) {
      counter = Counter.builder("keyhook.http.responses").description("Responses by status code")
          .tag("code", status == CLOSED ? CLASSES[CLOSED] : Integer.toString(status)).register(meters);
      byStatus.set(status, counter);
    }
    counter.increment();
  }
}
