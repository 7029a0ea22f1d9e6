package io.keyhook.testing;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** Keeps all that a test run logs, {@code logback-test.xml} says what, for {@link LogCheck} to search. */
public final class LogWatch extends AppenderBase<ILoggingEvent> {
  /** Far more than a run logs. */
  private static final long MOST_CHARACTERS = 64_000_000;

  private static final Queue<String> LINES = new ConcurrentLinkedQueue<>();
  private static final Queue<String> BLOCKED = new ConcurrentLinkedQueue<>();
  private static final AtomicLong CHARACTERS = new AtomicLong();

  @Override
  protected void append(ILoggingEvent event) {
    String line = event.getLevel() + " " + event.getLoggerName() + " [" + event.getThreadName() + "] "
        + event.getFormattedMessage() + "\n" + ThrowableProxyUtil.asString(event.getThrowableProxy());
    if (CHARACTERS.addAndGet(line.length()) <= MOST_CHARACTERS) {
      LINES.add(line);
    }
    if (event.getLoggerName().equals(BlockedThreads.LOGGER)) {
      BLOCKED.add(line);
    }
  }

  /** Vert.x's reports of blocked threads, the latest last. */
  static List<String> blocked() {
    return List.copyOf(BLOCKED);
  }

  static List<String> lines() {
    if (CHARACTERS.get() > MOST_CHARACTERS) {
      throw new IllegalStateException("More was logged than is kept: not all of it was searched");
    }
    return List.copyOf(LINES);
  }

  /** The lines that hold a text, oldest first. */
  public static List<String> linesWith(String text) {
    return lines().stream().filter(line -> line.contains(text)).toList();
  }
}
