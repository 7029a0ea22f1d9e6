package io.keyhook;

import io.keyhook.config.ConfigurationException;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.Reloaded;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration of the process again, applies what can change while it runs, and writes to the log what changed and what
 * takes a restart. A configuration with an error changes nothing. Any thread.
 */
final class Reload {
  private static final Logger log = LoggerFactory.getLogger(Reload.class);

  private final Supplier<KeyhookOptions> read;
  private final BiFunction<KeyhookOptions, Set<String>, Set<String>> apply;
  /** What the process runs with, as configured. */
  private KeyhookOptions current;

  /**
   * @param current as configured, without what the process has generated
   * @param read reads the configuration again; blocks
   * @param apply applies what {@link KeyhookOptions#reloaded} takes over, given the keys that have changed, or nothing if it fails;
   *     returns the keys that this process does not follow
   */
  Reload(KeyhookOptions current, Supplier<KeyhookOptions> read,
      BiFunction<KeyhookOptions, Set<String>, Set<String>> apply) {
    this.current = current;
    this.read = read;
    this.apply = apply;
  }

  /**
   * Reloads the configuration.
   *
   * @throws ConfigurationException the configuration has errors, and nothing has changed
   * @throws IllegalStateException Keyhook is not running
   */
  synchronized Reloaded run() {
    KeyhookOptions next;
    try {
      next = read.get();
    } catch (ConfigurationException e) {
      log.error("The configuration was not reloaded, and nothing has changed. {}", e.getMessage());
      throw e;
    }
    Reloaded difference = Reloaded.from(current, next);
    Set<String> ignored =
        apply.apply(next, difference.changed().stream().map(Reloaded.Change::key).collect(Collectors.toSet()));
    Reloaded reloaded = difference.without(ignored);
    current = current.reloaded(next);
    log.warn("Configuration reloaded. Changed: {}.{}",
        reloaded.changed().isEmpty() ? "nothing"
            : reloaded.changed().stream().map(Reloaded.Change::toString).collect(Collectors.joining(", ")),
        reloaded.afterRestart().isEmpty() ? ""
            : " Changed in the configuration, and in effect after a restart: " + String.join(", ", reloaded.afterRestart()) + ".");
    return reloaded;
  }

  /** As {@link #run}, for who waits for no result: why it failed is in the log. */
  void runAtSignal() {
    try {
      run();
    } catch (ConfigurationException e) {
      log.debug("SIGHUP changed nothing");
    } catch (RuntimeException e) {
      log.error("The configuration was not reloaded", e);
    }
  }
}
