package io.keyhook.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import io.keyhook.testing.Installation;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests in a tab of their own, which is at the dashboard as they begin, and has complained of nothing when they end. */
abstract class Visit {
  @RegisterExtension
  static final Chromium chromium = new Chromium();

  Tab tab;
  Page page;

  abstract Installation installation();

  @BeforeEach
  void open() {
    tab = chromium.open(new Browser.NewContextOptions().setViewportSize(1280, 900));
    page = tab.page();
    page.navigate(installation().node().uri().toString());
  }

  /** One of the pictures that show a journey in their order. */
  void picture(String journey, int number) {
    page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target/screenshots/strip-" + journey + "-" + number + ".png")));
  }

  @AfterEach
  void close() {
    tab.close();
    assertThat(tab.complaints()).isEmpty();
  }
}
