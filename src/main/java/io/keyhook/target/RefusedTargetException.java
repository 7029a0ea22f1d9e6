package io.keyhook.target;

import java.util.function.Supplier;

/**
 * A webhook's URL, or what its name resolves to, is against the rules of {@link TargetPolicy}. An expected outcome, so
 * without a stack trace. The message is meant for the webhook's owner: it says what to change, and names neither the
 * path (which may hold a token) nor a resolved address (which would map the operator's network).
 */
public final class RefusedTargetException extends RuntimeException {

  /** The rule that refused a target. All except {@link #DNS} depend only on the URL, and so prevent a registration. */
  enum Stage { PARSE, SCHEME, PORT, NAME, IDN, LITERAL, DNS }

  private final Stage stage;

  RefusedTargetException(Stage stage, String message) {
    super(message, null, false, false);
    this.stage = stage;
  }

  Stage stage() {
    return stage;
  }

  static void require(boolean holds, Stage stage, String message) {
    if (!holds) {
      throw new RefusedTargetException(stage, message);
    }
  }

  /** With a message that is made only when it is needed: every attempt asks. */
  static void require(boolean holds, Stage stage, Supplier<String> message) {
    if (!holds) {
      throw new RefusedTargetException(stage, message.get());
    }
  }
}
