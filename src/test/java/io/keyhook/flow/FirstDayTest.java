package io.keyhook.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a license seller does first, from end to end. */
class FirstDayTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Test
  void aValidatedLicenseIsHeardOfAndLogged() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    License license = keyhook.license(5);
    keyhook.api().validate(license.key(), "device-1").expect(200);
    Delivery delivery = receiver.take();
    assertThat(delivery.event()).isEqualTo("license.activated");
    assertThat(delivery.data().getString("licenseId")).isEqualTo(license.id());
    assertThat(keyhook.awaitStatus(delivery.id(), "delivered").getString("webhookId")).isEqualTo(webhook.id());
    assertThat(keyhook.logged(delivery.id()).getJsonObject("payload")).isEqualTo(delivery.json());
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries").expect(200).data()).hasSize(1);
  }
}
