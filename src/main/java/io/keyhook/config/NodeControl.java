package io.keyhook.config;

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
    public boolean logLevel(Level level) {
      return false;
    }
  };

  /**
   * Reads the configuration again. Blocks.
   *
   * @throws ConfigurationException the configuration has an error, and nothing has changed
   */
  Reloaded reload();

  /** The least level of Keyhook's lines in the log; empty: something else configures the log. */
  Optional<Level> logLevel();

  /** Sets the level until the configuration is reloaded or the node restarts; false: something else configures the log. */
  boolean logLevel(Level level);
}
