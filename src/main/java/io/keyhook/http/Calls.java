package io.keyhook.http;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.function.Function;

/** What routes are made of: who may call, what is read of a request, and how its answer becomes one of HTTP. */
final class Calls {
  private final Router router;
  private final Authentication authentication;

  Calls(Router router, Authentication authentication) {
    this.router = router;
    this.authentication = authentication;
  }

  /** For who acts for an account. */
  void account(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    router.route(method, path).handler(authentication::account);
    open(method, path, status, call);
  }

  /** The same where the answer is more than one piece. */
  void accountStream(HttpMethod method, String path, Handler<RoutingContext> call) {
    router.route(method, path).handler(authentication::account).handler(call);
  }

  void operator(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    router.route(method, path).handler(authentication::operator);
    open(method, path, status, call);
  }

  /** For everybody. */
  void open(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    router.route(method, path).handler(context -> call.apply(context).onComplete(answer -> {
      if (status == 204) {
        Answers.nothing(context.response());
      } else {
        Answers.json(context, status, answer);
      }
    }, context::fail));
  }

  static String id(RoutingContext context) {
    return context.pathParam("id");
  }

  static <T> T read(RoutingContext context, Function<Input, T> message) {
    JsonBody.requireJson(context);
    Input in = Input.of(context.body().buffer());
    return in.into(() -> message.apply(in));
  }

  static <T> T query(RoutingContext context, Function<QueryInput, T> message) {
    QueryInput in = new QueryInput(context);
    return in.into(() -> message.apply(in));
  }
}
