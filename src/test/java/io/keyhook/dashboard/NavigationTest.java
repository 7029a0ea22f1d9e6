package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import io.keyhook.testing.Installation;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Links lead to what they name, also from the page that one is on; and back to where one was. */
class NavigationTest extends Visit {
  private static final int PAGE = 50;
  private static final Page.GetByTextOptions EXACT = new Page.GetByTextOptions().setExact(true);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    keyhook.license(1);
    enterAsOwner();
  }

  @Test
  void aListBeginsAnewWithoutItsFilters() {
    tab.visit("Licenses");
    tab.field("Search").fill("nothing has this");
    assertThat(tab.heading("No matches")).isVisible();
    assertThat(page).hasURL(Pattern.compile("search=nothing"));
    tab.visit("Licenses");
    assertThat(page.getByText("A license").first()).isVisible();
    assertThat(tab.field("Search")).hasValue("");
  }

  @Test
  void whatIsTypedAsAListOpensIsKept() {
    page.evaluate("""
        () => new MutationObserver((changes, observer) => {
          const search = document.querySelector('input[type=search]');
          if (search) {
            observer.disconnect();
            search.focus();
            document.execCommand('insertText', false, 'nothing has this');
          }
        }).observe(document.body, { childList: true, subtree: true })""");
    tab.visit("Licenses");
    assertThat(page).hasURL(Pattern.compile("search=nothing"));
    assertThat(tab.field("Search")).hasValue("nothing has this");
    assertThat(tab.field("Search")).isFocused();
  }

  @Test
  void filtersThatAreChosenBeforeThePageIsDrawnAgainAreAllKept() {
    tab.visit("Licenses");
    page.evaluate("""
        () => [['Status', 'active'], ['Sort by', 'name']].forEach(([label, value]) => {
          const select = [...document.querySelectorAll('label')].find(it => it.textContent === label).control;
          select.value = value;
          select.dispatchEvent(new Event('change', { bubbles: true }));
        })""");
    assertThat(page).hasURL(Pattern.compile("status=active&sort=name"));
    assertThat(page.getByLabel("Status")).hasValue("active");
    assertThat(page.getByLabel("Sort by")).hasValue("name");
  }

  @Test
  void theWayBackLeadsToTheListAsItWas() {
    tab.visit("Licenses");
    page.getByLabel("Status").selectOption("active");
    page.locator("tbody a").first().click();
    assertThat(tab.heading("A license")).isVisible();
    page.locator(".back").click();
    assertThat(page.getByLabel("Status")).hasValue("active");
    assertThat(page.getByText("A license").first()).isVisible();
  }

  @Test
  void theMenuClosesWhereItLeadsToThisPage() {
    page.setViewportSize(390, 800);
    page.getByLabel("Menu", new Page.GetByLabelOptions().setExact(true)).click();
    assertThat(tab.dialog()).isVisible();
    tab.visit("Overview");
    assertThat(tab.dialog()).hasCount(0);
  }

  @Test
  void theWayBackAndAReloadLeadToThePageOfTheListAndToWhereItWasScrolled() {
    for (int i = 0; i < 2 * PAGE; i++) {
      keyhook.license(1);
    }
    tab.visit("Licenses");
    tab.button("Next").click();
    assertThat(page.getByText("Page 2", EXACT)).isVisible();
    tab.settle(); // until then, the rows are those of page 1
    Locator link = page.locator("tbody a").nth(PAGE - 10);
    link.scrollIntoViewIfNeeded();
    String left = link.getAttribute("href");
    Object scrolled = page.evaluate("scrollY");
    assertThat(((Number) scrolled).intValue()).isPositive();
    link.click();
    assertThat(tab.heading("A license")).isVisible();
    page.goBack();
    assertThat(page.getByText("Page 2", EXACT)).isVisible();
    assertIsAt(left, scrolled);
    page.reload();
    assertThat(page.getByText("Page 2", EXACT)).isVisible();
    assertIsAt(left, scrolled);
    tab.button("Previous").click();
    assertThat(page.getByText("Page 1", EXACT)).isVisible();
    page.goBack();
    assertThat(page.getByText("Page 2", EXACT)).isVisible();
  }

  @Test
  void thePositionIsKeptWhileMoreOfThePageArrives() {
    for (int i = 0; i < PAGE; i++) {
      keyhook.license(1);
    }
    tab.visit("Licenses");
    tab.settle();
    page.locator("tbody a").nth(PAGE - 10).scrollIntoViewIfNeeded();
    Tab.Held me = tab.hold("**/api/auth/me");
    Object scrolled = page.evaluate("() => { scrollBy(0, -100); location.reload(); return scrollY; }");
    assertThat(page.locator("tbody a")).hasCount(PAGE);
    page.waitForFunction("y => Math.abs(scrollY - y) <= 1", scrolled);
    me.release();
    assertThat(tab.button("Create license").first()).isAttached();
    page.waitForFunction("y => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(Math.abs(scrollY - y) <= 1))))",
        scrolled);
    page.mouse().wheel(0, -300);
    page.waitForFunction("y => scrollY <= y - 250", scrolled);
  }

  private void assertIsAt(String href, Object scrolled) {
    assertThat(page.locator("tbody a[href='" + href + "']")).isInViewport();
    page.waitForFunction("y => Math.abs(scrollY - y) <= 1", scrolled);
  }

  @Test
  void aPageOfAListIsAnAddressThatSomebodyElseCanOpen() {
    for (int i = 0; i < PAGE; i++) {
      keyhook.license(1);
    }
    tab.visit("Licenses");
    tab.button("Next").click();
    assertThat(page.getByText("Page 2", EXACT)).isVisible();
    String last = page.locator("tbody a").last().getAttribute("href");
    Tab other = new Tab(page.context());
    other.page().navigate(page.url());
    assertThat(other.page().locator("tbody a[href='" + last + "']")).isVisible();
    other.button("First page").click();
    assertThat(other.page().getByText("Page 1", EXACT)).isVisible();
  }

  @Test
  void eachFilterIsAStepInTheHistoryAndTypingIsOne() {
    tab.visit("Licenses");
    page.getByLabel("Status").selectOption("active");
    tab.field("Search").pressSequentially("noth");
    assertThat(page).hasURL(Pattern.compile("search=noth$"));
    tab.field("Search").pressSequentially("ing has this");
    assertThat(tab.heading("No matches")).isVisible();
    assertThat(page).hasURL(Pattern.compile("search=nothing"));
    page.goBack();
    assertThat(page).hasURL(Pattern.compile("licenses[?]status=active$"));
    assertThat(tab.field("Search")).hasValue("");
    page.goBack();
    assertThat(page.getByLabel("Status")).hasValue("");
    page.goForward();
    assertThat(page.getByLabel("Status")).hasValue("active");
  }
}
