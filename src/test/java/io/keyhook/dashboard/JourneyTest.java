package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From the first login to a failure that was sent again, as people do it. */
class JourneyTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT0.2S"))));

  @Override
  Installation installation() {
    return keyhook;
  }

  @Test
  void fromTheFirstLoginToAFailureThatWasSentAgain() {
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(200, "thanks"));
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
    assertThat(tab.heading("First steps")).isVisible();

    tab.visit("Licenses");
    tab.button("Create license").first().click();
    tab.field("Name").fill("Editor, team of Ada");
    tab.field("Activation limit").fill("2");
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Editor, team of Ada")).isVisible();
    String key = keyhook.api().get("/api/licenses").data().get(0).getString("key");

    tab.visit("Webhooks");
    tab.button("Create webhook").first().click();
    tab.field("URL").fill(receiver.url());
    page.getByRole(AriaRole.CHECKBOX, new Page.GetByRoleOptions().setName(Pattern.compile("license\\.validated"))).check();
    tab.dialogButton("Create webhook").click();
    assertThat(tab.dialog()).containsText("Keyhook shows it only once");
    assertThat(tab.dialog()).containsText("createHmac"); // the snippet for Node.js
    Locator secret = tab.dialog().getByText(Pattern.compile("^whsec_[A-Za-z0-9+/=]+$"));
    receiver.trust(secret.textContent().strip());
    tab.dialogButton("I’ve copied the secret").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(page.getByText(Pattern.compile("whsec_[A-Za-z0-9+/=]{8}"))).hasCount(0); // the code names the prefix

    tab.button("Send test event").click();
    assertThat(page.getByText("Test succeeded")).isVisible();
    assertThat(page.getByText("thanks")).isVisible();
    receiver.take();

    tab.visit("Deliveries");
    assertThat(page.getByText("Live", new Page.GetByTextOptions().setExact(true))).isVisible();
    receiver.answer(Answer.status(500, "the disk is full"));
    keyhook.api().anonymous().validate(key, "device-1").expect(200);
    Locator row = page.getByRole(AriaRole.ROW, new Page.GetByRoleOptions().setName(Pattern.compile("license\\.validated")));
    assertThat(row).containsText("Failed"); // it came, and changed, without a click
    row.getByRole(AriaRole.LINK).first().click();
    assertThat(tab.heading("license.validated")).isVisible();
    assertThat(page.getByText("Attempt 2", new Page.GetByTextOptions().setExact(true))).isVisible();
    assertThat(page.getByText("Your endpoint returned a server error. Check its log.").first()).isVisible();
    assertThat(page.getByText("the disk is full").last()).isVisible();

    receiver.answer(Answer.OK);
    tab.button("Redeliver").click();
    assertThat(page.locator("header").getByText("Delivered", new Locator.GetByTextOptions().setExact(true))).isVisible();
    assertThat(page.getByText("Attempt 3", new Page.GetByTextOptions().setExact(true))).isVisible();
    assertThat(receiver.all().stream().filter(delivery -> delivery.event().equals("license.validated")).toList())
        .hasSize(3).extracting(delivery -> delivery.id()).containsOnly(receiver.all().get(1).id());

    tab.visit("Audit log");
    assertThat(page.getByRole(AriaRole.TABLE)).containsText("Redelivered a delivery");
    tab.button("Log out").click();
    assertThat(tab.heading("Log in to Keyhook")).isVisible();
    page.reload();
    assertThat(tab.heading("Log in to Keyhook")).isVisible();
  }

  @Test
  void aLinkAskedForBeforeLoggingInIsWhereOneArrives() {
    String id = keyhook.license(1).id();
    page.navigate(keyhook.node().uri() + "/#/licenses/" + id);
    page.reload(); // only the fragment differs
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("A license")).isVisible();
    page.reload();
    assertThat(tab.heading("A license")).isVisible(); // the cookie is enough
  }

  @Test
  void allOfItWorksWithoutAMouse() {
    assertThat(tab.field("E-mail")).isFocused();
    page.keyboard().type(Node.EMAIL);
    page.keyboard().press("Tab");
    page.keyboard().type(Node.PASSWORD);
    page.keyboard().press("Enter");
    assertThat(tab.heading("Overview")).isVisible();
    tabTo("Licenses");
    page.keyboard().press("Enter");
    assertThat(tab.heading("Licenses")).isVisible();
    tabTo("Create license");
    page.keyboard().press("Enter");
    assertThat(tab.field("Name")).isFocused();
    page.keyboard().type("Typed, not clicked");
    page.keyboard().press("Enter");
    assertThat(tab.heading("Typed, not clicked")).isVisible();
    tabTo("Edit");
    page.keyboard().press("Enter");
    assertThat(tab.dialog()).isVisible();
    for (int i = 0; i < 30; i++) { // the focus stays within
      page.keyboard().press("Tab");
      assertThat(page.evaluate("document.activeElement === document.body"
          + " || !!document.activeElement.closest('dialog')")).isEqualTo(true);
    }
    page.keyboard().press("Escape");
    assertThat(tab.dialog()).hasCount(0);
    assertThat(tab.button("Edit")).isFocused();
  }

  private void tabTo(String name) {
    for (int i = 0; i < 60; i++) {
      page.keyboard().press("Tab");
      if (name.equals(page.evaluate("document.activeElement.textContent.trim()"))) {
        return;
      }
    }
    throw new AssertionError("Tab does not get to " + name);
  }

  @Test
  void whatIsAnotherAccountsIsNotThere() {
    var other = keyhook.account("enterprise");
    String license = keyhook.license(other, new JsonObject().put("name", "Not yours")).id();
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(other, receiver, "license.activated").id();
    other.anonymous().validate(other.get("/api/licenses/" + license).json().getString("key"), "d").expect(200);
    String delivery = receiver.take().id();
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
    for (String path : List.of("/licenses/" + license, "/webhooks/" + webhook, "/deliveries/" + delivery)) {
      page.evaluate("path => { location.hash = path; }", path);
      assertThat(tab.heading("Not found")).isVisible();
      assertThat(page.locator("main")).not().containsText("Not yours");
      assertThat(page.locator("main")).not().containsText(receiver.url());
      tab.visit("Overview");
    }
  }
}
