package io.keyhook;

import io.keyhook.bus.Actor;
import io.keyhook.config.NodeControl;
import io.keyhook.config.Reloaded;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Controls the process that {@link Main} runs. */
final class ProcessControl implements NodeControl {
  private static final Logger log = LoggerFactory.getLogger(ProcessControl.class);

  private final Reload reload;

  ProcessControl(Reload reload) {
    this.reload = reload;
  }

  @Override
  public Reloaded reload() {
    return reload.run();
  }

  @Override
  public Optional<Level> logLevel() {
    return ProcessLog.level();
  }

  /** A higher level would hide the line about it: so the line comes before the change wherever the level before shows it. */
  @Override
  public boolean logLevel(Level level, Actor by) {
    if (!ProcessLog.isOwn()) {
      return false;
    }
    boolean shown = log.isWarnEnabled();
    if (shown) {
      log(level, by);
    }
    ProcessLog.level(level);
    if (!shown) {
      log(level, by);
    }
    return true;
  }

  private static void log(Level level, Actor by) {
    log.warn("An administrator set the log level to {}, until a restart or a reload that changes log.level ({} at {})", level,
        by.name(), by.address());
  }
}
