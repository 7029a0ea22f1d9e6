package io.keyhook;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Ends the process at the first {@link OutOfMemoryError}, as {@code -XX:+ExitOnOutOfMemoryError} does, also without that option.
 * After the error, objects may be in any state. Ending loses nothing that was answered: all of it is in the database.
 *
 * <p>Vert.x and Netty catch every error and write it to the log, so that is where this filter finds it.
 */
public final class OutOfMemory extends Filter<ILoggingEvent> {
  /** That of {@code -XX:+ExitOnOutOfMemoryError}. */
  static final int EXIT_CODE = 3;
  private static final int LONGEST_CHAIN = 20;

  /** Ends the process when a thread ends with the error. */
  static void watchThreads() {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {
      check(e);
      if (before != null) {
        before.uncaughtException(thread, e);
      } else {
        e.printStackTrace();
      }
    });
  }

  /** Ends the process if this is, or is caused by, the error. */
  static void check(Throwable e) {
    Throwable cause = e;
    for (int i = 0; cause != null && i < LONGEST_CHAIN; i++) {
      if (cause.getClass() == OutOfMemoryError.class) { // Netty's own limit of direct memory has a subclass, and fails one call
        System.err.println("Out of memory: the process ends. Give it a larger heap with -Xmx.");
        Runtime.getRuntime().halt(EXIT_CODE);
      }
      cause = cause.getCause();
    }
  }

  @Override
  public FilterReply decide(ILoggingEvent event) {
    if (event.getThrowableProxy() instanceof ThrowableProxy logged) {
      check(logged.getThrowable());
    }
    return FilterReply.NEUTRAL;
  }
}
