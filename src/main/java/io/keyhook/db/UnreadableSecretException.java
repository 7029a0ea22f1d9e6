package io.keyhook.db;

/** A secret at rest opens with none of the master keys that are configured, or belongs to another row. */
public final class UnreadableSecretException extends IllegalStateException {
  UnreadableSecretException(String message) {
    super(message);
  }
}
