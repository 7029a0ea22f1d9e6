package io.keyhook.testing;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;

/** Notes every secret that is sent or told in an exchange that succeeds: others may hold any word in its place. */
public final class SecretsNoted implements ExchangeCheck {
  private static final Set<String> FIELDS =
      Set.of("secret", "key", "token", "password", "licenseKey", "currentPassword", "newPassword");

  @Override
  public void check(Exchange exchange) {
    if (exchange.status() / 100 == 2) {
      exchange.requestHeaders().firstValue("Authorization")
          .ifPresent(value -> Secrets.note(value.replace("Bearer ", "")));
      note(exchange.requestBody());
      note(exchange.body());
    }
  }

  private static void note(String body) {
    if (body != null && body.startsWith("{")) {
      try {
        note(new JsonObject(body));
      } catch (DecodeException notJson) {
        // an export, say: what is in it was told before
      }
    }
  }

  private static void note(JsonObject object) {
    object.forEach(field -> {
      if (field.getValue() instanceof String text && FIELDS.contains(field.getKey())) {
        Secrets.note(text);
      } else if (field.getValue() instanceof JsonObject inner) {
        note(inner);
      } else if (field.getValue() instanceof JsonArray list) {
        list.stream().filter(JsonObject.class::isInstance).map(JsonObject.class::cast).forEach(SecretsNoted::note);
      }
    });
  }
}
