package io.keyhook.bus;

import io.vertx.core.VertxException;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.ClosedConnectionException;
import java.io.IOException;
import java.net.ConnectException;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.slf4j.event.Level;

/**
 * What the failure of a database call means. This is the only class that reads SQLSTATEs (PostgreSQL's documentation,
 * appendix A). Every error is the infrastructure's, and the same call may succeed later, unless it is the
 * {@linkplain #isItemsOwn() item's own}.
 */
public enum DatabaseError {
  /** A row with this key already exists (23505). */
  DUPLICATE,
  /** The data breaks a rule: class 22, 23, or 54 (it exceeds a limit of PostgreSQL's). */
  INVALID,
  /** No partition takes the row: 23514 without the name of a constraint. Nothing was written. */
  MISSING_PARTITION,
  /** A deadlock or a serialization failure (class 40): the transaction was rolled back and can be retried immediately. */
  CONFLICT,
  /** The statement took too long, or was canceled (57014). */
  TIMEOUT,
  /**
   * The connection is no longer usable, and nothing was written: it is read-only since a failover (25006), or has lost its
   * prepared statements to a pooler (26000, 42P05).
   */
  STALE_CONNECTION,
  /**
   * PostgreSQL cannot be reached, is overloaded, full, locked, starting or stopping (classes 08, 25, 53, 55, 57, 58), or did
   * not answer. PostgreSQL itself closes a connection that it ends (57P01 to 57P05). Whether something was written is unknown
   * unless the call {@link #hadNoEffect}.
   */
  UNAVAILABLE,
  /** Any other error of PostgreSQL, such as a missing privilege, that needs an administrator. */
  UNEXPECTED,
  /** Not an error of the database, but a defect in the calling code. */
  DEFECT;

  private static final Set<String> STALE = Set.of("25006", "26000", "42P05");
  /** Fatal errors of a server that ends a connection, and with it the transaction: no commit precedes them. */
  private static final Set<String> ENDED = Set.of("57P01", "57P05");
  /** As Vert.x has it: the connection was closed before the statement was sent. */
  private static final String NOT_SENT = "Connection is not active now";
  private static final String CRASH = "57P02";
  /** Of {@code keyhook.in_shard} and {@code keyhook.run_on_shard}, and of a table that does not exist. */
  private static final Set<String> ELSEWHERE = Set.of("55000", "42P01");
  /** The server is read-only, its disk is full, or it is starting or stopping. */
  private static final Set<String> SERVERS = Set.of("25006", "53100", "57P03");
  private static final String CHECK_VIOLATION = "23514";

  /** Classifies the failure of a call. */
  public static DatabaseError of(Throwable e) {
    if (e instanceof PgException pg) {
      return of(pg);
    }
    return e instanceof IOException || e instanceof TimeoutException
        || e instanceof VertxException && !(e instanceof ReplyException) ? UNAVAILABLE : DEFECT;
  }

  private static DatabaseError of(PgException e) {
    String state = e.getSqlState() == null ? "" : e.getSqlState();
    if (STALE.contains(state)) {
      return STALE_CONNECTION;
    }
    if (state.equals(CHECK_VIOLATION) && e.getConstraint() == null) {
      return MISSING_PARTITION;
    }
    return switch (state) {
      case "23505" -> DUPLICATE;
      case "57014" -> TIMEOUT;
      default -> switch (state.length() == 5 ? state.substring(0, 2) : "") {
        case "22", "23", "54" -> INVALID;
        case "40" -> CONFLICT;
        case "08", "25", "53", "55", "57", "58" -> UNAVAILABLE;
        default -> UNEXPECTED;
      };
    };
  }

  /**
   * Returns whether the shard of a table is not on the server (any more), or its table is gone (Citus). Nothing was written.
   */
  public static boolean isElsewhere(Throwable e) {
    return e instanceof PgException pg && ELSEWHERE.contains(pg.getSqlState());
  }

  /**
   * Returns whether a connection ended before or during the call, and the call surely changed nothing: the same call may
   * succeed at once on another connection. PostgreSQL reports 57P01 and 57P05 as errors only while it has not committed; when
   * it crashes, or waits for a standby after the commit, it closes the connection without an error. Vert.x 5.0 withholds these
   * errors from calls, whose connections are then lost.
   */
  public static boolean hadNoEffect(Throwable e) {
    return e instanceof PgException pg && ENDED.contains(pg.getSqlState())
        || e instanceof VertxException && String.valueOf(e.getMessage()).startsWith(NOT_SENT);
  }

  /**
   * Returns whether a connection ended during the call, on its way or at the server, so that whether the call changed something
   * is unknown. Not for connections that could not be opened.
   */
  public static boolean isConnectionLost(Throwable e) {
    if (e instanceof PgException pg) {
      String state = String.valueOf(pg.getSqlState());
      return state.equals(CRASH) || state.startsWith("08");
    }
    return e instanceof ClosedConnectionException || e instanceof IOException && !(e instanceof ConnectException);
  }

  /** Returns whether the call's data caused the error: the same call would fail again, and another may succeed. */
  public boolean isItemsOwn() {
    return this == DUPLICATE || this == INVALID || this == DEFECT;
  }

  /**
   * Returns the level at which a chore that repeats itself logs its failure. An outage is logged once, when it is noticed, and
   * not once for each chore and second.
   */
  public Level level() {
    return this == UNAVAILABLE ? Level.DEBUG : Level.WARN;
  }

  /** Returns whether the server itself says that it serves nobody or accepts no writes, which no other call disproves. */
  public static boolean isServersState(Throwable e) {
    return e instanceof PgException pg && SERVERS.contains(String.valueOf(pg.getSqlState()));
  }

  /** Returns whether the error occurs in normal operation: callers may retry, and the log needs no stack trace. */
  public boolean isOutage() {
    return !isItemsOwn() && this != UNEXPECTED;
  }
}
