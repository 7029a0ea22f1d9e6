package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** JSON is shown with colors and folds, and never as anything but what it is. */
class JsonTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  private void open(String response) {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    receiver.answer(Answer.status(200, response));
    keyhook.api().anonymous().validate(keyhook.license(1).key(), "device").expect(200);
    String id = receiver.take().id();
    keyhook.awaitStatus(id, "delivered");
    keyhook.deleteWebhooks();
    page.navigate(keyhook.node().uri() + "/#/deliveries/" + id);
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("license.activated")).isVisible();
  }

  private Locator code(String label) {
    return page.getByLabel(label, new com.microsoft.playwright.Page.GetByLabelOptions().setExact(true));
  }

  @Test
  void anObjectIsFoldedAndTheRawBodyIsPlainText() {
    open("{\"ok\":true,\"list\":[1,null,\"a\"],\"empty\":{}}");
    Locator body = code("request body");
    assertThat(body.locator(".json-string").first()).isVisible();
    assertThat(body.getByText("\"fingerprint\"")).isVisible();
    body.locator("summary").nth(1).click(); // data
    assertThat(body.getByText("\"fingerprint\"")).isHidden();
    assertThat(body.locator("summary").nth(1)).containsText("\"data\": {…}");
    tab.button("Raw body").click();
    assertThat(body.locator(".json-fold")).hasCount(0);
    assertThat(body).containsText("\"event\":\"license.activated\"");
    Locator response = code("response body of attempt 1");
    assertThat(response.locator(".json-boolean")).hasText("true");
    assertThat(response.locator(".json-members .json-members > *")).hasCount(3);
  }

  @Test
  void jsonThatJavaScriptWouldChangeStaysAsItIs() {
    open("{\"id\":12345678901234567890,\"a\":1,\"a\":2}");
    Locator response = code("response body of attempt 1");
    assertThat(response).hasText("{\"id\":12345678901234567890,\"a\":1,\"a\":2}");
    assertThat(response.locator(".json-fold")).hasCount(0);
  }
}
