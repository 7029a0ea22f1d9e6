package io.keyhook.attempt;

import java.time.Duration;

/** There is no access token for an attempt. The message is for the log, and names no secret. Without a stack trace. */
final class NoTokenException extends RuntimeException {
  private static final String ENDPOINT = "Token endpoint ";
  private static final String PAUSED = "; Keyhook waits before its next request for a token";

  private final AttemptError error;
  private final Duration retryAfter;

  /**
   * @param message null: there is nothing to add to the error
   */
  private NoTokenException(AttemptError error, String message, Duration retryAfter) {
    super(message, null, false, false);
    this.error = error;
    this.retryAfter = retryAfter;
  }

  /** There was no complete response. A fault of this node's own is no fault of the token endpoint's. */
  static NoTokenException of(AttemptError error) {
    return error.isKeyhooks() ? new NoTokenException(error, null, Duration.ZERO)
        : new NoTokenException(AttemptError.TOKEN_ERROR, ENDPOINT + "failed: " + error.wireName(), Duration.ZERO);
  }

  /**
   * There was a response without a token that can be used.
   *
   * @param what the status and what else is known
   */
  static NoTokenException returned(String what) {
    return new NoTokenException(AttemptError.TOKEN_ERROR, ENDPOINT + "returned " + what, Duration.ZERO);
  }

  /** The same, with what the attempts wait for. */
  NoTokenException retriedAfter(Duration wait) {
    return new NoTokenException(error, getMessage(), wait);
  }

  /** There was no request, because the one before failed like this. */
  NoTokenException paused(Duration left) {
    return new NoTokenException(error, getMessage() + PAUSED, left);
  }

  AttemptError error() {
    return error;
  }

  /** How long the token endpoint gets no request, or asks for none; zero: it does not. */
  Duration retryAfter() {
    return retryAfter;
  }
}
