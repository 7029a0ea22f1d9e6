package io.keyhook.webhook;

import io.keyhook.attempt.RequestHeaders;
import io.keyhook.bus.Check;
import io.keyhook.bus.Field;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.Authentication;
import io.keyhook.db.Cipher;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.TargetPolicy;
import io.keyhook.webhook.WebhookStore.Locked;
import io.keyhook.webhook.WebhookStore.SealedHeaders;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.Map;
import java.util.UUID;

/** Opens, changes and seals the headers and the authentication of webhooks. Any thread. */
final class Headers {
  private final Cipher cipher;
  private final TargetPolicy policy;

  Headers(Cipher cipher, TargetPolicy policy) {
    this.cipher = cipher;
    this.policy = policy;
  }

  /**
   * Checks the headers of a new webhook.
   *
   * @throws io.keyhook.bus.FailureException a field is refused
   */
  void check(Webhooks.Create request) {
    if (request.headers() != null || request.authentication() != null) {
      made(request);
    }
  }

  private RequestHeaders made(Webhooks.Create request) {
    return HeaderChange.apply(RequestHeaders.NONE, origin(request.url()), this::tokenOrigin, Field.of(request.headers()),
        Field.of(request.authentication()));
  }

  /** Seals the headers of a new webhook. Fails as {@link #check} does. */
  SealedHeaders of(Webhooks.Create request, UUID webhookId) {
    return request.headers() == null && request.authentication() == null ? SealedHeaders.NONE
        : sealed(made(request), request.caller().accountId(), webhookId);
  }

  /** Seals the headers that a webhook has after a change; null: they stay. A webhook without headers costs one row lock. */
  Future<SealedHeaders> changed(SqlClient tx, UUID webhookId, Webhooks.Update change) {
    boolean touched = change.url().present() || change.headers().present() || change.authentication().present();
    UUID accountId = change.caller().accountId();
    return !touched ? Future.succeededFuture() : WebhookStore.lockHeaders(tx, accountId, webhookId)
        .map(locked -> changed(locked, accountId, webhookId, change));
  }

  private SealedHeaders changed(Locked locked, UUID accountId, UUID webhookId, Webhooks.Update change) {
    Field<Map<String, String>> headers = change.headers();
    Field<Authentication> authentication = change.authentication();
    if (locked.headers() == null && headers.value() == null && authentication.value() == null) {
      return null;
    }
    if (headers.present() && headers.value() == null && authentication.present() && authentication.value() == null) {
      return SealedHeaders.NONE; // even of those that cannot be opened
    }
    RequestHeaders before = open(locked, accountId, webhookId);
    RequestHeaders after = HeaderChange.apply(before, origin(change.url().present() ? change.url().value() : locked.url()),
        this::tokenOrigin, headers, authentication);
    return after.equals(before) && after.headers().keySet().stream().toList().equals(before.headers().keySet().stream().toList())
        ? null : sealed(after, accountId, webhookId);
  }

  private RequestHeaders open(Locked locked, UUID accountId, UUID webhookId) {
    try {
      return locked.headers() == null ? RequestHeaders.NONE
          : RequestHeaders.parse(cipher.open(locked.headers(), accountId, webhookId));
    } catch (UnreadableSecretException e) {
      throw HeaderChange.unreadable();
    }
  }

  private SealedHeaders sealed(RequestHeaders headers, UUID accountId, UUID webhookId) {
    return new SealedHeaders(headers.isEmpty() ? null : cipher.seal(headers.toJson(), accountId, webhookId),
        headers.headers().keySet().toArray(String[]::new),
        headers.authentication() == null ? null : headers.authentication().type().wireName(),
        AuthenticationDetails.of(headers.authentication()));
  }

  private String tokenOrigin(String tokenUrl) {
    try {
      return policy.check(tokenUrl).toString();
    } catch (RefusedTargetException e) {
      throw Check.invalid("authentication.tokenUrl", e.getMessage());
    }
  }

  /** The test endpoint has one, too. */
  private String origin(String url) {
    try {
      return policy.check(url).toString();
    } catch (RefusedTargetException e) {
      throw Check.invalid("url", e.getMessage());
    }
  }
}
