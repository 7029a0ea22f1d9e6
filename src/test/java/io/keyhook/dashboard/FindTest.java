package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Ctrl+K finds whatever is pasted or named, and the keyboard alone is enough. */
class FindTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Installation.License license;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    license = keyhook.license(new JsonObject().put("name", "Studio").put("maxActivations", 1)
        .put("customerEmail", "ada@example.com"));
    enterAsOwner();
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
    keyhook.api().delete("/api/licenses/" + license.id());
  }

  private Locator input() {
    return page.getByRole(AriaRole.COMBOBOX, new Page.GetByRoleOptions().setName("Find anything"));
  }

  private Locator option(String text) {
    return page.getByRole(AriaRole.OPTION).filter(new Locator.FilterOptions().setHasText(text));
  }

  private void find(String text) {
    page.keyboard().press("Control+k");
    assertThat(input()).isFocused();
    page.keyboard().insertText(text);
  }

  private void assertFinds(String text, String path) {
    find(text);
    page.keyboard().press("Enter"); // before it is known what fits
    assertThat(page).hasURL(keyhook.node().uri() + "/#" + path);
    assertThat(tab.dialog()).hasCount(0);
  }

  @Test
  void aKeyACustomerAnEmailOrAnIdLeadsToItsPage() {
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(receiver, "license.validated").id();
    keyhook.api().anonymous().validate(license.key(), "device-1").expect(200);
    String delivery = receiver.take().id();
    assertFinds(license.key(), "/licenses/" + license.id());
    assertFinds("Studio", "/licenses/" + license.id());
    assertFinds(" " + delivery + "\n", "/deliveries/" + delivery);
    assertFinds("ada@example.com", "/licenses/" + license.id());
    assertFinds(webhook.toUpperCase(), "/webhooks/" + webhook);
    assertFinds(receiver.url(), "/webhooks/" + webhook);
    assertFinds(license.id(), "/licenses/" + license.id());
  }

  @Test
  void anythingIsAFewLettersAway() {
    String webhook = keyhook.webhook(keyhook.receiver(), "license.disabled").id();
    page.keyboard().press("Control+k");
    assertThat(option("Licenses").first()).isVisible();
    picture("find", 1);
    page.keyboard().insertText("ada@example.com");
    assertThat(option("Studio")).containsText(license.key());
    picture("find", 2);
    page.keyboard().press("Enter");
    assertThat(tab.heading("Studio")).isVisible();
    tab.settle();
    picture("find", 3);
    find(webhook);
    assertThat(option("127.0.0.1")).hasAttribute("aria-selected", "true");
    picture("find", 4);
    page.keyboard().press("Enter");
    assertThat(page.locator(".page-title .badge")).hasText("Active");
    tab.settle();
    picture("find", 5);
    page.keyboard().press("?");
    assertThat(tab.heading("Keyboard shortcuts")).isVisible();
    picture("find", 6);
  }

  @Test
  void aTeamMemberIsFoundByNameOrAddress() {
    JsonObject user = keyhook.api().post("/api/users", new JsonObject().put("email", "grace.hopper@navy.example")
        .put("password", Node.PASSWORD).put("role", "support")).expect(201).json();
    String id = user.getString("id");
    for (String text : new String[] {"hopper", "grace.hopper@na", "@navy", id}) {
      assertFinds(text, "/people?member=" + id);
      assertThat(page.locator("tr[aria-current=true]")).containsText("grace.hopper@navy.example");
      tab.visit("Overview");
    }
    find("hop");
    assertThat(option("grace.hopper@navy.example")).containsText("Support");
    input().fill("opper"); // in the middle of a word
    assertThat(option("All licenses that match")).isVisible();
    assertThat(option("grace.hopper@navy.example")).hasCount(0);
    page.keyboard().press("Escape");
    keyhook.api().delete("/api/users/" + id).expect(204);
  }

  @Test
  void aUrlThatIsLongerThanASearchIsFound() {
    String url = "https://hooks.example.com/" + "segment/".repeat(30);
    String id = keyhook.api().post("/api/webhooks", new JsonObject().put("url", url)
        .put("events", new JsonArray().add("license.disabled"))).expect(201).json().getString("id");
    assertFinds(url, "/webhooks/" + id);
    keyhook.api().delete("/api/webhooks/" + id).expect(204);
  }

  @Test
  void anIdThatThereIsNotFindsNothingAndLeadsNowhere() {
    for (String id : new String[] {license.id().replaceAll(".{8}$", "00000000"), "webhook_?", "delivery_../../x"}) {
      find(id);
      assertThat(page.getByText("No results.")).isVisible();
      page.keyboard().press("Enter");
      assertThat(tab.dialog()).isVisible();
      page.keyboard().press("Escape");
    }
    assertThat(tab.heading("Overview")).isVisible();
  }

  @Test
  void pagesAndActionsAreChosenWithArrows() {
    page.keyboard().press("/");
    assertThat(input()).isFocused();
    page.keyboard().insertText("log");
    assertThat(option("All deliveries that match")).isVisible();
    assertThat(option("Audit log")).hasAttribute("aria-selected", "true");
    page.keyboard().press("ArrowUp"); // from the first to the last
    assertThat(option("All deliveries that match")).hasAttribute("aria-selected", "true");
    page.keyboard().press("ArrowDown");
    assertThat(option("Audit log")).hasAttribute("aria-selected", "true");
    page.keyboard().press("ArrowDown");
    assertThat(option("Log out")).hasAttribute("aria-selected", "true"); // not by Enter alone
    page.keyboard().press("ArrowUp");
    page.keyboard().press("Enter");
    assertThat(tab.heading("Audit log")).isVisible();
  }

  @Test
  void aPageOrAnActionThatIsNamedComesBeforeASearchForItsName() {
    find("settings");
    page.keyboard().press("Enter"); // before it is known what fits
    assertThat(tab.heading("Settings")).isVisible();
    find("invit");
    page.keyboard().press("Enter"); // by what is on it
    assertThat(tab.heading("Team")).isVisible();
    find("create web");
    page.keyboard().press("Enter");
    assertThat(tab.field("URL")).isFocused();
  }

  @Test
  void aPageIsFoundByWhatIsDoneOnIt() {
    Map.of("portal", "/portal-links", "invite", "/people", "2fa", "/settings", "two-factor", "/settings", "passkey", "/settings",
        "pause", "/webhooks", "export", "/licenses", "rotate signing", "/settings", "factor", "/settings").forEach(this::assertFinds);
  }

  @Test
  void whatIsSelectedStaysSelectedWhenResultsArriveAboveIt() {
    Tab.Held held = tab.hold("**/api/licenses?*");
    find("de");
    for (int i = 0; i < 2; i++) {
      page.keyboard().press("ArrowDown");
    }
    String selected = page.locator("[role=option][aria-selected=true]").textContent();
    page.keyboard().press("Enter");
    held.release();
    assertThat(page.locator("h1")).not().hasText("Overview");
    assertThat(page.locator("h1")).hasText(selected.strip());
  }

  @Test
  void aFormIsOpenedFromWhereverOneIs() {
    for (int i = 0; i < 2; i++) { // from another page, and from its own
      find("create lic");
      option("Create license").click();
      assertThat(tab.field("Name")).isFocused();
      page.keyboard().press("Escape");
      assertThat(tab.dialog()).hasCount(0);
      assertThat(tab.heading("Licenses")).isVisible();
    }
  }

  @Test
  void aSlashThatIsTypedIsTyped() {
    tab.visit("Licenses");
    page.getByLabel("Search").fill("a");
    page.keyboard().type("/?");
    assertThat(page.getByLabel("Search")).hasValue("a/?");
    assertThat(tab.dialog()).hasCount(0);
    find("x");
    page.keyboard().press("Escape");
    assertThat(page.getByLabel("Search")).isFocused();
  }

  @Test
  void aQuestionMarkListsTheShortcuts() {
    page.keyboard().press("?");
    assertThat(tab.heading("Keyboard shortcuts")).isVisible();
    assertThat(tab.dialog().getByText("Find anything").first()).isVisible();
    page.keyboard().press("Escape");
    tab.button("Find anything").first().click();
    option("Keyboard shortcuts").click();
    assertThat(tab.heading("Keyboard shortcuts")).isVisible();
  }

  @Test
  void whatIsShownOnceIsNotLeftByAShortcut() {
    tab.visit("API keys");
    tab.button("Create API key").first().click();
    tab.field("Name").fill("Shop");
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Create API key").click();
    assertThat(tab.heading("API key created")).isVisible();
    page.keyboard().press("Control+k");
    page.keyboard().press("/");
    page.keyboard().press("?");
    assertThat(page.locator("dialog[open]")).hasCount(1);
    assertThat(tab.heading("API key created")).isVisible();
  }

  @Test
  void aFailureIsSaidWhereItIsSearched() {
    page.route("**/api/licenses?*", route -> route.abort());
    find("Studio");
    page.keyboard().press("Enter");
    assertThat(tab.dialog().getByText("Can’t reach Keyhook")).isVisible();
    page.unroute("**/api/licenses?*");
    input().fill("Studi");
    assertThat(option("Studio").first()).isVisible();
  }
}
