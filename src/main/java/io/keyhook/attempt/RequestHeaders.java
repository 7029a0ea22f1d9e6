package io.keyhook.attempt;

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
        authentication.getString("password"), authentication.getString("token")));
  }

  /** As it is sealed. */
  public String toJson() {
    JsonObject json = new JsonObject().put("origin", origin).put("headers", new JsonObject(new LinkedHashMap<>(headers)));
    if (authentication != null) {
      json.put("authentication", new JsonObject().put("type", authentication.type().name())
          .put("username", authentication.username()).put("password", authentication.password())
          .put("token", authentication.token()));
    }
    return json.encode();
  }

  public boolean isEmpty() {
    return headers.isEmpty() && authentication == null;
  }

  /** Returns how long the names and values are together, in bytes. */
  public int bytes() {
    int bytes = authentication == null ? 0 : AUTHORIZATION.length() + authorization().length();
    for (Map.Entry<String, String> header : headers.entrySet()) {
      bytes += header.getKey().length() + header.getValue().length(); // ASCII
    }
    return bytes;
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
    if (authentication != null) {
      String value = authorization();
      all.put(AUTHORIZATION, value);
      secrets.add(value.substring(value.indexOf(' ') + 1));
      secrets.add(authentication.username());
      secrets.add(authentication.password());
    }
    return ExtraHeaders.of(all, secrets);
  }

  private String authorization() {
    return switch (authentication.type()) {
      case BASIC -> "Basic " + Base64.getEncoder().encodeToString(
          (authentication.username() + ':' + authentication.password()).getBytes(StandardCharsets.UTF_8));
      case BEARER -> "Bearer " + authentication.token();
    };
  }

  /** Without the values. */
  @Override
  public String toString() {
    return "RequestHeaders[origin=" + origin + ", headers=" + headers.keySet() + ", authentication=" + authentication + "]";
  }
}
