package io.keyhook.http;

import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The calls of the API as a table: who may call, how the request is read, and how the result becomes an HTTP response. Routes
 * are created from it in one step, so that the order of declarations does not matter.
 */
final class Calls {
  private final Authentication authentication;
  private final Idempotency idempotency;
  private final HttpMetrics metrics;
  private final Predicate<String> has;
  private final Map<String, Map<HttpMethod, List<Handler<RoutingContext>>>> byPath = new LinkedHashMap<>();

  /**
   * Creates an empty table.
   *
   * @param has whether a path is served; calls of other paths are left out
   */
  Calls(Authentication authentication, Idempotency idempotency, HttpMetrics metrics, Predicate<String> has) {
    this.has = has;
    this.authentication = authentication;
    this.idempotency = idempotency;
    this.metrics = metrics;
  }

  /** A call for the callers of an account. */
  void account(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    add(method, path, List.of(authentication::account, permitted(method, path), Calls::withoutParameters, answering(status, call)));
  }

  /** A GET for the callers of an account, whose parameters become the message of the call. */
  <T> void accountQuery(String path, BiFunction<RoutingContext, QueryInput, T> message, Function<T, Future<?>> call) {
    accountQuery(HttpMethod.GET, path, 200, message, call);
  }

  /** A call without a body for the callers of an account, whose parameters become the message of the call. */
  <T> void accountQuery(HttpMethod method, String path, int status, BiFunction<RoutingContext, QueryInput, T> message,
      Function<T, Future<?>> call) {
    add(method, path, List.of(authentication::account, permitted(method, path),
        answering(status, context -> call.apply(query(context, in -> message.apply(context, in))))));
  }

  /** A POST for the callers of an account that creates, rotates or sends, and accepts an {@code Idempotency-Key}. */
  void accountOnce(String path, int status, Function<RoutingContext, Future<?>> call) {
    add(HttpMethod.POST, path, List.of(authentication::account, permitted(HttpMethod.POST, path),
        Calls::withoutParameters,
        new IdempotentCall(idempotency, status, call)));
  }

  /** The same for a call that takes the caller's password, and a code that works once: a retry may come with another code. */
  void accountConfirmed(String path, int status, Function<RoutingContext, Future<?>> call) {
    add(HttpMethod.POST, path, List.of(authentication::account, permitted(HttpMethod.POST, path),
        Calls::withoutParameters,
        new IdempotentCall(idempotency, status, call, Confirmation::withoutCode)));
  }

  void operatorOnce(String path, int status, Function<RoutingContext, Future<?>> call) {
    add(HttpMethod.POST, path, List.of(authentication::operator, Calls::withoutParameters,
        new IdempotentCall(idempotency, status, call)));
  }

  /**
   * The same as {@link #accountQuery} for a response of several pieces.
   *
   * @param call reads the parameters and returns the handler that responds
   */
  void accountStream(String path, BiFunction<RoutingContext, QueryInput, Runnable> call) {
    add(HttpMethod.GET, path, List.of(authentication::account, permitted(HttpMethod.GET, path),
        context -> query(context, in -> call.apply(context, in)).run()));
  }

  /** A GET for the operator, whose parameters become the message of the call. */
  <T> void operatorQuery(String path, BiFunction<RoutingContext, QueryInput, T> message, Function<T, Future<?>> call) {
    add(HttpMethod.GET, path, List.of(authentication::operator,
        answering(200, context -> call.apply(query(context, in -> message.apply(context, in))))));
  }

  /**
   * A GET for the operator, with a response of several pieces.
   *
   * @param call responds, and fails only before the response has started
   */
  void operatorStream(String path, Function<RoutingContext, Future<Void>> call) {
    add(HttpMethod.GET, path, List.of(authentication::operator, Calls::withoutParameters,
        context -> call.apply(context).onFailure(context::fail)));
  }

  void operator(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    add(method, path, List.of(authentication::operator, Calls::withoutParameters, answering(status, call)));
  }

  /** A call for everyone. */
  void open(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    add(method, path, List.of(Calls::withoutParameters, answering(status, call)));
  }

  /** A call for everyone, outside the API: parameters are ignored. */
  void open(HttpMethod method, String path, Handler<RoutingContext> call) {
    add(method, path, List.of(call));
  }

  /** Continues if the caller may make the call by {@link Permissions}, and returns 403 otherwise. */
  private static Handler<RoutingContext> permitted(HttpMethod method, String path) {
    Permissions.Permission required = Permissions.required(method, path);
    return context -> {
      required.require(Authentication.caller(context));
      context.next();
    };
  }

  private void add(HttpMethod method, String path, List<Handler<RoutingContext>> handlers) {
    if (has.test(path)) {
      HttpMetrics.Route route = metrics.route(method.name(), path);
      Handler<RoutingContext> enter = context -> {
        route.enter(context);
        context.next();
      };
      byPath.computeIfAbsent(path, methods -> new LinkedHashMap<>())
          .put(method, Stream.concat(Stream.of(enter), handlers.stream()).toList());
    }
  }

  /**
   * Adds the routes. Each path returns 405 for unsupported methods, and paths with fewer parameters come
   * first: a path such as {@code /api/licenses/bulk} is never taken for the license {@code bulk}, whatever the method.
   */
  void mount(Router router) {
    byPath.keySet().stream().sorted(Comparator.comparing(Calls::parameters))
        .forEach(path -> mount(router, path, byPath.get(path)));
  }

  private static long parameters(String path) {
    return path.chars().filter(c -> c == ':').count();
  }

  private static void mount(Router router, String path, Map<HttpMethod, List<Handler<RoutingContext>>> methods) {
    Set<String> known = new LinkedHashSet<>();
    methods.forEach((method, handlers) -> {
      Route route = router.route(method, path);
      known.add(method.name());
      if (method == HttpMethod.GET) { // RFC 9110, 9.1: every server has HEAD where it has GET
        route.method(HttpMethod.HEAD);
        known.add(HttpMethod.HEAD.name());
      }
      handlers.forEach(route::handler);
    });
    String allow = String.join(", ", known);
    router.route(path).handler(context -> {
      context.response().putHeader(HttpHeaders.ALLOW, allow);
      Answers.problem(context, 405, JsonBody.explain(405));
    });
  }

  private static Handler<RoutingContext> answering(int status, Function<RoutingContext, Future<?>> call) {
    return context -> call.apply(context).onComplete(answer -> {
      if (status == 204) {
        Answers.nothing(context.response());
      } else {
        Answers.json(context, status, answer);
      }
    }, context::fail);
  }

  static String id(RoutingContext context) {
    return context.pathParam("id");
  }

  static <T> T read(RoutingContext context, Function<Input, T> message) {
    JsonBody.requireJson(context);
    Input in = Input.of(context.body().buffer());
    return in.into(() -> message.apply(in));
  }

  /** Continues if a call without parameters was given none, and refuses them by name otherwise. */
  private static void withoutParameters(RoutingContext context) {
    refuseParameters(context);
    context.next();
  }

  /**
   * Refuses all parameters.
   *
   * @throws io.keyhook.bus.FailureException with their names
   */
  static void refuseParameters(RoutingContext context) {
    if (context.request().query() != null) {
      query(context, in -> null);
    }
  }

  private static <T> T query(RoutingContext context, Function<QueryInput, T> message) {
    QueryInput in = new QueryInput(context);
    return in.into(() -> message.apply(in));
  }
}
