package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Page;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Links lead to what they name, also from the page that one is on; and back to where one was. */
class NavigationTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    keyhook.license(1);
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
  }

  @Test
  void aListBeginsAnewWithoutItsFilters() {
    tab.visit("Licenses");
    tab.field("Search").fill("nothing has this");
    assertThat(tab.heading("Nothing matches")).isVisible();
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
}
