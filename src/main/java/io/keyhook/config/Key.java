package io.keyhook.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Set;

/** A key of the configuration by its path, as {@code delivery.retryDelays}. */
record Key(String path, Kind kind) {
  // The public key is one of them because of what gets pasted there by mistake: the private one.
  static final Set<String> SECRETS = Set.of("database.uri", "database.password", "database.migrationUri",
      "bootstrap.password", "bootstrap.apiKey", "operator.key", "auth.jwt.secret", "auth.jwt.publicKey",
      "auth.jwt.privateKey", "secrets.masterKey", "delivery.proxy", "mail.password", "secrets.previousMasterKeys");
  private static final int SHOWN_CHARACTERS = 80;

  boolean isSecret() {
    return isSecret(path);
  }

  static boolean isSecret(String path) {
    return SECRETS.contains(path);
  }

  /** The environment variable that overrides the key: {@code KEYHOOK_DELIVERY_RETRY_DELAYS}. */
  String variable() {
    return "KEYHOOK_" + path.replaceAll("([A-Z])", "_$1").replace('.', '_').toUpperCase(Locale.ROOT);
  }

  /** The environment variable that names a file with the secret, as container platforms mount them. */
  String fileVariable() {
    return variable() + "_FILE";
  }

  /** The value as an error line may show it. */
  String show(JsonNode value) {
    if (isSecret()) {
      return "***";
    }
    String text = value.toString();
    return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "...";
  }
}
