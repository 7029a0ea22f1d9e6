package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One slow receiver slows nobody else. */
class NeighbourTest {
  private static final int EVENTS = 50;
  private static final int PLACES = 2;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("delivery",
      new JsonObject().put("maxInFlight", 16).put("maxInFlightPerEndpoint", PLACES)));

  @Test
  void aReceiverThatHangsHoldsItsOwnPlacesAndNoOthers() {
    Receiver hanging = keyhook.receiver();
    Receiver quick = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    hanging.answer(held);
    keyhook.webhook(hanging, "license.validated");
    keyhook.webhook(quick, "license.validated");
    License license = keyhook.license(1);
    for (int i = 0; i < EVENTS; i++) {
      keyhook.api().validate(license.key(), "device").expect(200);
    }
    assertThat(quick.take(EVENTS)).extracting(Delivery::id).doesNotHaveDuplicates();
    assertThat(hanging.all()).as("what is in flight to the receiver that hangs").hasSize(PLACES);
    held.release();
    assertThat(hanging.take(EVENTS)).extracting(Delivery::id).doesNotHaveDuplicates();
    keyhook.awaitEmptyQueue();
  }
}
