package io.keyhook.webhook;

import io.keyhook.bus.Check;
import io.keyhook.bus.FailureException;
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

  private final Resolver resolver;
  private final TargetPolicy policy;
  private final Admission<UUID> names;

  /**
   * @param names admits the resolving, by account
   */
  Registration(Vertx vertx, TargetPolicy policy, Admission<UUID> names) {
    this.resolver = Resolver.of(vertx);
    this.policy = policy;
    this.names = names;
  }

  /** Fails if the URL may not be used. A name that does not resolve, or not in time, is accepted. */
  Future<Void> check(UUID accountId, String url) {
    Target target;
    try {
      target = policy.check(url);
    } catch (RefusedTargetException e) {
      return Future.failedFuture(refused(e));
    }
    if (target.literal().isPresent()) {
      return Future.succeededFuture();
    }
    return names.run(accountId, () -> resolver.resolve(target.host())
        .timeout(RESOLVING.toMillis(), TimeUnit.MILLISECONDS)
        .map(addresses -> policy.pick(target, addresses))
        .transform(done -> done.failed() && done.cause() instanceof RefusedTargetException e
            ? Future.failedFuture(refused(e)) : Future.succeededFuture()));
  }

  private static FailureException refused(RefusedTargetException e) {
    return Check.invalid("url", e.getMessage());
  }
}
