package io.keyhook.attempt;

import io.keyhook.bus.ClientCredentials;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.UUID;

/**
 * What the access tokens of a webhook are issued for (RFC 6749, 4.4). Any thread.
 *
 * @param client complete. Its token URL is judged each time that a token is requested
 */
public record Grant(UUID accountId, UUID webhookId, ClientCredentials client) {
  private static final CharSequence FORM = HttpHeaders.createOptimized("application/x-www-form-urlencoded");
  private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");

  /** Returns the request for a token (RFC 6749, 4.4.2). */
  Message request() {
    MultiMap headers = HttpHeaders.headers().add(HttpHeaders.CONTENT_TYPE, FORM).add(HttpHeaders.ACCEPT, JSON);
    StringBuilder form = new StringBuilder("grant_type=client_credentials");
    append(form, "scope", client.scope());
    append(form, "audience", client.audience());
    append(form, "resource", client.resource());
    switch (client.method()) {
      case CLIENT_SECRET_BASIC -> headers.add(HttpHeaders.AUTHORIZATION, "Basic " + Base64.getEncoder().encodeToString(
          (encoded(client.clientId()) + ':' + encoded(client.clientSecret())).getBytes(StandardCharsets.UTF_8)));
      case CLIENT_SECRET_POST -> {
        append(form, "client_id", client.clientId());
        append(form, "client_secret", client.clientSecret());
      }
    }
    return new Message(headers, Buffer.buffer(form.toString()));
  }

  private static void append(StringBuilder form, String name, String value) {
    if (value != null) {
      form.append('&').append(name).append('=').append(encoded(value));
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
