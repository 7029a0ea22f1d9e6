package io.keyhook.testing;

import java.util.List;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/** Fails a run in which a secret was logged, by whichever test. */
public final class LogCheck implements LauncherSessionListener {

  @Override
  public void launcherSessionClosed(LauncherSession session) {
    List<String> lines = LogWatch.lines();
    List<String> leaks = lines.stream().filter(line -> !Secrets.in(line).isEmpty()).toList();
    System.out.println("Log entries searched for " + Secrets.noted() + " secrets: " + lines.size() + ", with one: "
        + leaks.size());
    if (!leaks.isEmpty()) {
      throw new AssertionError("Secrets were logged:\n" + String.join("\n", leaks));
    }
  }
}
