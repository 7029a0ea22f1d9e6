package io.keyhook.dashboard;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import io.keyhook.testing.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The Chromium of this machine, one for each process that runs tests. Use it in a static field. */
final class Chromium implements BeforeAllCallback {
  /** For a busy machine, in milliseconds. */
  static final int PATIENCE = 15_000;

  private static final ExtensionContext.Namespace PROCESS = ExtensionContext.Namespace.create(Chromium.class);

  /** The one without windows first: the others draw theirs beside each page, though nobody sees them. */
  private static final List<String> PROGRAMS =
      List.of("/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

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
    return new Tab(running.browser.newContext(options));
  }
}
