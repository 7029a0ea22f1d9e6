package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The command that a delivery is copied as sends what Keyhook sent, whatever is in it. */
class CurlTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;
  private String secret;
  private Delivery sent;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    receiver = keyhook.receiver();
    secret = keyhook.webhook(receiver, "license.validated").secret();
    String key = keyhook.license(new JsonObject().put("name", "Ada’s \"5\" $HOME `id` \\ it's").put("maxActivations", 1)).key();
    keyhook.api().anonymous().validate(key, "device-1").expect(200);
    sent = receiver.take();
    keyhook.awaitEmptyQueue();
    enterAsOwner();
    page.navigate(keyhook.node().uri() + "/#/deliveries/" + sent.id());
    tab.button("Copy as cURL").click();
    assertThat(page.getByLabel("command", new Page.GetByLabelOptions().setExact(true))).isVisible();
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
  }

  private String command() {
    return page.getByLabel("command", new Page.GetByLabelOptions().setExact(true)).textContent();
  }

  @Test
  void withTheSecretTheRequestIsSignedAsKeyhookSignsIt() {
    Tool.require("curl");
    for (String wrong : List.of("whsec_?", "whsec_", "whsec_abcde", secret.substring(1))) {
      tab.field("Webhook secret").fill(wrong);
      assertThat(page.getByText("A secret is whsec_ followed by base64.")).isVisible();
    }
    tab.field("Webhook secret").fill(" " + secret + "\n");
    assertThat(page.getByText("webhook-signature: v1,")).isVisible();
    assertThat(Tool.run(List.of("sh", "-c", command()))).isZero();
    Delivery again = receiver.take();
    assertThat(again.isSignedWith(secret)).isTrue();
    assertThat(again.id()).isEqualTo(sent.id());
    assertThat(again.text()).isEqualTo(sent.text());
    assertThat(again.event()).isEqualTo("license.validated");
    assertThat(again.header("User-Agent")).isEqualTo(sent.header("User-Agent"));
  }

  @Test
  void withoutItTheRequestIsNotSigned() {
    assertThat(command()).contains("webhook-id: " + sent.id(), "--data-raw")
        .doesNotContainIgnoringCase("signature");
  }
}
