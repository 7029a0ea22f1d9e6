package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From the first login to the first event, on the overview alone and without a server. */
class FirstRunTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @Test
  void theFirstEventArrivesWithoutAServer() {
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("First steps")).isVisible();
    assertThat(page.getByText("Create a license first")).isVisible();
    picture("first-run", 1);
    tab.button("Create sample license").click();
    assertThat(page.getByText("Waiting for your first validation…")).isVisible();
    String key = keyhook.api().get("/api/licenses").data().get(0).getString("key");
    Locator command = page.getByText("curl http");
    assertThat(command).containsText(key);
    tab.button("Use the test endpoint").click();
    assertThat(page.getByText("Waiting for the first event…")).isVisible();
    assertThat(page.locator(".steps .done")).hasCount(2);
    picture("first-run", 2);
    List<String> written = Pattern.compile("\"(\\w+)\":\"([^\"]+)\"").matcher(command.textContent()).results()
        .map(part -> part.group(2)).toList();
    keyhook.api().anonymous().validate(written.get(0), written.get(1)).expect(200);
    assertThat(tab.heading("First steps: all done")).isVisible(); // turns green by itself
    assertThat(page.locator(".steps .done")).hasCount(4);
    assertThat(page.locator(".steps")).containsText("Signature valid");
    assertThat(page.locator(".figure").first()).hasText("1"); // the charts count it too
    picture("first-run", 3);

    page.locator(".steps").getByText("View request").click();
    assertThat(tab.heading("Test endpoint")).isVisible();
    assertThat(page.locator(".requests > li").first()).containsText("Signature valid");
    assertThat(page.locator(".requests")).containsText(key);
    assertThat(page.locator(".requests")).containsText("X-Webhook-Signature");
    picture("first-run", 4);
    keyhook.api().anonymous().validate(key, "device-2").expect(200);
    assertThat(page.locator(".requests > li")).hasCount(4); // it comes without a click
    tab.button("Delete").click();
    tab.dialogButton("Delete test endpoint").click();
    assertThat(tab.heading("No test endpoint")).isVisible();
    tab.button("Create test endpoint").click();
    assertThat(page.getByText("Waiting for the first request…")).isVisible();
    assertThat(keyhook.api().get("/api/webhooks").data()).as("the webhook is used again").hasSize(1);
  }
}
