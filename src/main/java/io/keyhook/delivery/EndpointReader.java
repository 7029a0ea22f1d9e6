package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.attempt.ClientIdentity;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.EndpointSettings.Retired;
import io.keyhook.attempt.ExtraHeaders;
import io.keyhook.attempt.Grant;
import io.keyhook.attempt.RequestHeaders;
import io.keyhook.attempt.Signer;
import io.keyhook.bus.Id;
import io.keyhook.db.Cipher;
import io.keyhook.db.Shards;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.delivery.EndpointStore.SealedSecret;
import io.keyhook.delivery.EndpointStore.StoredEndpoint;
import io.keyhook.event.EndpointId;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads webhooks for sending: checks their URL, and opens their secrets and headers. Belongs to one event loop. */
final class EndpointReader {
  private static final Logger log = LoggerFactory.getLogger(EndpointReader.class);

  private final SqlClient client;
  private final Shards shards;
  private final TargetPolicy policy;
  private final Cipher cipher;
  private final Plans plans;

  EndpointReader(SqlClient client, Shards shards, TargetPolicy policy, Cipher cipher, Plans plans) {
    this.client = client;
    this.shards = shards;
    this.policy = policy;
    this.cipher = cipher;
    this.plans = plans;
  }

  /**
   * What deliveries to a webhook need.
   *
   * @param settings empty where the webhook is inactive, paused or deleted
   * @param paused whether deliveries wait, and are not canceled
   */
  record Read(Optional<EndpointSettings> settings, boolean paused) {}

  /** Reads a webhook for a delivery. Fails as {@link #load} does. */
  Future<Read> loadActive(EndpointId endpoint) {
    return stored(endpoint).map(found -> found.filter(StoredEndpoint::active).map(webhook -> webhook.paused()
        ? new Read(Optional.empty(), true)
        : new Read(Optional.of(settings(endpoint, webhook)), false)).orElse(new Read(Optional.empty(), false)));
  }

  /**
   * Reads a webhook, active or not; empty where it has been deleted. Fails with {@link RefusedTargetException} where the target policy
   * refuses its URL by now, and with {@link UnreadableSecretException} where its secret or headers are under an unknown master key.
   */
  Future<Optional<EndpointSettings>> load(EndpointId endpoint) {
    return stored(endpoint).map(found -> found.map(webhook -> settings(endpoint, webhook)));
  }

  private Future<Optional<StoredEndpoint>> stored(EndpointId endpoint) {
    return EndpointStore.read(shards.on(client, endpoint.accountId()), endpoint, plans.withWebhooks());
  }

  private EndpointSettings settings(EndpointId endpoint, StoredEndpoint webhook) {
    Target target = policy.check(webhook.url());
    RequestHeaders headers = webhook.headers() == null ? RequestHeaders.NONE : headers(webhook.headers(), target, endpoint);
    return new EndpointSettings(
        endpoint.accountId(),
        webhook.version(),
        target,
        signer(webhook.secret(), endpoint),
        webhook.retired().stream().flatMap(secret -> retired(secret, endpoint)).toList(),
        headers.isEmpty() ? ExtraHeaders.NONE : headers.prepared(),
        headers.client() == null ? null : new Grant(endpoint.accountId(), endpoint.webhookId(), headers.client()),
        headers.certificate() == null ? null : new ClientIdentity(endpoint.webhookId(), headers.certificate()));
  }

  /** None for another origin than they were set for: a node of a version that knows no headers has changed the URL. */
  private RequestHeaders headers(byte[] sealed, Target target, EndpointId endpoint) {
    RequestHeaders headers = RequestHeaders.parse(cipher.open(sealed, endpoint.accountId(), endpoint.webhookId()));
    if (!headers.origin().equals(target.toString())) {
      log.warn("{} is sent to without its headers and authentication, which were set for {} and not for {}; set them again",
          Id.WEBHOOK.of(endpoint.webhookId()), headers.origin(), target);
      return RequestHeaders.NONE;
    }
    return headers;
  }

  /** Empty where the secret cannot be opened: if it was rotated for that reason, the others sign without it. */
  private Stream<Retired> retired(SealedSecret secret, EndpointId endpoint) {
    try {
      return Stream.of(new Retired(signer(secret.sealed(), endpoint), secret.until()));
    } catch (UnreadableSecretException e) {
      return Stream.empty();
    }
  }

  private Signer signer(byte[] sealed, EndpointId endpoint) {
    return new Signer(cipher.open(sealed, endpoint.accountId(), endpoint.webhookId()));
  }
}
