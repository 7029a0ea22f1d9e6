package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.VertxOptions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test during which an event loop was blocked for a second. Every class that attacks a node is extended with it,
 * or has {@link LinearWork} look; the Vert.x under attack has these {@link #options}.
 */
public final class BlockedThreads implements BeforeEachCallback, AfterEachCallback {
  /** What Vert.x logs its reports as. */
  static final String LOGGER = "io.vertx.core.impl.BlockedThreadChecker";

  private static final ExtensionContext.Namespace BEFORE = ExtensionContext.Namespace.create(BlockedThreads.class);

  /** Reports an event loop that is blocked for a second, with what it does. */
  public static VertxOptions options() {
    return new VertxOptions()
        .setBlockedThreadCheckInterval(100).setBlockedThreadCheckIntervalUnit(TimeUnit.MILLISECONDS)
        .setMaxEventLoopExecuteTime(1).setMaxEventLoopExecuteTimeUnit(TimeUnit.SECONDS)
        .setWarningExceptionTime(1).setWarningExceptionTimeUnit(TimeUnit.SECONDS);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(BEFORE).put(LOGGER, LogWatch.blocked().size());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    int before = context.getStore(BEFORE).get(LOGGER, Integer.class);
    assertThat(LogWatch.blocked().stream().skip(before)).as("reports of blocked threads").isEmpty();
  }
}
