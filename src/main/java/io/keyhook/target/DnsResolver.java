package io.keyhook.target;

// The target policy judges every address of a name, and Vert.x does not wait for AAAA records where there are A records.
import io.netty.resolver.dns.DnsNameResolver;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.dns.DnsClient;
import io.vertx.core.dns.DnsClientOptions;
import io.vertx.core.dns.DnsException;
import io.vertx.core.dns.impl.DnsAddressResolverProvider;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.PromiseInternal;
import io.vertx.core.internal.VertxInternal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * Asks as Vert.x does, by its options, without blocking, and keeping an answer for its time to live; but Vert.x's own
 * resolver does not wait for the AAAA records where there are A records, and here all are to be judged.
 *
 * <p>A name server that says nothing may have trouble with that one name, whose owner may be to blame, or be down. So when a
 * name takes long, all name servers are asked who serves the root, which every one of them answers in its own way. Only if none
 * does, they are down. Belongs to one event loop.
 */
final class DnsResolver implements Resolver {
  private static final String ROOT = ".";

  private final VertxInternal vertx;
  private final DnsNameResolver names;
  private final List<InetSocketAddress> servers;
  private final Duration patience;
  private final Watch watch;
  /** Whether a name server answers: under way, or over. */
  private Future<Boolean> probe = Future.succeededFuture(true);
  private boolean silent;

  private DnsResolver(
      VertxInternal vertx, DnsNameResolver names, List<InetSocketAddress> servers, Duration patience, Watch watch) {
    this.vertx = vertx;
    this.names = names;
    this.servers = servers;
    this.patience = patience;
    this.watch = watch;
  }

  static Resolver create(Vertx vertx, Duration patience, Watch watch) {
    VertxInternal owner = (VertxInternal) vertx;
    ContextInternal context = owner.getOrCreateContext();
    DnsAddressResolverProvider provider = DnsAddressResolverProvider.create(owner, owner.nameResolver().options());
    DnsNameResolver names = provider.getDnsNameResolverBuilder().copy()
        .eventLoop(context.nettyEventLoop())
        .completeOncePreferredResolved(false)
        .build();
    context.addCloseHook(completion -> {
      names.close();
      completion.succeed();
    });
    return new DnsResolver(owner, names, List.copyOf(provider.nameServerAddresses()), patience, watch);
  }

  @Override
  public Future<List<InetAddress>> resolve(String host) {
    PromiseInternal<List<InetAddress>> found = vertx.getOrCreateContext().promise();
    names.resolveAll(host).addListener(found);
    if (silent) {
      answers(); // notices that it is over, also where names are known from before
    }
    if (found.future().isComplete()) {
      return found.future().recover(e -> unresolved(host, e));
    }
    Promise<List<InetAddress>> first = Promise.promise();
    long timer = vertx.setTimer(patience.toMillis(), t -> answers().onSuccess(answered -> {
      if (!answered) {
        first.tryFail(new NoNameServerException());
      }
    }));
    found.future().onComplete(done -> vertx.cancelTimer(timer)).recover(e -> unresolved(host, e)).onComplete(
        first::tryComplete, first::tryFail);
    return first.future();
  }

  private Future<List<InetAddress>> unresolved(String host, Throwable e) {
    if (!DnsNameResolver.isTransportOrTimeoutError(e)) {
      return Future.failedFuture(new UnresolvedTargetException(host));
    }
    return answers().compose(answered -> Future.failedFuture(
        answered ? new UnresolvedTargetException(host) : new NoNameServerException()));
  }

  /** Asks all name servers at once; those that want to know meanwhile share the answer. Never fails. */
  private Future<Boolean> answers() {
    if (probe.isComplete()) {
      probe = Future.any(servers.stream().map(this::answers).toList())
          .map(true).otherwise(false)
          .onSuccess(this::noticed);
    }
    return probe;
  }

  private Future<Void> answers(InetSocketAddress server) {
    DnsClient client = vertx.createDnsClient(new DnsClientOptions().setHost(server.getAddress().getHostAddress())
        .setPort(server.getPort()).setQueryTimeout(patience.toMillis()));
    return client.resolveNS(ROOT).<Void>mapEmpty()
        .recover(e -> e instanceof DnsException ? Future.succeededFuture() : Future.failedFuture(e))
        .eventually(client::close);
  }

  private void noticed(boolean answered) {
    if (!answered) {
      silent = true;
      watch.silent(new NoNameServerException());
    } else if (silent) {
      silent = false;
      watch.answers();
    }
  }
}
