package io.keyhook.webhook;

import io.keyhook.attempt.ClientPem;
import io.keyhook.bus.ClientCredentials;
import io.keyhook.bus.Webhooks.Authentication;
import io.keyhook.bus.Webhooks.ShownAuthentication;
import io.keyhook.bus.Webhooks.ShownCertificate;
import io.keyhook.bus.Webhooks.ShownClient;
import io.vertx.core.json.JsonObject;
import java.time.Instant;

/** What is shown of an authentication, as it is kept beside the sealed credentials. */
final class AuthenticationDetails {
  private AuthenticationDetails() {}

  /**
   * Returns what is kept.
   *
   * @param authentication null: none
   * @return null: only the type is shown
   */
  static JsonObject of(Authentication authentication) {
    return authentication == null ? null : switch (authentication.type()) {
      case BASIC, BEARER -> null;
      case OAUTH2 -> of(authentication.client());
      case MTLS -> of(ClientPem.read(authentication.certificate()));
    };
  }

  private static JsonObject of(ClientPem certificate) {
    return new JsonObject().put("subject", certificate.subject()).put("issuer", certificate.issuer())
        .put("expiresAt", certificate.expiresAt().toEpochMilli()).put("fingerprint", certificate.fingerprint());
  }

  private static JsonObject of(ClientCredentials client) {
    return new JsonObject().put("tokenUrl", client.tokenUrl()).put("clientId", client.clientId())
        .put("clientAuthentication", client.method().wireName()).put("scope", client.scope()).put("audience", client.audience())
        .put("resource", client.resource());
  }

  /**
   * Returns what is shown.
   *
   * @param type null: there is no authentication
   * @param details as kept. A node of an earlier version leaves those of an earlier authentication
   */
  static ShownAuthentication shown(String type, JsonObject details) {
    if (type == null) {
      return null;
    }
    boolean hasClient = type.equals(Authentication.Type.OAUTH2.wireName()) && details != null;
    boolean hasCertificate = type.equals(Authentication.Type.MTLS.wireName()) && details != null;
    return new ShownAuthentication(type, hasClient ? client(details) : null, hasCertificate ? certificate(details) : null);
  }

  private static ShownCertificate certificate(JsonObject details) {
    return new ShownCertificate(details.getString("subject"), details.getString("issuer"),
        Instant.ofEpochMilli(details.getLong("expiresAt")), details.getString("fingerprint"));
  }

  private static ShownClient client(JsonObject details) {
    return new ShownClient(details.getString("tokenUrl"), details.getString("clientId"), details.getString("clientAuthentication"),
        details.getString("scope"), details.getString("audience"), details.getString("resource"));
  }
}
