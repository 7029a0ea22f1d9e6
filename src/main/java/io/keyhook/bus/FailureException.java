package io.keyhook.bus;

import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries a {@link Failure} through futures and over the bus, without a stack trace, because it is expected. */
public final class FailureException extends ReplyException {
  private static final Logger log = LoggerFactory.getLogger(FailureException.class);

  private final transient Failure failure;

  FailureException(Failure failure, Throwable cause) {
    super(ReplyFailure.RECIPIENT_FAILURE, -1, failure.message(), cause, true);
    this.failure = failure;
  }

  public Failure failure() {
    return failure;
  }

  /** Returns the failure for the caller. Logs an unexpected error and turns it into {@link Failure.Internal}. */
  public static FailureException of(Throwable e) {
    if (e instanceof FailureException known) {
      return known;
    }
    if (e instanceof ReplyException reply && reply.failureType() != ReplyFailure.RECIPIENT_FAILURE) {
      return new FailureException(new Failure.Unavailable("The server is busy or stopping; retry"), e);
    }
    if (DatabaseError.of(e).isOutage()) {
      log.debug("The database is unavailable: {}", e.getMessage()); // whoever polls it says so once a second
      return new FailureException(new Failure.Unavailable("The database is unavailable; retry"), e);
    }
    log.error("Unexpected failure", e);
    return new FailureException(new Failure.Internal(), e);
  }
}
