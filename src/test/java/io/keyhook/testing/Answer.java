package io.keyhook.testing;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerRequest;

/** How a {@link Receiver} answers a request. */
@FunctionalInterface
public interface Answer {
  void to(HttpServerRequest request);

  Answer OK = status(200);

  static Answer status(int status) {
    return status(status, "");
  }

  static Answer status(int status, String body) {
    return request -> request.response().setStatusCode(status).end(body);
  }

  /** As {@code then}, once it is released. */
  static Held held(Answer then) {
    return new Held(then);
  }

  /** Keeps requests waiting until the test lets go of them. */
  final class Held implements Answer {
    private final Answer then;
    private final Promise<Void> released = Promise.promise();

    private Held(Answer then) {
      this.then = then;
    }

    @Override
    public void to(HttpServerRequest request) {
      Future<Void> let = released.future();
      request.pause();
      let.onSuccess(now -> {
        request.resume();
        then.to(request);
      });
    }

    public void release() {
      released.tryComplete();
    }
  }
}
