package io.keyhook.testing;

import com.standardwebhooks.exceptions.WebhookVerificationException;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * An attempt as it arrived.
 *
 * @param headers names in any case
 * @param body as it was sent, byte for byte
 */
public record Delivery(String path, MultiMap headers, byte[] body) {

  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  public JsonObject json() {
    return new JsonObject(text());
  }

  public JsonObject data() {
    return json().getJsonObject("data");
  }

  public String id() {
    return headers.get("webhook-id");
  }

  public String event() {
    return headers.get("X-Webhook-Event");
  }

  public int attempt() {
    return Integer.parseInt(headers.get("X-Webhook-Attempt"));
  }

  public String header(String name) {
    return headers.get(name);
  }

  /** Whether it is signed with this secret in both forms, each judged by code that is not Keyhook's. */
  public boolean isSignedWith(String secret) {
    return isStandardSignedWith(secret) && plainSignature(secret).equals(header("X-Webhook-Signature"));
  }

  /** The same, by whatever clock it was signed. */
  boolean isSignedAtItsTimeWith(String secret) {
    try {
      String standard = new com.standardwebhooks.Webhook(secret)
          .sign(id(), Long.parseLong(header("webhook-timestamp")), text());
      return standard.equals(header("webhook-signature"))
          && plainSignature(secret).equals(header("X-Webhook-Signature"));
    } catch (com.standardwebhooks.exceptions.WebhookSigningException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether a library of Standard Webhooks accepts it. */
  public boolean isStandardSignedWith(String secret) {
    Map<String, List<String>> named = headers.names().stream().map(name -> name.toLowerCase(Locale.ROOT)).distinct()
        .collect(Collectors.toMap(name -> name, headers::getAll));
    try {
      new com.standardwebhooks.Webhook(secret).verify(text(), named);
      return true;
    } catch (WebhookVerificationException e) {
      return false;
    }
  }

  /** What {@code X-Webhook-Signature} should be. */
  public String plainSignature(String secret) {
    return HexFormat.of().formatHex(hmac(secret.getBytes(StandardCharsets.UTF_8), body));
  }

  /** What {@code webhook-signature} would be for an attempt at another time. */
  public String standardSignature(String secret, String timestamp) {
    byte[] head = (id() + '.' + timestamp + '.').getBytes(StandardCharsets.UTF_8);
    byte[] signed = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, signed, head.length, body.length);
    byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
    return "v1," + Base64.getEncoder().encodeToString(hmac(key, signed));
  }

  private static byte[] hmac(byte[] key, byte[] message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
