package io.keyhook.attempt;

import io.keyhook.bus.ClientCertificate;
import io.keyhook.bus.ClientCredentials;
import io.keyhook.bus.HeaderRules;
import io.keyhook.bus.Webhooks.Authentication;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The headers of a webhook's choice and its authentication, opened. They are sealed together with the origin that they were set for,
 * so that they reach no other, whatever becomes of the webhook's URL. Any thread; the map is not to be changed.
 *
 * @param origin scheme, host and port, as {@link io.keyhook.target.Target#toString} writes them; null: there is nothing to send
 * @param headers by name, in the order in which they were set
 * @param authentication complete; null: none
 */
public record RequestHeaders(String origin, Map<String, String> headers, Authentication authentication) {
  public static final RequestHeaders NONE = new RequestHeaders(null, Map.of(), null);
  private static final String AUTHORIZATION = "Authorization";

  /** Reads {@link #toJson}. */
  public static RequestHeaders parse(String json) {
    JsonObject object = new JsonObject(json);
    Map<String, String> headers = new LinkedHashMap<>();
    object.getJsonObject("headers").forEach(header -> headers.put(header.getKey(), (String) header.getValue()));
    JsonObject authentication = object.getJsonObject("authentication");
    return new RequestHeaders(object.getString("origin"), headers, authentication == null ? null : new Authentication(
        Authentication.Type.valueOf(authentication.getString("type")), authentication.getString("username"),
        authentication.getString("password"), authentication.getString("token"), client(authentication.getJsonObject("client")),
        certificate(authentication.getJsonObject("certificate"))));
  }

  private static ClientCertificate certificate(JsonObject json) {
    return json == null ? null : new ClientCertificate(json.getString("certificate"), json.getString("privateKey"));
  }

  private static ClientCredentials client(JsonObject json) {
    return json == null ? null : new ClientCredentials(json.getString("tokenUrl"), json.getString("clientId"),
        json.getString("clientSecret"), ClientCredentials.Method.valueOf(json.getString("method")), json.getString("scope"),
        json.getString("audience"), json.getString("resource"));
  }

  /** As it is sealed. */
  public String toJson() {
    JsonObject json = new JsonObject().put("origin", origin).put("headers", new JsonObject(new LinkedHashMap<>(headers)));
    if (authentication != null) {
      json.put("authentication", new JsonObject().put("type", authentication.type().name())
          .put("username", authentication.username()).put("password", authentication.password())
          .put("token", authentication.token()));
      if (authentication.client() != null) {
        json.getJsonObject("authentication").put("client", json(authentication.client()));
      }
      if (authentication.certificate() != null) {
        json.getJsonObject("authentication").put("certificate", new JsonObject()
            .put("certificate", authentication.certificate().certificate()).put("privateKey", authentication.certificate().privateKey()));
      }
    }
    return json.encode();
  }

  private static JsonObject json(ClientCredentials client) {
    return new JsonObject().put("tokenUrl", client.tokenUrl()).put("clientId", client.clientId())
        .put("clientSecret", client.clientSecret()).put("method", client.method().name()).put("scope", client.scope())
        .put("audience", client.audience()).put("resource", client.resource());
  }

  public boolean isEmpty() {
    return headers.isEmpty() && authentication == null;
  }

  /** Returns how long the names and values are together, in bytes, without an access token that is yet to be issued. */
  public int bytes() {
    String authorization = authorization();
    int bytes = authorization == null ? 0 : AUTHORIZATION.length() + authorization.length();
    for (Map.Entry<String, String> header : headers.entrySet()) {
      bytes += header.getKey().length() + header.getValue().length(); // ASCII
    }
    return bytes;
  }

  /** Returns the client that access tokens are issued to; null: none are needed. */
  public ClientCredentials client() {
    return authentication == null ? null : authentication.client();
  }

  /** Returns the certificate that is shown; null: none is. */
  public ClientCertificate certificate() {
    return authentication == null ? null : authentication.certificate();
  }

  /** Returns them ready to be sent to their origin. */
  public ExtraHeaders prepared() {
    Map<String, String> all = new LinkedHashMap<>(headers);
    List<String> secrets = new ArrayList<>(headers.values());
    headers.forEach((name, value) -> {
      if (HeaderRules.isAuthorization(name)) { // after the scheme
        secrets.add(value.substring(value.indexOf(' ') + 1));
      }
    });
    String authorization = authorization();
    if (authorization != null) {
      all.put(AUTHORIZATION, authorization);
      secrets.add(authorization.substring(authorization.indexOf(' ') + 1));
      secrets.add(authentication.username());
      secrets.add(authentication.password());
    }
    return ExtraHeaders.of(all, secrets);
  }

  /** Null: there is no such header, or its value is yet to be issued. */
  private String authorization() {
    return authentication == null ? null : switch (authentication.type()) {
      case BASIC -> "Basic " + Base64.getEncoder().encodeToString(
          (authentication.username() + ':' + authentication.password()).getBytes(StandardCharsets.UTF_8));
      case BEARER -> "Bearer " + authentication.token();
      case OAUTH2, MTLS -> null;
    };
  }

  /** Without the values. */
  @Override
  public String toString() {
    return "RequestHeaders[origin=" + origin + ", headers=" + headers.keySet() + ", authentication=" + authentication + "]";
  }
}
