package io.keyhook.attempt;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The access tokens of webhooks, in memory only. However many attempts wait for the token of a webhook, one request for it is under way,
 * and after a failed one there is a pause: {@link TokenPause} says how long. Attempts wait for the end of a short pause, and fail in a
 * longer one. A token ends with what it was issued for, and so does a pause: a change of the webhook's credentials is followed by a
 * request. Belongs to one event loop, which makes all deliveries of a webhook on its node; test events may have another, and a token of
 * their own.
 */
final class Tokens {
  private static final int MAX = 10_000;

  private final LongSupplier nanoTime;
  private final Function<Duration, Future<?>> timer;
  private final Function<Grant, Future<Attempt>> endpoint;
  /** By webhook. */
  private final Map<UUID, Kept> kept = Sender.recentlyUsed(MAX);

  /**
   * @param nanoTime as {@link System#nanoTime()}
   * @param timer succeeds after a time
   * @param endpoint makes one request to the token endpoint
   */
  Tokens(LongSupplier nanoTime, Function<Duration, Future<?>> timer, Function<Grant, Future<Attempt>> endpoint) {
    this.nanoTime = nanoTime;
    this.timer = timer;
    this.endpoint = endpoint;
  }

  /**
   * Returns a token that can be used now. Fails with {@link NoTokenException}.
   *
   * @param now whether it is requested in a long pause, too, as for a person who has corrected something
   */
  Future<AccessToken> of(Grant grant, boolean now) {
    Kept known = kept.get(grant.webhookId());
    if (known == null || !known.grant.equals(grant)) {
      known = new Kept(grant);
      kept.put(grant.webhookId(), known);
    }
    return known.token(now);
  }

  /** The token of one webhook. */
  private final class Kept {
    private final Grant grant;
    private final TokenPause pause = new TokenPause();
    /** Null: there is none. */
    private AccessToken token;
    /** Null: none is requested, or waits to be. */
    private Future<AccessToken> requested;

    Kept(Grant grant) {
      this.grant = grant;
    }

    Future<AccessToken> token(boolean now) {
      long nanos = nanoTime.getAsLong();
      if (token != null && token.isUsable(nanos)) {
        return Future.succeededFuture(token);
      }
      if (requested != null) {
        return requested;
      }
      Duration left = pause.left(nanos);
      if (left.isZero() || now) {
        return request(Future.succeededFuture());
      }
      return left.compareTo(TokenPause.SHORT) <= 0 ? request(timer.apply(left)) : Future.failedFuture(pause.failure(left));
    }

    private Future<AccessToken> request(Future<?> start) {
      token = null;
      Future<AccessToken> request = start.compose(started -> request());
      requested = request;
      request.onComplete(done -> {
        requested = null;
        token = done.result();
      });
      return request;
    }

    private Future<AccessToken> request() {
      long begun = nanoTime.getAsLong();
      return Future.succeededFuture(grant).compose(endpoint)
          .transform(done -> done.succeeded() ? Future.succeededFuture(TokenResponse.read(done.result(), grant.client(), begun))
              : Future.failedFuture(NoTokenException.of(AttemptError.of(done.cause()))))
          .onSuccess(issued -> pause.end())
          .recover(e -> Future.failedFuture(e instanceof NoTokenException none ? pause.begin(none, nanoTime.getAsLong()) : e));
    }
  }
}
