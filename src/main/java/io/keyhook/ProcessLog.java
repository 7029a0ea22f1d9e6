package io.keyhook;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import io.keyhook.config.KeyhookOptions;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** The log of the process, as {@code log.level} and {@code log.format} say. A host application configures its own. */
final class ProcessLog {
  /** As {@code io/keyhook/logback.xml} names it. An administrator's own file, which has others, stays as it is. */
  private static final String APPENDER = "STDERR";

  private ProcessLog() {}

  static void configure(KeyhookOptions.Log options) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context) || !(appender(context)
        instanceof OutputStreamAppender<ILoggingEvent> appender)) {
      return;
    }
    level(context, options.level());
    if (options.format() == KeyhookOptions.Log.Format.JSON) {
      JsonLines encoder = new JsonLines();
      encoder.setContext(context);
      encoder.start();
      appender.setEncoder(encoder);
    }
  }

  /** Changes the level of Keyhook's lines while the process runs, and returns true; false: an administrator's own file sets it. */
  static boolean level(org.slf4j.event.Level level) {
    own().ifPresent(context -> level(context, level));
    return isOwn();
  }

  /** Whether Keyhook configures the log, and no file of an administrator. */
  static boolean isOwn() {
    return own().isPresent();
  }

  /** Returns the level; empty: an administrator's own file sets it, or it is OFF or ALL, which Keyhook does not set. */
  static Optional<org.slf4j.event.Level> level() {
    return own().flatMap(ProcessLog::level);
  }

  static Optional<org.slf4j.event.Level> level(LoggerContext context) {
    String level = context.getLogger("io.keyhook").getEffectiveLevel().toString();
    return Arrays.stream(org.slf4j.event.Level.values()).filter(known -> known.name().equals(level)).findFirst();
  }

  private static Optional<LoggerContext> own() {
    return LoggerFactory.getILoggerFactory() instanceof LoggerContext context
        && appender(context) instanceof OutputStreamAppender<ILoggingEvent> ? Optional.of(context) : Optional.empty();
  }

  /** Writes what the access log still holds. It takes the appender of all lines along: nothing is logged after this. Blocks for a second at most. */
  static void end() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      Appender<ILoggingEvent> access = context.getLogger("io.keyhook.access").getAppender("ACCESS");
      if (access != null) {
        access.stop();
      }
    }
  }

  private static void level(LoggerContext context, org.slf4j.event.Level level) {
    context.getLogger("io.keyhook").setLevel(Level.convertAnSLF4JLevel(level));
  }

  private static Appender<ILoggingEvent> appender(LoggerContext context) {
    return context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(APPENDER);
  }
}
