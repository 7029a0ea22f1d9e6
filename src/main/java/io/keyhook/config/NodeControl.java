package io.keyhook.config;

import io.keyhook.bus.Actor;
import java.util.Optional;
import org.slf4j.event.Level;

/** What an administrator can do with the process of a node. Any thread. */
public interface NodeControl {
  /** Of a host application, whose process is its own. */
  NodeControl NONE = new NodeControl() {
    @Override
    public Reloaded reload() {
      return Reloaded.NOTHING;
    }

    @Override
    public Optional<Level> logLevel() {
      return Optional.empty();
    }

    @Override
    public boolean logLevel(Level level, Actor by) {
      return false;
    }
  };

  /**
   * Reads the configuration again. Blocks.
   *
   * @throws ConfigurationException the configuration has an error, and nothing has changed
   */
  Reloaded reload();

  /** The least level of Keyhook's lines in the log; empty: something else configures the log, or has set it to none of these. */
  Optional<Level> logLevel();

  /**
   * Sets the level until {@code log.level} changes in a reload, or the node restarts, and writes a line about that to the log.
   *
   * @return false: something else configures the log
   */
  boolean logLevel(Level level, Actor by);
}
