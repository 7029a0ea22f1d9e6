package io.keyhook.bus;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Requests about the built-in test endpoint of an account, and their responses. */
public interface TestEndpoints {
  /** The number of requests that an endpoint keeps. */
  int KEPT = 50;
  /** The number of requests that an endpoint accepts in a second. */
  int PER_SECOND = 20;
  /** How long an endpoint exists after the latest call that created or extended it. */
  int HOURS = 24;

  /** Creates the account's endpoint. If there is one already, it keeps its URL and exists for another {@value #HOURS} hours. */
  record Create(Caller caller) {}

  record Get(Caller caller) {}

  record Delete(Caller caller) {}

  /**
   * @param url for webhooks of the account; it is not reachable over the network
   * @param received the number of requests since it was created
   * @param requests the latest {@value #KEPT}, newest first
   */
  record TestEndpoint(String url, Instant createdAt, Instant expiresAt, long received, List<Received> requests) {
    @Override
    public String toString() {
      return "TestEndpoint[received=" + received + ", expiresAt=" + expiresAt + "]";
    }
  }

  /**
   * @param number 1 for the first request of the endpoint
   * @param signatureValid whether both signatures match the webhook's secret, as an endpoint checks them
   * @param body as it was sent, byte for byte
   */
  record Received(
      long number, Instant receivedAt, String deliveryId, String event, boolean signatureValid, Map<String, String> headers,
      String body) {}

  /**
   * A request to an endpoint.
   *
   * @param accountId the account of the webhook, which only reaches an endpoint of the same account
   * @param token from the URL
   */
  record Receive(UUID accountId, String token, boolean signatureValid, Map<String, String> headers, String body) {
    @Override
    public String toString() {
      return "Receive[accountId=" + accountId + "]";
    }
  }

  /** What became of a request. */
  enum Outcome { KEPT, TOO_MANY, GONE }
}
