package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From failure to failure without leaving the list, and failures by their cause. */
class TriageTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray())));

  private Receiver receiver;
  private String webhook;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void failTwice() {
    keyhook.deleteWebhooks();
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated").id();
    send(500, "{\"error\":\"ValueError: unknown license\"}");
    send(200, "fine");
    send(500, "{\"error\":\"ValueError: unknown license\"}");
    page.setViewportSize(1440, 900);
    enterAsOwner();
  }

  private void send(int status, String body) {
    receiver.answer(Answer.status(status, body));
    keyhook.api().anonymous().validate(keyhook.license(1).key(), "device").expect(200);
    keyhook.awaitStatus(receiver.take().id(), status == 200 ? "delivered" : "failed");
  }

  private Locator drawer() {
    return page.getByRole(AriaRole.COMPLEMENTARY);
  }

  private Locator rows() {
    return page.locator("tbody tr");
  }

  private Locator deliveries() {
    return page.locator("tbody tr", new Page.LocatorOptions().setHasText("license.activated"));
  }

  @Test
  void theArrowKeysGoFromFailureToFailureBesideTheList() {
    page.navigate(keyhook.node().uri() + "/#/deliveries?webhookId=" + webhook);
    assertThat(deliveries()).hasCount(3);
    rows().nth(0).getByRole(AriaRole.LINK).click();
    assertThat(drawer()).containsText("ValueError: unknown license");
    assertThat(rows().nth(0)).hasAttribute("aria-current", "true");
    page.keyboard().press("ArrowDown");
    assertThat(rows().nth(2)).hasAttribute("aria-current", "true"); // the one between was delivered
    assertThat(drawer()).containsText("Failed");
    page.keyboard().press("ArrowDown");
    assertThat(page.getByText("No older failure on this page")).isVisible();
    receiver.answer(Answer.OK);
    drawer().getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Redeliver")).click();
    assertThat(drawer()).containsText("Attempt 2");
    assertThat(rows().nth(2)).containsText("Delivered");
    receiver.take(1);
    page.keyboard().press("Escape");
    assertThat(drawer()).hasCount(0);
    assertThat(rows().nth(2).getByRole(AriaRole.LINK)).isFocused();
    page.keyboard().press("Enter"); // on the link
    assertThat(drawer()).isFocused();
    page.keyboard().press("Enter");
    assertThat(tab.heading("license.activated")).isVisible();
    assertThat(page.getByText("Attempt 2", new Page.GetByTextOptions().setExact(true))).isVisible();
    page.goBack();
    assertThat(drawer()).isVisible(); // where one was
  }

  @Test
  void whereNothingFailedTheArrowKeysGoFromDeliveryToDelivery() {
    page.navigate(keyhook.node().uri() + "/#/deliveries?status=delivered&webhookId=" + webhook);
    assertThat(deliveries()).hasCount(1);
    rows().nth(0).getByRole(AriaRole.LINK).click();
    assertThat(drawer()).containsText("next delivery");
    page.keyboard().press("ArrowDown");
    assertThat(page.getByText("No older delivery on this page")).isVisible();
  }

  @Test
  void aNarrowWindowOpensThePage() {
    page.setViewportSize(1200, 900);
    page.navigate(keyhook.node().uri() + "/#/deliveries?webhookId=" + webhook);
    rows().nth(0).getByRole(AriaRole.LINK).click();
    assertThat(tab.heading("license.activated")).isVisible();
    assertThat(drawer()).hasCount(0);
  }

  @Test
  void failuresAreGroupedByCauseOnTheOverviewAndTheList() {
    page.reload();
    Locator cause = page.locator(".causes > li");
    assertThat(cause).hasCount(1);
    assertThat(cause).containsText("HTTP 500 · ValueError: unknown license · 2 deliveries");
    assertThat(cause.getByRole(AriaRole.BUTTON).nth(1)).hasAttribute("aria-label",
        Pattern.compile("^Pause 127\\.0\\.0\\.1.* with HTTP 500: ValueError")); // of several webhooks with one cause
    page.navigate(keyhook.node().uri() + "/#/deliveries?status=failing&webhookId=" + webhook);
    assertThat(cause).containsText("2 deliveries");
    receiver.answer(Answer.status(200, "ok"));
    cause.getByText("Send test").click();
    assertThat(page.getByText(Pattern.compile("Test succeeded: 200 in"))).isVisible();
    receiver.take();
    cause.getByText("Recover").click();
    tab.dialogButton("Recover").click();
    assertThat(page.getByText("2 of 2 recovered · 127.0.0.1")).isVisible(); // not that of a deleted webhook
    receiver.take(2);
    assertThat(cause).hasCount(0); // by itself
  }

  @Test
  void aRecoveryIsFollowedOnTheOverviewWhereItBegan() {
    page.reload();
    receiver.answer(Answer.OK);
    page.locator(".causes > li").getByText("Recover").click();
    tab.dialogButton("Recover").click();
    assertThat(page.getByText("2 of 2 recovered · 127.0.0.1")).isVisible(); // not that of a deleted webhook
    receiver.take(2);
  }

  @Test
  void aWebhookIsPausedBesideTheCause() {
    page.reload();
    Locator cause = page.locator(".causes > li");
    Locator pause = cause.getByText("Pause", new Locator.GetByTextOptions().setExact(true));
    pause.click();
    assertThat(tab.dialog()).containsText("sends them when you resume");
    tab.dialogButton("Pause").click();
    assertThat(cause).containsText("Paused");
    assertThat(pause).hasCount(0);
    assertThat(page.getByText("Paused, 0 events waiting")).isVisible(); // in the other card too
  }
}
