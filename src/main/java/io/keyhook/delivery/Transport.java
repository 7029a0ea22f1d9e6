package io.keyhook.delivery;

import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Message;
import io.keyhook.attempt.Sender;
import io.keyhook.testendpoint.TestEndpoint;
import io.vertx.core.Future;

/** Makes attempts: over the network, or in this process for the built-in test endpoint. Belongs to one event loop. */
final class Transport {
  private final Sender sender;
  private final TestEndpoint endpoint;

  Transport(Sender sender, TestEndpoint endpoint) {
    this.sender = sender;
    this.endpoint = endpoint;
  }

  /** Never fails: what goes wrong is in the attempt. */
  Future<Attempt> send(EndpointSettings settings, Message message) {
    return settings.target().isTestEndpoint() ? endpoint.take(settings, message) : sender.send(settings, message);
  }

  void close() {
    sender.close();
  }
}
