package io.keyhook.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.Cookie;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests in a tab of their own, which is at the dashboard as they begin, and has complained of nothing when they end. */
abstract class Visit {
  @RegisterExtension
  static final Chromium chromium = new Chromium();

  /** The owner's cookies as the latest test that entered has left them. */
  private static final Map<Installation, List<Cookie>> sessions = new HashMap<>();

  Tab tab;
  Page page;
  private boolean entered;

  abstract Installation installation();

  @BeforeEach
  void open() {
    tab = chromium.open(new Browser.NewContextOptions().setViewportSize(1280, 900));
    page = tab.page();
    page.navigate(installation().node().uri().toString());
  }

  /** Shows the overview to the owner, in the session of an earlier test if there is one: a node limits logins. */
  void enterAsOwner() {
    List<Cookie> session = sessions.remove(installation());
    if (session != null) {
      page.context().addCookies(session);
      page.evaluate("localStorage.setItem('keyhook-session', '1')");
      page.reload();
    }
    Locator overview = tab.heading("Overview");
    Locator door = tab.heading("Log in to Keyhook");
    PlaywrightAssertions.assertThat(overview.or(door)).isVisible();
    if (door.isVisible()) {
      tab.logIn(Node.EMAIL, Node.PASSWORD);
    }
    PlaywrightAssertions.assertThat(overview).isVisible();
    entered = true;
  }

  /** The checkbox for a type of events, in the form of a webhook. */
  Locator event(String type) {
    Locator name = page.locator("label code").filter(new Locator.FilterOptions().setHasText(Pattern.compile(
        "^" + type.replace(".", "\\.").replace("*", "\\*") + "$")));
    return page.locator(".choice").filter(new Locator.FilterOptions().setHas(name)).locator("input");
  }

  /** One of the pictures that show a journey in their order. */
  void picture(String journey, int number) {
    page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target/screenshots/strip-" + journey + "-" + number + ".png")));
  }

  @AfterEach
  void close() {
    if (entered) {
      sessions.put(installation(), tab.page().context().cookies());
    }
    tab.close();
    assertThat(tab.complaints()).isEmpty();
  }
}
