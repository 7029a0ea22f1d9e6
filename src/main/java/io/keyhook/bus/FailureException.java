package io.keyhook.bus;

import io.vertx.core.VertxException;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import io.vertx.pgclient.PgException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries a {@link Failure} through futures and over the bus; without a stack trace, as it is expected. */
public final class FailureException extends ReplyException {
  private static final Logger log = LoggerFactory.getLogger(FailureException.class);
  /** SQLSTATE classes of a server that is away, overloaded or shutting down, and of a transaction worth repeating. */
  private static final List<String> AWAY = List.of("08", "40", "53", "57", "58", "25");

  private final transient Failure failure;

  FailureException(Failure failure, Throwable cause) {
    super(ReplyFailure.RECIPIENT_FAILURE, -1, failure.message(), cause, true);
    this.failure = failure;
  }

  public Failure failure() {
    return failure;
  }

  /** The failure that a caller is told of; what is not expected is logged here and becomes {@link Failure.Internal}. */
  public static FailureException of(Throwable e) {
    if (e instanceof FailureException known) {
      return known;
    }
    if (e instanceof ReplyException reply && reply.failureType() != ReplyFailure.RECIPIENT_FAILURE) {
      return new FailureException(new Failure.Unavailable("The service is busy or stopping; try again"), e);
    }
    if (isDatabaseAway(e)) {
      log.debug("The database is not available: {}", e.getMessage()); // whoever polls it says so once a second
      return new FailureException(new Failure.Unavailable("The database is not available; try again"), e);
    }
    log.error("Unexpected failure", e);
    return new FailureException(new Failure.Internal(), e);
  }

  /** Whether a database call failed for want of the database, and not for what was asked. */
  public static boolean isDatabaseAway(Throwable e) {
    if (e instanceof PgException pg) {
      String state = pg.getSqlState();
      return state != null && state.length() == 5 && AWAY.contains(state.substring(0, 2));
    }
    return e instanceof IOException || e instanceof TimeoutException
        || e instanceof VertxException && !(e instanceof ReplyException);
  }
}
