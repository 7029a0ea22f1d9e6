package io.keyhook;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes the lines of the access log from event loops without ever blocking them: a thread of its own writes what the queue holds, and
 * lines for which it has no place are dropped. A line says how many were.
 */
public final class AccessLines extends AsyncAppender {
  private static final int QUEUE = 8192;

  private final AtomicLong dropped = new AtomicLong();

  public AccessLines() {
    setName("ACCESS");
    setQueueSize(QUEUE);
    setDiscardingThreshold(0);
    setNeverBlock(true);
  }

  @Override
  protected void append(ILoggingEvent line) {
    if (getRemainingCapacity() < 2) { // with room for the line that tells
      dropped.incrementAndGet();
      return;
    }
    long missing = dropped.getAndSet(0);
    if (missing > 0) {
      Logger logger = ((LoggerContext) getContext()).getLogger(line.getLoggerName());
      super.append(new LoggingEvent(AccessLines.class.getName(), logger, Level.WARN,
          "{} lines of the access log were dropped, because they could not be written fast enough", null, new Object[] {missing}));
    }
    super.append(line);
  }
}
