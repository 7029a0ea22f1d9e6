package io.keyhook.target;

// The target policy judges every address of a name, and Vert.x does not wait for AAAA records where there are A records.
import io.netty.resolver.dns.DnsNameResolver;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.dns.impl.DnsAddressResolverProvider;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.PromiseInternal;
import io.vertx.core.internal.VertxInternal;
import java.net.InetAddress;
import java.util.List;

/** Names to addresses. */
@FunctionalInterface
public interface Resolver {
  /** All addresses of a name; fails with {@link UnresolvedTargetException}. Completes on the caller's context. */
  Future<List<InetAddress>> resolve(String host);

  /**
   * Asks as Vert.x does, by its options, without blocking, and keeping an answer for its time to live; but Vert.x's own
   * resolver does not wait for the AAAA records where there are A records, and here all are to be judged. Closed with
   * the verticle that makes it.
   */
  static Resolver of(Vertx vertx) {
    VertxInternal owner = (VertxInternal) vertx;
    ContextInternal context = owner.getOrCreateContext();
    DnsNameResolver names = DnsAddressResolverProvider.create(owner, owner.nameResolver().options())
        .getDnsNameResolverBuilder().copy()
        .eventLoop(context.nettyEventLoop())
        .completeOncePreferredResolved(false)
        .build();
    context.addCloseHook(completion -> {
      names.close();
      completion.succeed();
    });
    return host -> {
      PromiseInternal<List<InetAddress>> promise = owner.getOrCreateContext().promise();
      names.resolveAll(host).addListener(promise);
      return promise.future().recover(e -> Future.failedFuture(new UnresolvedTargetException(host)));
    };
  }
}
