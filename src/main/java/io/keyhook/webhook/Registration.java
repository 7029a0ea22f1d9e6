package io.keyhook.webhook;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.TestEndpoints;
import io.keyhook.fair.Admission;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.Resolver;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Judges the URL of a webhook when it is set. What its name resolves to may change: every attempt judges again. */
final class Registration {
  private static final Duration RESOLVING = Duration.ofSeconds(2);

  private final Bus bus;
  private final Resolver resolver;
  private final TargetPolicy policy;
  private final Admission<UUID> names;

  /**
   * @param names admits the resolving, by account
   */
  Registration(Vertx vertx, Bus bus, TargetPolicy policy, Admission<UUID> names) {
    this.bus = bus;
    this.resolver = Resolver.of(vertx);
    this.policy = policy;
    this.names = names;
  }

  /** Fails if the URL may not be used. A name that does not resolve, or not in time, is accepted. */
  Future<Void> check(Caller caller, String url) {
    Target target;
    try {
      target = policy.check(url);
    } catch (RefusedTargetException e) {
      return Future.failedFuture(refused(e));
    }
    if (caller.portal() != null && (target.isTestEndpoint() || target.isListener())) {
      throw Check.invalid("url", "is for members of the account's team");
    }
    if (target.isTestEndpoint()) {
      return checkOwn(caller, url);
    }
    if (target.isListener() || target.literal().isPresent()) {
      return Future.succeededFuture();
    }
    return names.run(caller.accountId(), () -> resolver.resolve(target.host())
        .timeout(RESOLVING.toMillis(), TimeUnit.MILLISECONDS)
        .map(addresses -> policy.pick(target, addresses))
        .transform(done -> done.failed() && done.cause() instanceof RefusedTargetException e
            ? Future.failedFuture(refused(e)) : Future.succeededFuture()));
  }

  /** Fails unless the URL is that of the test endpoint of the caller's account. */
  private Future<Void> checkOwn(Caller caller, String url) {
    return bus.request(Addresses.GET_TEST_ENDPOINT, new TestEndpoints.Get(caller))
        .map(TestEndpoints.TestEndpoint::url)
        .recover(e -> e instanceof FailureException failed && failed.failure() instanceof Failure.NotFound
            ? Future.succeededFuture("") : Future.failedFuture(e))
        .map(own -> {
          if (!own.equals(url)) {
            throw Check.invalid("url", "is not the URL of your account's test endpoint; create a test endpoint first");
          }
          return null;
        });
  }

  private static FailureException refused(RefusedTargetException e) {
    return Check.invalid("url", e.getMessage());
  }
}
