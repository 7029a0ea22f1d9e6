package io.keyhook.target;

// The target policy judges every address of a name, and Vert.x does not wait for AAAA records where there are A records.
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.dns.DnsErrorCauseException;
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
 * <p>A name server that does not respond, or responds with SERVFAIL, may have trouble with that one name, whose owner may be to
 * blame. Or it is down, or has lost the servers that it asks itself. So if a name takes long or fails so, all name servers are asked
 * who serves the root, and each that works responds with anything but SERVFAIL. Only if none does, they are down. A lost datagram is no
 * outage: each is asked twice. Belongs to one event loop.
 */
final class DnsResolver implements Resolver {
  private static final String ROOT = ".";

  private final VertxInternal vertx;
  private final DnsNameResolver names;
  private final List<InetSocketAddress> servers;
  private final Duration patience;
  private final Duration half;
  private final Watch watch;
  /** Whether a name server answers: under way, or over. */
  private Future<Boolean> probe = Future.succeededFuture(true);
  /** The last probe that ended had no answer. */
  private boolean silent;

  private DnsResolver(
      VertxInternal vertx, DnsNameResolver names, List<InetSocketAddress> servers, Duration patience, Duration probe, Watch watch) {
    this.vertx = vertx;
    this.names = names;
    this.servers = servers;
    this.patience = atLeastOneMilli(patience);
    this.half = atLeastOneMilli(probe.dividedBy(2));
    this.watch = watch;
  }

  /** A timer of 0 ms throws. */
  private static Duration atLeastOneMilli(Duration time) {
    return time.toMillis() < 1 ? Duration.ofMillis(1) : time;
  }

  static Resolver create(Vertx vertx, Duration patience, Duration probe, Watch watch) {
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
    return new DnsResolver(owner, names, List.copyOf(provider.nameServerAddresses()), patience, probe, watch);
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
    long timer = vertx.setTimer(patience.toMillis(), t -> {
      if (silent) { // and no answer to the probe above so far: the time of a short attempt ends before the probe's
        first.tryFail(new NoNameServerException());
      }
      answers().onSuccess(answered -> {
        if (!answered) {
          first.tryFail(new NoNameServerException());
        }
      });
    });
    found.future().onComplete(done -> vertx.cancelTimer(timer)).recover(e -> unresolved(host, e)).onComplete(
        first::tryComplete, first::tryFail);
    return first.future();
  }

  private Future<List<InetAddress>> unresolved(String host, Throwable e) {
    if (!DnsNameResolver.isTransportOrTimeoutError(e) && !isServerFailure(e)) {
      return Future.failedFuture(new UnresolvedTargetException(host));
    }
    return answers().compose(answered -> Future.failedFuture(
        answered ? new UnresolvedTargetException(host) : new NoNameServerException()));
  }

  private static boolean isServerFailure(Throwable e) {
    return e.getCause() instanceof DnsErrorCauseException response && response.getCode().equals(DnsResponseCode.SERVFAIL);
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
        .setPort(server.getPort()).setQueryTimeout(half.toMillis()));
    return root(client)
        .recover(e -> e instanceof DnsException ? Future.failedFuture(e) : root(client))
        .eventually(client::close);
  }

  private static Future<Void> root(DnsClient client) {
    return client.resolveNS(ROOT).<Void>mapEmpty()
        .recover(e -> e instanceof DnsException response && response.code() != io.vertx.core.dns.DnsResponseCode.SERVFAIL
            ? Future.succeededFuture() : Future.failedFuture(e));
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
