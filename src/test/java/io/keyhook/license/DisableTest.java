package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Disabling is immediate, on every node. */
class DisableTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  private static JsonObject disable(License license) {
    return keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200).json();
  }

  private static JsonObject enable(License license) {
    return keyhook.api().post("/api/licenses/" + license.id() + "/enable").expect(200).json();
  }

  @Test
  void aValidationAfterTheAnswerIsRefusedOnEveryNode() {
    License license = keyhook.license(1);
    for (int round = 0; round < 20; round++) {
      keyhook.api().validate(license.key(), "device").expect(200);
      other.api().validate(license.key(), "device").expect(200);
      disable(license);
      List<Api> apis = List.of(keyhook.api(), other.api());
      IntStream.range(0, 10).mapToObj(i -> apis.get(i % 2).validateAsync(license.key(), "device")).toList()
          .forEach(answer -> Api.join(answer).expect(403, "LICENSE_DISABLED"));
      enable(license);
    }
  }

  @Test
  void disablingIsToldOnceWithWhoAndWhen() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.disabled");
    License license = keyhook.license(1);
    JsonObject disabled = disable(license);
    assertThat(disabled.getString("status")).isEqualTo("disabled");
    Delivery delivery = receiver.take();
    assertThat(delivery.data().getString("disabledBy")).isEqualTo("First key");
    assertThat(delivery.data().getString("disabledAt")).isEqualTo(disabled.getString("disabledAt"));
    assertThat(disable(license).getString("disabledAt")).isEqualTo(disabled.getString("disabledAt"));
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void enablingTakesItBackAndRaisesNothing() {
    License license = keyhook.license(1);
    disable(license);
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated", "license.activated", "license.expired", "license.disabled");
    assertThat(enable(license).getString("status")).isEqualTo("active");
    assertThat(enable(license).getValue("disabledAt")).isNull();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    other.api().validate(license.key(), "device").expect(200);
    assertThat(receiver.take(2)).extracting(Delivery::event)
        .containsExactlyInAnyOrder("license.activated", "license.validated");
  }

  @Test
  void manyWhoDisableAtOnceRaiseOneEvent() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.disabled");
    License license = keyhook.license(1);
    IntStream.range(0, 20).mapToObj(i -> (i % 2 == 0 ? keyhook.api() : other.api())
        .send("POST", "/api/licenses/" + license.id() + "/disable", null)).toList()
        .forEach(answer -> Api.join(answer).expect(200));
    receiver.take();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }
}
