package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A webhook is paused and resumed on its page, and every page says so. */
class PauseTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;
  private String webhook;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated").id();
    enterAsOwner();
    visitPath("/webhooks/" + webhook);
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
  }

  private void visitPath(String path) {
    page.evaluate("path => { location.hash = path; }", path);
  }

  private void raise() {
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
  }

  private Locator badge() {
    return page.locator(".page-title .badge");
  }

  private void pause() {
    tab.button("Pause").click();
    assertThat(tab.dialog()).containsText("sends them when you resume");
    assertThat(tab.dialog()).containsText("To drop events instead, deactivate the webhook");
    assertThat(tab.dialog()).containsText("90 days");
    tab.dialogButton("Pause").click();
    assertThat(tab.dialog()).isHidden();
  }

  @Test
  void eventsWaitWhileItIsPausedAndAreSentWhenItResumes() {
    pause();
    assertThat(badge()).hasText("Paused, 0 events waiting");
    assertThat(page.getByText("This webhook is paused")).isVisible();
    raise();
    raise();
    assertThat(badge()).hasText("Paused, 2 events waiting");
    assertThat(page.locator("tbody .badge")).hasCount(2);
    assertThat(page.locator("tbody .badge").first()).hasText("Paused");
    tab.button("Resume").click();
    assertThat(page.getByText("Webhook resumed.")).isVisible();
    receiver.take(2);
    assertThat(badge()).hasText("Active");
    assertThat(page.locator("tbody .badge").first()).hasText("Delivered");
    assertThat(tab.button("Pause")).isVisible();
  }

  @Test
  void everyPageHasTheVerdict() {
    pause();
    raise();
    tab.visit("Webhooks");
    assertThat(page.locator("tbody .badge")).hasText("Paused, 1 event waiting");
    tab.visit("Overview");
    assertThat(page.locator(".card .badge")).hasText("Paused, 1 event waiting");
    assertThat(page.getByText("1 webhook needs attention")).isVisible();
    tab.visit("Deliveries");
    assertThat(page.locator("tbody .badge").first()).hasText("Paused");
    page.getByLabel("Status").selectOption("pending");
    assertThat(tab.heading("No matches")).isVisible();
    page.getByLabel("Status").selectOption("paused");
    assertThat(page.locator("tbody .badge")).hasText("Paused");
    page.getByLabel("Select all on this page").check();
    tab.button("Redeliver").click();
    assertThat(page.getByText("Redelivering 1 delivery; Keyhook keeps it until the webhook resumes")).isVisible();
    tab.button("Recover").click();
    assertThat(tab.dialog()).containsText("Keyhook keeps the deliveries and sends them when the webhook resumes");
    tab.dialogButton("Cancel").click();
    page.locator("tbody .row-link").first().click();
    assertThat(badge()).hasText("Paused");
    assertThat(page.getByText("The webhook is paused")).isVisible();
    tab.button("Redeliver").click();
    assertThat(page.getByText("The webhook is paused. Keyhook keeps the delivery and sends it when the webhook resumes.")).isVisible();
    page.getByText("resume the webhook").click();
    assertThat(tab.button("Resume")).isVisible();
    tab.visit("Audit log");
    assertThat(page.locator(".strong").getByText("Paused a webhook").first()).isVisible();
  }

  @Test
  void deactivatingTellsThatItDropsEvents() {
    tab.button("Deactivate").click();
    assertThat(tab.dialog()).containsText("To keep events and send them later, pause the webhook instead");
    tab.dialogButton("Cancel").click();
    pause();
    raise();
    assertThat(badge()).hasText("Paused, 1 event waiting");
    tab.button("Deactivate").click();
    tab.dialogButton("Deactivate").click();
    assertThat(badge()).hasText("Inactive");
    assertThat(page.locator("tbody .badge")).hasText("Canceled");
    assertThat(keyhook.database().count("delivery_queue")).isZero();
  }

  @Test
  void aRetryThatWaitsIsPausedAndNeitherFailedNorRetrying() {
    receiver.answer(Answer.status(503, "no"));
    raise();
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    visitPath("/deliveries?status=failed");
    assertThat(tab.heading("No matches")).isVisible();
    assertThat(tab.heading("Failures by cause")).hasCount(0);
    page.getByLabel("Status").selectOption("retrying");
    assertThat(page.locator(".causes > li")).containsText("1 retrying");
    keyhook.api().post("/api/webhooks/" + webhook + "/pause").expect(200);
    page.reload();
    assertThat(tab.heading("No matches")).isVisible();
    tab.settle();
    assertThat(tab.heading("Failures by cause")).hasCount(0);
    page.getByLabel("Status").selectOption("failing");
    assertThat(page.locator(".causes > li")).containsText("1 paused");
    visitPath("/deliveries/" + id);
    assertThat(page.getByText("or later if its next retry is not due by then")).isVisible();
  }

  @Test
  void aDeliveryOfADeletedWebhookIsNotRedelivered() {
    raise();
    String id = receiver.take().id();
    keyhook.awaitStatus(id, "delivered");
    visitPath("/deliveries/" + id);
    assertThat(tab.button("Redeliver")).isVisible();
    keyhook.deleteWebhooks();
    page.reload();
    assertThat(page.locator(".facts").getByText("Deleted")).isVisible();
    assertThat(tab.button("Redeliver")).hasCount(0);
    JsonObject refused = keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(409).json();
    assertThat(refused.getString("detail")).contains("was deleted");
  }

  @Test
  void anEventThatWaitsForItsTurnIsNotCalledSending() {
    receiver.answer(Answer.status(503, "no"));
    keyhook.api().patch("/api/webhooks/" + webhook, new JsonObject().put("ordering", "license")).expect(200);
    String key = keyhook.license(2).key();
    keyhook.api().validate(key, "first").expect(200);
    keyhook.awaitAttempts(receiver.take().id(), 1);
    keyhook.api().validate(key, "second").expect(200);
    String waiting = keyhook.api().get("/api/deliveries?limit=1").expect(200).data().get(0).getString("id");
    visitPath("/deliveries/" + waiting);
    assertThat(page.getByText("Being sent or waiting for its turn")).isVisible();
    assertThat(page.getByText("Sending now")).hasCount(0);
  }

  @Test
  void theHintForAUrlIsForAWebhookThatExists() {
    tab.button("Edit").click();
    assertThat(tab.dialog()).containsText("Looks good. Send a test event after saving.");
  }

  @Test
  void aPausedWebhookIsTested() {
    pause();
    tab.button("Send test event").click();
    assertThat(page.getByText("Test succeeded")).isVisible();
    assertThat(receiver.take().event()).isEqualTo("webhook.test");
  }
}
