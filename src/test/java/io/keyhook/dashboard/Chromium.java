package io.keyhook.dashboard;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import io.keyhook.testing.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * The Chromium of this machine, one for each process that runs tests. Use it in a static field. The failure of a test, or of what
 * comes before it, says what its pages showed.
 */
final class Chromium implements BeforeAllCallback, TestExecutionExceptionHandler,
    LifecycleMethodExecutionExceptionHandler {
  /** For a busy machine, in milliseconds. */
  static final int PATIENCE = 15_000;

  private static final ExtensionContext.Namespace PROCESS = ExtensionContext.Namespace.create(Chromium.class);

  /** The one without windows first: the others draw theirs beside each page, though nobody sees them. */
  private static final List<String> PROGRAMS =
      List.of("/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

  private final List<Tab> tabs = new ArrayList<>();
  private Running running;

  private static final class Running implements AutoCloseable {
    private final Playwright playwright;
    private final Browser browser;

    Running() {
      Path chromium = PROGRAMS.stream().map(Path::of).filter(Files::isExecutable).findFirst()
          .orElseThrow(() -> Tool.missing("Chromium is not on this machine"));
      playwright = Playwright.create(
          new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
      PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE);
      browser = playwright.chromium().launch(new BrowserType.LaunchOptions().setExecutablePath(chromium)
          .setArgs(List.of("--no-sandbox", "--disable-background-networking", "--disable-gpu")));
    }

    @Override
    public void close() {
      browser.close();
      playwright.close();
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    running = context.getStore(ExtensionContext.StoreScope.LAUNCHER_SESSION, PROCESS)
        .getOrComputeIfAbsent(Running.class, type -> new Running(), Running.class);
  }

  /** A profile of its own, as fresh as an incognito window. */
  Tab open(Browser.NewContextOptions options) {
    Tab tab = new Tab(running.browser.newContext(options));
    tabs.removeIf(Tab::isClosed);
    tabs.add(tab);
    return tab;
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
    throw described(failure);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
    throw described(failure);
  }

  private Throwable described(Throwable failure) {
    StringBuilder message = new StringBuilder(String.valueOf(failure.getMessage()));
    tabs.stream().filter(tab -> !tab.isClosed()).forEach(tab -> message.append('\n').append(tab.describe()));
    return failure instanceof TestAbortedException ? failure : new AssertionFailedError(message.toString(), failure);
  }
}
