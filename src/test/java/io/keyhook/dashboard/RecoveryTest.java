package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Failed deliveries are counted before they are recovered, followed while they are, and stopped. */
class RecoveryTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(
      new JsonObject().put("delivery", new JsonObject().put("retryDelays", new JsonArray())));

  private Receiver receiver;
  private String webhook;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated", "license.validated").id();
    enterAsOwner();
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
  }

  /** A license.activated and a license.validated. */
  private void fail(Answer first, Answer second) {
    receiver.answerNext(first, second);
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    receiver.take(2).forEach(delivery -> keyhook.awaitStatus(delivery.id(), "failed"));
  }

  private void openDialog() {
    page.evaluate("path => { location.hash = path; }", "/webhooks/" + webhook);
    tab.settle(); // figures that arrive move the button, maybe while it is clicked
    tab.button("Recover").click();
    assertThat(tab.dialog()).isVisible();
  }

  private Locator preview() {
    return tab.dialog().locator(".preview");
  }

  private Locator choice(String text) {
    return tab.dialog().getByLabel(text);
  }

  @Test
  void whatIsChosenIsCountedAndThenSent() {
    fail(Answer.status(500), Answer.status(500));
    fail(Answer.status(404), Answer.status(404));
    openDialog();
    assertThat(preview()).hasText("4 deliveries will be redelivered.");
    choice("HTTP 404").uncheck();
    assertThat(preview()).hasText("2 deliveries will be redelivered.");
    choice("license.validated").uncheck();
    assertThat(preview()).hasText("1 delivery will be redelivered.");
    tab.dialogButton("Recover").click();
    assertThat(page.getByText("Recovering 1 delivery")).isVisible();
    Delivery sent = receiver.take();
    assertThat(sent.event()).isEqualTo("license.activated");
    assertThat(page.getByText("1 of 1 recovered")).isVisible();
    assertThat(page.locator(".rows .badge").getByText("Completed")).isVisible();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void theWebhookThatIsChosenAtFirstCanRecover() {
    fail(Answer.status(500), Answer.status(500));
    keyhook.api().post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/newer").put("isActive", false)
        .put("events", new JsonArray().add("license.expired"))).expect(201);
    tab.visit("Deliveries");
    tab.button("Recover").click();
    assertThat(tab.dialog().getByLabel("Webhook").locator("option")).hasCount(2);
    assertThat(preview()).hasText("2 deliveries will be redelivered.");
  }

  @Test
  void nothingIsChosenByMistake() {
    fail(Answer.status(500), Answer.status(500));
    openDialog();
    assertThat(preview()).hasText("2 deliveries will be redelivered.");
    choice("HTTP 500").uncheck();
    tab.dialogButton("Recover").click();
    assertThat(tab.dialog().getByText("Choose at least one result")).isVisible();
    choice("HTTP 500").check();
    tab.field("Failed before").fill("2020-01-01T00:00");
    tab.field("Failed before").blur();
    assertThat(tab.dialog().getByText("Failed before must be later than Failed since")).hasCount(1);
    assertThat(preview()).hasText("");
    tab.dialogButton("Recover").click();
    assertThat(tab.dialog().getByText("Failed before must be later than Failed since")).hasCount(1);
    tab.field("Failed before").fill("");
    assertThat(tab.dialog().getByText("must be later")).hasCount(0);
    String since = tab.field("Failed since").inputValue();
    tab.field("Failed since").fill("2999-01-01T00:00");
    tab.field("Failed since").blur();
    assertThat(tab.dialog().getByText("Failed since must not be in the future")).hasCount(1);
    tab.field("Failed since").fill(since);
    assertThat(preview()).hasText("2 deliveries will be redelivered.");
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void aRecoveryIsFollowedAndStopped() {
    fail(Answer.status(500), Answer.status(500));
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, status, attempts
        FROM keyhook.delivery, generate_series(1, 1499) WHERE webhook_id = ? AND type = 1""", Id.WEBHOOK.parse(webhook));
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    openDialog();
    assertThat(preview()).hasText("1,501 deliveries will be redelivered.");
    tab.dialogButton("Recover").click();
    Locator bar = page.getByRole(AriaRole.PROGRESSBAR);
    assertThat(bar).isVisible();
    assertThat(page.getByText("of 1,501 recovered")).isVisible();
    assertThat(bar).hasAttribute("aria-valuenow", Pattern.compile("[1-9]00"));
    tab.button("Stop").click();
    assertThat(page.locator(".rows .badge").getByText("Stopped")).isVisible();
    assertThat(tab.button("Stop")).isHidden();
    held.release();
    receiver.answer(Answer.OK);
    tab.visit("Deliveries");
    assertThat(page.locator(".rows .badge").getByText("Stopped")).isVisible();
    keyhook.awaitEmptyQueue();
  }
}
