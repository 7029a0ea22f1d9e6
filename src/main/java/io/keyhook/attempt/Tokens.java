package io.keyhook.attempt;

import io.vertx.core.Future;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The access tokens of webhooks, in memory only. However many attempts wait for the token of a webhook, one request for it is under way.
 * A token ends with what it was issued for: a change of the webhook's credentials is followed by a request. Belongs to one event loop, which
 * makes all deliveries of a webhook on its node; test events may have another, and a token of their own.
 */
final class Tokens {
  private static final int MAX = 10_000;

  private final LongSupplier nanoTime;
  private final Function<Grant, Future<Attempt>> endpoint;
  /** By webhook. */
  private final Map<UUID, Kept> kept = Sender.recentlyUsed(MAX);

  /**
   * @param nanoTime as {@link System#nanoTime()}
   * @param endpoint makes one request to the token endpoint
   */
  Tokens(LongSupplier nanoTime, Function<Grant, Future<Attempt>> endpoint) {
    this.nanoTime = nanoTime;
    this.endpoint = endpoint;
  }

  /** Returns a token that can be used now. Fails with {@link NoTokenException}. */
  Future<AccessToken> of(Grant grant) {
    Kept known = kept.get(grant.webhookId());
    if (known == null || !known.grant.equals(grant)) {
      known = new Kept(grant);
      kept.put(grant.webhookId(), known);
    }
    return known.token();
  }

  /** The token of one webhook. */
  private final class Kept {
    private final Grant grant;
    /** Null: there is none. */
    private AccessToken token;
    /** Null: none is requested. */
    private Future<AccessToken> requested;

    Kept(Grant grant) {
      this.grant = grant;
    }

    Future<AccessToken> token() {
      if (token != null && token.isUsable(nanoTime.getAsLong())) {
        return Future.succeededFuture(token);
      }
      return requested == null ? request() : requested;
    }

    private Future<AccessToken> request() {
      long begun = nanoTime.getAsLong();
      token = null;
      Future<AccessToken> request = Future.succeededFuture(grant).compose(endpoint)
          .transform(done -> done.succeeded() ? Future.succeededFuture(TokenResponse.read(done.result(), grant.client(), begun))
              : Future.failedFuture(NoTokenException.of(AttemptError.of(done.cause()))));
      requested = request;
      request.onComplete(done -> {
        requested = null;
        token = done.result();
      });
      return request;
    }
  }
}
