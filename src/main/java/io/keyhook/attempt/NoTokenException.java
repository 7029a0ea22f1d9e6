package io.keyhook.attempt;

/** There is no access token for an attempt. The message is for the log, and names no secret. Without a stack trace. */
final class NoTokenException extends RuntimeException {
  private static final String ENDPOINT = "Token endpoint ";

  private final AttemptError error;

  /**
   * @param message null: there is nothing to add to the error
   */
  private NoTokenException(AttemptError error, String message) {
    super(message, null, false, false);
    this.error = error;
  }

  /** There was no complete response. A fault of this node's own is no fault of the token endpoint's. */
  static NoTokenException of(AttemptError error) {
    return error.isKeyhooks() ? new NoTokenException(error, null)
        : new NoTokenException(AttemptError.TOKEN_ERROR, ENDPOINT + "failed: " + error.wireName());
  }

  /**
   * There was a response without a token that can be used.
   *
   * @param what the status and what else is known
   */
  static NoTokenException returned(String what) {
    return new NoTokenException(AttemptError.TOKEN_ERROR, ENDPOINT + "returned " + what);
  }

  AttemptError error() {
    return error;
  }
}
