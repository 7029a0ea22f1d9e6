package io.keyhook;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGHUP, on systems that have it: reloads the configuration, and ends the process if its terminal was closed. One that comes while
 * the process starts is remembered. Any thread.
 */
final class HangUp {
  private static final Logger log = LoggerFactory.getLogger(HangUp.class);
  /** The terminal that the process belongs to, wherever its output goes. It cannot be opened once that is closed. */
  private static final Path TERMINAL = Path.of("/dev/tty");
  /** As of a process that the signal ends. */
  private static final int EXIT_CODE = 129;

  private final boolean atTerminal = hasTerminal();
  /** Null: not started yet. */
  private Runnable reload;
  private boolean missed;

  private HangUp() {}

  /** Takes the signal from now on. Java has signals only in an unsupported API, so it is looked up. */
  static HangUp watch() {
    HangUp hangUp = new HangUp();
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object handled = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
        if (method.getDeclaringClass() == Object.class) {
          return method.invoke(hangUp, arguments);
        }
        hangUp.signaled();
        return null;
      });
      signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance("HUP"), handled);
    } catch (ReflectiveOperationException e) { // Windows, or a JVM that was told to leave signals alone
      log.debug("SIGHUP does not reload the configuration", e);
    }
    return hangUp;
  }

  /**
   * Sets what the signal does, and does it if there was one before.
   *
   * @param reload may block
   */
  synchronized void then(Runnable reload) {
    this.reload = reload;
    if (missed) {
      new Thread(reload, "keyhook-reload").start();
    }
  }

  private void signaled() {
    if (atTerminal && !hasTerminal()) {
      System.exit(EXIT_CODE);
    }
    Runnable now;
    synchronized (this) {
      now = reload;
      missed = now == null;
    }
    if (now != null) {
      now.run();
    }
  }

  private static boolean hasTerminal() {
    try {
      Files.newByteChannel(TERMINAL).close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
