package io.keyhook;

import io.keyhook.config.ConfigurationException;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.Reloaded;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
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
  private final Consumer<KeyhookOptions> apply;
  /** What the process runs with, as configured. */
  private KeyhookOptions current;

  /**
   * @param current as configured, without what the process has generated
   * @param read reads the configuration again; blocks
   * @param apply applies what {@link KeyhookOptions#reloaded} takes over
   */
  Reload(KeyhookOptions current, Supplier<KeyhookOptions> read, Consumer<KeyhookOptions> apply) {
    this.current = current;
    this.read = read;
    this.apply = apply;
  }

  /** Reloads at each SIGHUP, on systems that have it. Java has signals only in an unsupported API, so it is looked up. */
  void onHangUp() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object reload = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
        if (method.getDeclaringClass() == Object.class) {
          return method.invoke(this, arguments);
        }
        runAtSignal();
        return null;
      });
      signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance("HUP"), reload);
    } catch (ReflectiveOperationException e) { // Windows, or a JVM that was told to leave signals alone
      log.debug("SIGHUP does not reload the configuration", e);
    }
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
    Reloaded reloaded = Reloaded.from(current, next);
    apply.accept(next);
    current = current.reloaded(next);
    log.info("Configuration reloaded. Changed: {}.{}",
        reloaded.changed().isEmpty() ? "nothing"
            : reloaded.changed().stream().map(Reloaded.Change::toString).collect(Collectors.joining(", ")),
        reloaded.afterRestart().isEmpty() ? ""
            : " Changed in the configuration, and in effect after a restart: " + String.join(", ", reloaded.afterRestart()) + ".");
    return reloaded;
  }

  private void runAtSignal() {
    try {
      run();
    } catch (ConfigurationException e) {
      log.debug("SIGHUP changed nothing"); // why is in the log
    } catch (IllegalStateException e) {
      log.error("The configuration was not reloaded: {}", e.getMessage());
    }
  }
}
