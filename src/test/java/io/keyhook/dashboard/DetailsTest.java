package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.Media;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Small things that are noticed when they are wrong. */
class DetailsTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
    keyhook.api().get("/api/licenses").data()
        .forEach(license -> keyhook.api().delete("/api/licenses/" + license.getString("id")));
  }

  @Test
  void aPageThatTheGuideHasNotIsAPageThatSaysSo() {
    for (String path : List.of("/docs/nope", "/docs/a/b/nope")) {
      assertThat(page.navigate(keyhook.node().uri() + path).status()).isEqualTo(404);
      assertThat(tab.heading("Page not found")).isVisible();
      assertThat(page.locator("header.top")).hasCSS("display", "flex"); // its style sheet is found from there
      page.getByText("Getting started").first().click();
      assertThat(page).hasURL(keyhook.node().uri() + "/docs/start");
    }
    assertThat(tab.refusals()).hasSize(2);
  }

  @Test
  void theCardsOfTheSettingsComeTogetherSoThatNoneMovesAnother() {
    enterAsOwner();
    Tab.Held user = tab.hold("**/api/auth/me");
    page.evaluate("() => { location.hash = '/settings'; }");
    page.reload();
    assertThat(tab.heading("Settings")).isVisible();
    assertThat(page.getByText("Loading…")).isVisible();
    assertThat(tab.heading("Appearance")).hasCount(0);
    user.release();
    assertThat(tab.heading("Appearance")).isVisible();
    assertThat(page.getByText("Account ID")).isVisible();
  }

  @Test
  void anUnknownAddressLeadsToTheDashboard() {
    for (String path : List.of("/nope", "/a/b/nope")) {
      assertThat(page.navigate(keyhook.node().uri() + path).status()).isEqualTo(404);
      assertThat(tab.heading("Page not found")).isVisible();
      assertThat(page.locator("main.door")).hasCSS("display", "grid"); // its style sheet is found from there
      page.getByText("Go to dashboard").click();
      assertThat(page).hasURL(keyhook.node().uri() + "/");
    }
    assertThat(tab.refusals()).hasSize(2);
  }

  @Test
  void aLicensesPageShowsAnEventAsItIsSent() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(keyhook.api(), receiver, "license.validated");
    Installation.License license = keyhook.license(keyhook.api(), new JsonObject().put("name", "Watched"));
    enterAsOwner();
    page.navigate(keyhook.node().uri() + "/#/licenses/" + license.id());
    assertThat(page.getByText("No events yet")).isVisible();
    keyhook.api().anonymous().validate(license.key(), "device").expect(200);
    assertThat(page.getByText("license.validated")).isVisible();
  }

  @Test
  void escapeDoesNotThrowAwayAFilledForm() {
    enterAsOwner();
    tab.visit("Licenses");
    tab.button("Create license").first().click();
    tab.field("Name").fill("Typed with care");
    for (int i = 0; i < 4; i++) { // the browser closes a dialog at a second Escape, whatever the page says
      page.keyboard().press("Escape");
      assertThat(tab.heading("Discard what you typed?")).isVisible();
      tab.button("Discard").click(new Locator.ClickOptions().setTrial(true)); // nothing is above it
      page.keyboard().press("Escape");
      assertThat(tab.heading("Discard what you typed?")).hasCount(0);
      assertThat(tab.field("Name")).hasValue("Typed with care");
      assertThat(tab.field("Name")).isVisible();
    }
    tab.button("Close").click();
    tab.button("Discard").click();
    assertThat(tab.dialog()).hasCount(0);
    tab.button("Create license").first().click();
    assertThat(tab.field("Name")).isFocused();
    page.keyboard().press("Escape");
    assertThat(tab.dialog()).hasCount(0);
  }

  @Test
  void aDialogThatACardOpensIsInTheMiddle() {
    enterAsOwner();
    tab.visit("Settings");
    tab.button("Turn on").click();
    Number aside = (Number) tab.dialog().evaluate("dialog => { const { top, bottom } = dialog.getBoundingClientRect();"
        + " return Math.abs(top - (innerHeight - bottom)); }");
    assertThat(aside.doubleValue()).isLessThan(2);
  }

  @Test
  void theFirstStepsStayUntilTheFirstValidation() {
    Api account = keyhook.account("enterprise"); // other tests validate in the first one
    tab.logIn(account.get("/api/auth/me").expect(200).json().getJsonObject("user").getString("email"), Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(account, receiver, "license.validated");
    String key = keyhook.license(account, new JsonObject().put("name", "A license")).key();
    page.reload();
    assertThat(page.getByText("Waiting for your first validation…")).isVisible();
    keyhook.api().anonymous().validate(key, "device-1").expect(200);
    receiver.take();
    assertThat(tab.heading("First steps: all done")).isVisible(); // by itself
    assertThat(page.locator(".steps .done")).hasCount(3);
    tab.button("Hide").click();
    assertThat(tab.heading("First steps: all done")).hasCount(0);
    page.reload();
    tab.settle();
    assertThat(page.getByText("First steps")).hasCount(0);
  }

  @Test
  void numbersAreWrittenForPeople() {
    keyhook.license(1_000_000);
    enterAsOwner();
    tab.visit("Licenses");
    assertThat(page.getByText("0 of 1,000,000")).isVisible();
    page.locator("tbody a").click();
    assertThat(page.getByText("0 of 1,000,000")).isVisible();
  }

  @Test
  void aMessageCanBeDismissedWhileADialogIsOpen() {
    enterAsOwner();
    keyhook.license(1);
    tab.visit("Licenses");
    page.locator("tbody a").click();
    tab.button("Disable").click();
    tab.dialogButton("Disable license").click();
    assertThat(page.getByText("License disabled")).isVisible();
    tab.button("Edit").click();
    assertThat(tab.dialog().getByText("License disabled")).isVisible();
    tab.dialogButton("Dismiss").click();
    assertThat(page.getByText("License disabled")).hasCount(0);
  }

  /** How many pieces of a text, between the places where it may break, are broken. */
  private static final String BROKEN = """
      element => {
        const pieces = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        let broken = 0;
        while (pieces.nextNode()) {
          const range = document.createRange();
          range.selectNodeContents(pieces.currentNode);
          broken += new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1;
        }
        return broken;
      }""";

  @Test
  void aWebhooksTitleIsAsLargeAsOthersAndItsUrlBreaksAtItsPunctuation() {
    Receiver receiver = keyhook.receiver();
    keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url() + "/integrations/license-events/production")
        .put("events", new JsonArray().add("license.validated"))).expect(201);
    enterAsOwner();
    tab.visit("Webhooks");
    Object size = page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize");
    page.locator("tbody a").first().click();
    assertThat(page.locator("h1.mono")).isVisible();
    assertThat(page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize")).isEqualTo(size);
    for (int width : List.of(1440, 1100, 360)) {
      page.setViewportSize(width, 900);
      assertThat(page.locator("h1").evaluate(BROKEN)).as("at %d", width).isEqualTo(0);
      assertThat(page.locator(".facts .breakable").first().evaluate(BROKEN)).as("at %d", width).isEqualTo(0);
    }
    page.goBack();
    assertThat(page.locator("tbody a").first().evaluate(BROKEN)).isEqualTo(0);
  }

  @Test
  void chartsAreMarkedAtFullHoursAndDays() {
    page.setViewportSize(1440, 900);
    enterAsOwner();
    assertThat(page.locator(".tick").first()).isAttached();
    assertThat(ticks()).isNotEmpty().allMatch(text -> text.matches("[0-9]{2}:00"));
    page.getByLabel("1 hour").check();
    page.waitForFunction("() => [...document.querySelectorAll('.tick')].some(tick => /:[1-5]/.test(tick.textContent))");
    assertThat(ticks()).allMatch(text -> text.matches("[0-9]{2}:[0-5][05]"));
    page.getByLabel("7 days").check();
    page.waitForFunction("() => [...document.querySelectorAll('.tick')].some(tick => /^[A-Z]/.test(tick.textContent))");
    assertThat(ticks()).doesNotHaveDuplicates();
  }

  /** Of the first chart's time. */
  @SuppressWarnings("unchecked")
  private List<String> ticks() {
    return (List<String>) page.locator(".plot").first().locator(".tick:not([text-anchor])")
        .evaluateAll("ticks => ticks.map(tick => tick.textContent)");
  }

  @Test
  void aPrintedPageHasNoButtons() {
    keyhook.license(1);
    enterAsOwner();
    tab.visit("Licenses");
    page.locator("tbody a").click();
    assertThat(tab.heading("A license")).isVisible();
    page.emulateMedia(new Page.EmulateMediaOptions().setMedia(Media.PRINT));
    assertThat(page.locator("button, .button").evaluateAll("all => all.filter(one => one.checkVisibility()).length"))
        .isEqualTo(0);
    assertThat(tab.heading("A license")).isVisible();
    assertThat(tab.heading("Devices")).isVisible();
    assertThat(tab.heading("Test validation")).isHidden();
  }

  @Test
  void timesSayTheirZone() {
    Installation.License license =
        keyhook.license(new JsonObject().put("name", "Expires").put("expiresAt", "2031-01-31T12:00:00Z"));
    enterAsOwner();
    page.evaluate("path => { location.hash = path; }", "/licenses/" + license.id());
    assertThat(page.locator(".facts").first()).containsText(Pattern.compile("2031, [0-9:]{8} (UTC|GMT)"));
    tab.button("Edit").click();
    assertThat(tab.dialog()).containsText("Your time zone: ");
  }

  @Test
  void aLongWordInARowLeavesRoomForTheOtherColumns() {
    String word = "x".repeat(200);
    keyhook.api().post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/" + "y".repeat(600)).put("isActive", false)
        .put("events", new JsonArray().add("license.expired")).put("description", word)).expect(201);
    keyhook.license(new JsonObject().put("name", word));
    enterAsOwner();
    page.setViewportSize(1440, 900);
    for (String name : List.of("Webhooks", "Licenses")) {
      tab.visit(name);
      Number outside = (Number) page.locator(".table-wrap").evaluate("table => table.scrollWidth - table.clientWidth");
      assertThat(outside.intValue()).as(name).isLessThanOrEqualTo(1);
      picture("long-" + name.toLowerCase(Locale.ROOT), 1);
    }
  }

  @Test
  void aNameThatTurnsTheDirectionOfWritingDoesNotTurnTheSentence() {
    String id = keyhook.license(new JsonObject().put("name", "Studio \u202Eevil")).id();
    enterAsOwner();
    page.evaluate("path => { location.hash = path; }", "/licenses/" + id);
    tab.button("Delete").click();
    assertThat(tab.dialog().locator("strong")).hasCSS("unicode-bidi", "isolate");
    picture("bidi", 1);
  }
}
