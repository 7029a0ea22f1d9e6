package io.keyhook.delivery;

import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Signer;
import io.keyhook.db.Cipher;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.event.EndpointId;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.Optional;

/** Reads webhooks for sending. Belongs to one event loop. */
final class EndpointReader {
  private final SqlClient client;
  private final TargetPolicy policy;
  private final Cipher cipher;

  EndpointReader(SqlClient client, TargetPolicy policy, Cipher cipher) {
    this.client = client;
    this.policy = policy;
    this.cipher = cipher;
  }

  /** Empty where the webhook is gone; fails with {@link RefusedTargetException} where its URL is refused by now. */
  Future<Optional<EndpointSettings>> load(EndpointId endpoint) {
    return QueueStore.settings(client, endpoint).map(found -> found.map(settings -> new EndpointSettings(
        settings.version(),
        policy.check(settings.url()),
        signer(settings.secret(), endpoint),
        settings.previousSecret() == null ? null : previousSigner(settings.previousSecret(), endpoint),
        settings.previousUntil())));
  }

  /** Null where it cannot be read: a secret that was rotated for that is replaced by the new one alone. */
  private Signer previousSigner(byte[] sealed, EndpointId endpoint) {
    try {
      return signer(sealed, endpoint);
    } catch (UnreadableSecretException e) {
      return null;
    }
  }

  private Signer signer(byte[] sealed, EndpointId endpoint) {
    return new Signer(cipher.open(sealed, endpoint.accountId(), endpoint.webhookId()));
  }
}
