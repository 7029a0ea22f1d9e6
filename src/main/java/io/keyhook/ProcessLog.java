package io.keyhook;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import io.keyhook.config.KeyhookOptions;
import org.slf4j.LoggerFactory;

/** The log of the process, as {@code log.level} and {@code log.format} say. A host application configures its own. */
final class ProcessLog {
  /** As {@code io/keyhook/logback.xml} names it. An administrator's own file, which has others, stays as it is. */
  private static final String APPENDER = "STDERR";

  private ProcessLog() {}

  static void configure(KeyhookOptions.Log options) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return; // the process was started with another logger on its class path
    }
    if (!(context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(APPENDER)
        instanceof OutputStreamAppender<ILoggingEvent> appender)) {
      return;
    }
    context.getLogger("io.keyhook").setLevel(Level.convertAnSLF4JLevel(options.level()));
    if (options.format() == KeyhookOptions.Log.Format.JSON) {
      JsonLines encoder = new JsonLines();
      encoder.setContext(context);
      encoder.start();
      appender.setEncoder(encoder);
    }
  }
}
