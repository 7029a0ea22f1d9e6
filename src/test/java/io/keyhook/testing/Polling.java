package io.keyhook.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Lets Awaitility look at once, and again ever later: most of what tests wait for is there within milliseconds, and Awaitility
 * itself would look for the first time after a tenth of a second.
 */
public final class Polling implements LauncherSessionListener {
  private static final Duration SHORTEST = Duration.ofMillis(5);
  private static final Duration LONGEST = Duration.ofMillis(100);

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    Awaitility.setDefaultPollDelay(Duration.ZERO);
    Awaitility.setDefaultPollInterval((polls, before) -> next(before));
  }

  private static Duration next(Duration before) {
    Duration doubled = before.multipliedBy(2);
    return doubled.compareTo(SHORTEST) < 0 ? SHORTEST : doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
  }
}
