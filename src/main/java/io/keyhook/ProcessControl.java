package io.keyhook;

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

  @Override
  public boolean logLevel(Level level) {
    boolean changed = ProcessLog.level(level);
    if (changed) {
      log.warn("An administrator set the log level to {}, until a restart or a reload that changes log.level", level);
    }
    return changed;
  }
}
