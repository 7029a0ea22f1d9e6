package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import io.keyhook.testing.Installation;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The search of the guide, which has the pages for its index. */
class GuideSearchTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void openGuide() {
    page.navigate(keyhook.node().uri() + "/docs/start");
  }

  private Locator input() {
    return page.getByLabel("Search the guide");
  }

  private Locator results() {
    return page.locator(".guide-search li a");
  }

  @Test
  void aSectionOfAnotherPageIsFoundAndOpenedFromTheKeyboard() {
    assertThat(page.locator("h1")).isVisible();
    page.keyboard().press("/");
    assertThat(input()).isFocused();
    page.keyboard().insertText("Rotate the secret");
    assertThat(results().first()).containsText("Rotate the secret");
    assertThat(results().first()).containsText("Verifying signatures");
    page.keyboard().press("ArrowDown");
    assertThat(results().first()).isFocused();
    page.keyboard().press("ArrowUp");
    page.keyboard().press("Enter");
    page.waitForURL(Pattern.compile(".*/docs/security#rotation"));
    assertThat(page.locator("#rotation")).isInViewport();
  }

  @Test
  void aCallOfTheApiIsFoundByItsPathAndByWhatItDoes() {
    input().fill("/api/test-endpoint");
    assertThat(results().first()).containsText("/api/test-endpoint");
    input().fill("group failures");
    Locator call = results().filter(new Locator.FilterOptions().setHasText("GET /api/deliveries/causes"));
    assertThat(call).isVisible();
    call.click();
    page.waitForURL(Pattern.compile(".*/docs/reference#listFailureCauses"));
    assertThat(page.locator("#listFailureCauses")).isInViewport();
  }

  @Test
  void whatIsNowhereHasNoResultsAndEscapeClearsTheSearch() {
    input().fill("zebra crossing");
    assertThat(page.locator(".guide-search").getByText("No results")).isVisible();
    page.keyboard().press("Escape");
    assertThat(input()).hasValue("");
    assertThat(page.locator(".guide-search").getByText("No results")).hasCount(0);
  }

  @Test
  void onAPhoneItIsInTheListOfPages() {
    page.setViewportSize(360, 800);
    page.keyboard().press("/");
    assertThat(input()).isFocused();
    page.keyboard().insertText("retry-after");
    assertThat(results().first()).isVisible();
  }
}
