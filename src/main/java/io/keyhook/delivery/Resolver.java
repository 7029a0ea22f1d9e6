package io.keyhook.delivery;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** Names to addresses, by Vert.x's own resolver, which gives all of them and does not block. */
public final class Resolver {
  private Resolver() {}

  /** All addresses of a name; fails with {@link UnresolvedTargetException}. Completes on the caller's context. */
  public static Future<List<InetAddress>> resolve(Vertx vertx, String host) {
    Context context = vertx.getOrCreateContext();
    return Future.future(promise -> ((VertxInternal) vertx).nameResolver().resolveAll(host, result ->
        context.runOnContext(v -> {
          if (result.succeeded()) {
            promise.complete(result.result().stream().map(InetSocketAddress::getAddress).toList());
          } else {
            promise.fail(new UnresolvedTargetException(host));
          }
        })));
  }
}
