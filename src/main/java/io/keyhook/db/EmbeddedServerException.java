package io.keyhook.db;

/**
 * The embedded PostgreSQL cannot be started. The message is one line for the operator: what is wrong, and what to do.
 */
public final class EmbeddedServerException extends RuntimeException {

  EmbeddedServerException(String message) {
    super(message);
  }

  EmbeddedServerException(String message, Throwable cause) {
    super(message, cause);
  }
}
