package io.keyhook.webhook;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.TestEndpoints;
import io.keyhook.bus.Webhooks.Authentication;
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
  private static final String URL = "url";
  private static final String TOKEN_URL = "authentication.tokenUrl";

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
      return Future.failedFuture(Check.invalid(URL, e.getMessage()));
    }
    if (caller.portal() != null && (target.isTestEndpoint() || target.isListener())) {
      throw Check.invalid(URL, "is for members of the account's team");
    }
    return target.isTestEndpoint() ? checkOwn(caller, url)
        : target.isListener() ? Future.succeededFuture() : checkName(caller, target, URL);
  }

  /**
   * Fails if a token endpoint may not be used, in the same way.
   *
   * @param authentication null: there is none
   */
  Future<Void> checkTokenUrl(Caller caller, Authentication authentication) {
    if (authentication == null || authentication.client() == null || authentication.client().tokenUrl() == null) {
      return Future.succeededFuture();
    }
    try {
      Target target = policy.check(authentication.client().tokenUrl());
      return target.isBuiltIn() ? Future.failedFuture(Check.invalid(TOKEN_URL, "is not a token endpoint"))
          : checkName(caller, target, TOKEN_URL);
    } catch (RefusedTargetException e) {
      return Future.failedFuture(Check.invalid(TOKEN_URL, e.getMessage()));
    }
  }

  private Future<Void> checkName(Caller caller, Target target, String field) {
    return target.literal().isPresent() ? Future.succeededFuture()
        : names.run(caller.accountId(), () -> resolver.resolve(target.host())
            .timeout(RESOLVING.toMillis(), TimeUnit.MILLISECONDS)
            .map(addresses -> policy.pick(target, addresses))
            .transform(done -> done.failed() && done.cause() instanceof RefusedTargetException e
                ? Future.failedFuture(Check.invalid(field, e.getMessage())) : Future.succeededFuture()));
  }

  /** Fails unless the URL is that of the test endpoint of the caller's account. */
  private Future<Void> checkOwn(Caller caller, String url) {
    return bus.request(Addresses.GET_TEST_ENDPOINT, new TestEndpoints.Get(caller))
        .map(TestEndpoints.TestEndpoint::url)
        .recover(e -> e instanceof FailureException failed && failed.failure() instanceof Failure.NotFound
            ? Future.succeededFuture("") : Future.failedFuture(e))
        .map(own -> {
          if (!own.equals(url)) {
            throw Check.invalid(URL, "is not the URL of your account's test endpoint; create a test endpoint first");
          }
          return null;
        });
  }
}
