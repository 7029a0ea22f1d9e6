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
import io.keyhook.testing.SlackServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From the alert in a chat to the cause, and to the message that the webhook has recovered. */
class AlertToRecoveredTest extends Visit {
  private static final String STRIP = "alert-to-recovered";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(
      new JsonObject().put("delivery", new JsonObject().put("retryDelays", new JsonArray()))
          .put("mail", new JsonObject().put("dashboardUrl", "https://keyhook.example.com")));

  @Override
  Installation installation() {
    return keyhook;
  }

  private void choose(String alert) {
    page.getByRole(AriaRole.CHECKBOX, new Page.GetByRoleOptions().setName(alert)).check();
  }

  @Test
  void anAlertLeadsToTheCauseAndToTheRecovery() throws Exception {
    try (SlackServer slack = new SlackServer()) {
      Receiver receiver = keyhook.receiver();
      keyhook.webhook(receiver, "license.activated");
      page.setViewportSize(1440, 900);
      tab.logIn(Node.EMAIL, Node.PASSWORD);
      tab.visit("Settings");
      choose("A webhook starts to fail");
      choose("A failing webhook succeeds again");
      tab.field("Slack URL").fill(slack.url());
      tab.button("Save alerts").click();
      assertThat(tab.button("Send test message")).isVisible();
      tab.button("Send test message").scrollIntoViewIfNeeded();
      picture(STRIP, 1);

      receiver.answer(Answer.status(500, "{\"error\":\"ValueError: unknown license\"}"));
      for (int i = 0; i < 3; i++) {
        keyhook.api().anonymous().validate(keyhook.license(1).key(), "device").expect(200);
        keyhook.awaitStatus(receiver.take().id(), "failed");
      }
      String alert = slack.take();
      assertThat(alert).contains("127.0.0.1");
      message(alert, 2);
      page.navigate(keyhook.node().uri() + link(alert));
      Locator cause = page.locator(".causes > li");
      assertThat(cause).containsText("HTTP 500 · ValueError: unknown license · 3 deliveries");
      assertThat(page.getByText("1 webhook needs attention")).isVisible();
      tab.settle();
      picture(STRIP, 3);
      page.getByText("View failures").click();
      page.locator("tbody tr a").first().click();
      assertThat(page.getByRole(AriaRole.COMPLEMENTARY)).containsText("ValueError: unknown license");
      tab.settle();
      picture(STRIP, 4);

      receiver.answer(Answer.OK);
      page.keyboard().press("Escape");
      cause.getByText("Send test").click();
      assertThat(page.getByText(Pattern.compile("Test succeeded: 200 in"))).isVisible();
      receiver.take();
      picture(STRIP, 5);
      cause.getByText("Recover").click();
      assertThat(tab.dialog().locator(".preview")).hasText("3 deliveries will be redelivered.");
      picture(STRIP, 6);
      tab.dialogButton("Recover").click();
      assertThat(page.getByText("3 of 3 recovered")).isVisible();
      receiver.take(3);
      assertThat(cause).hasCount(0); // by itself
      picture(STRIP, 7);
      String recovered = slack.take();
      assertThat(recovered).contains("127.0.0.1").isNotEqualTo(alert);
      message(recovered, 8);
      page.navigate(keyhook.node().uri() + link(recovered));
      assertThat(tab.heading("No failures")).isVisible();
    }
  }

  /** Where the link of a message leads on this node. */
  private static String link(String message) {
    assertThat(message).contains("\nhttps://keyhook.example.com/#/");
    return message.substring(message.lastIndexOf("/#/"));
  }

  /** A picture of a message. */
  private void message(String text, int number) {
    Page chat = page.context().newPage();
    chat.setViewportSize(720, 240);
    chat.setContent("<pre style='font: 16px/1.5 sans-serif; white-space: pre-wrap; margin: 24px'></pre>");
    chat.locator("pre").evaluate("(pre, text) => { pre.textContent = text; }", text);
    chat.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target/screenshots/strip-" + STRIP + "-" + number + ".png")));
    chat.close();
  }
}
