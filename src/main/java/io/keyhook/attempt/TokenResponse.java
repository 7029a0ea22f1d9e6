package io.keyhook.attempt;

import io.keyhook.bus.ClientCredentials;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;

/** The response of a token endpoint (RFC 6749, 5). Any thread. */
final class TokenResponse {
  /** The longest response, in bytes. */
  static final int MAX_BYTES = 64 * 1024;
  /** The longest token, in characters. Servers accept headers of 8 KB or more in total. */
  static final int MAX_TOKEN = 16 * 1024;
  /** The lifetime of a token whose response names none, or one that has ended: with that, each attempt would request a token. */
  static final Duration DEFAULT_LIFETIME = Duration.ofMinutes(5);
  static final Duration MAX_LIFETIME = Duration.ofDays(1);

  /** Visible ASCII, which includes all tokens of RFC 6750, 2.1: nothing that could end a header. */
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]++");
  /** Of RFC 6749, 5.2, and others in use. The code is the server's text, and is logged only if it is one of them. */
  private static final Set<String> ERRORS = Set.of("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
      "unsupported_grant_type", "invalid_scope", "invalid_target", "invalid_resource", "access_denied", "server_error",
      "temporarily_unavailable", "slow_down", "interaction_required", "consent_required");

  private TokenResponse() {}

  /**
   * Reads a response.
   *
   * @param requestedNanos when the request began
   * @throws NoTokenException it has no token that can be used
   */
  static AccessToken read(Attempt response, ClientCredentials client, long requestedNanos) {
    if (response.error() != null) {
      throw NoTokenException.of(response.error());
    }
    JsonObject json = json(response.responseBody());
    boolean saysWhy = json != null && json.getValue("error") instanceof String code && ERRORS.contains(code);
    String status = response.statusCode() + (saysWhy ? " " + json.getString("error") : ""); // some send it with 200
    if (!response.succeeded()) {
      throw NoTokenException.returned(status).retriedAfter(response.retryAfter());
    }
    if (response.responseBody().length() >= MAX_BYTES) {
      throw NoTokenException.returned(status + " with more than 64 KB");
    }
    if (json == null) {
      throw NoTokenException.returned(status + " without a JSON object");
    }
    if (!(json.getValue("token_type") instanceof String type) || !type.equalsIgnoreCase("Bearer")) {
      throw NoTokenException.returned(status + " without the token_type Bearer");
    }
    if (!(json.getValue("access_token") instanceof String token) || token.isEmpty()) {
      throw NoTokenException.returned(status + " without an access_token");
    }
    if (token.length() > MAX_TOKEN || !TOKEN.matcher(token).matches()) {
      throw NoTokenException.returned(status + " with an access_token that is too long, or is not visible ASCII characters");
    }
    return new AccessToken(token, client, requestedNanos, lifetime(json.getValue("expires_in")));
  }

  /** Null: it is none. */
  private static JsonObject json(String body) {
    try {
      return Json.decodeValue(body) instanceof JsonObject object ? object : null;
    } catch (DecodeException e) {
      return null;
    }
  }

  /** Some servers send text. */
  private static Duration lifetime(Object expiresIn) {
    long seconds;
    if (expiresIn instanceof Number number) {
      seconds = (long) number.doubleValue(); // the nearest, where it is none
    } else if (expiresIn instanceof String text) {
      try {
        seconds = Long.parseLong(text);
      } catch (NumberFormatException e) {
        return DEFAULT_LIFETIME;
      }
    } else {
      return DEFAULT_LIFETIME;
    }
    return seconds <= 0 ? DEFAULT_LIFETIME : Duration.ofSeconds(Math.min(seconds, MAX_LIFETIME.toSeconds()));
  }
}
