package io.keyhook.bus;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Requests about attempts that are forwarded to a developer's machine, and their responses. */
public interface Listening {
  /** How long a call waits for a request. */
  Duration WAIT = Duration.ofSeconds(20);
  /** How many requests a call returns at most. */
  int BATCH = 20;
  /** How long attempts are offered after the latest sign of a listener, in seconds. */
  int PRESENT_SECONDS = 10;

  /** The maximum length of a response's body, in characters: as much as the log keeps. */
  int BODY = 4096;
  int HEADERS = 64;
  int HEADER_NAME = 128;
  int HEADER_VALUE = 1024;

  /**
   * Waits for requests to a webhook.
   *
   * @param abandoned completes when nobody waits for the response any longer, so that no request is lost with it
   */
  record Listen(Caller caller, String webhookId, Future<Void> abandoned) {}

  /**
   * @param requests oldest first; empty: none came in time
   */
  record Requests(List<Request> requests) {}

  /**
   * The request of an attempt, with its signatures.
   *
   * @param headers as they are sent; the values of the webhook's own headers are masked
   * @param body as it is sent, byte for byte
   */
  record Request(String id, Map<String, String> headers, String body) {
    @Override
    public String toString() {
      return "Request[id=" + id + "]";
    }
  }

  /** Why an endpoint did not respond. */
  enum Problem { CONNECTION_REFUSED, TIMEOUT, NETWORK_ERROR }

  /**
   * What an endpoint responded.
   *
   * @param statusCode null: it did not
   * @param error null: it did
   * @param body its first {@value #BODY} characters; null: it had none
   */
  record Response(Integer statusCode, Problem error, Map<String, String> headers, String body) {
    public Response {
      headers = headers == null ? Map.of() : headers;
      Check check = Check.that()
          .is("statusCode", (statusCode == null) != (error == null), "or error is required, and not both")
          .range("statusCode", statusCode, 200, 599)
          .text("body", body, BODY)
          .is("headers", headers.size() <= HEADERS, "has more than " + HEADERS + " entries");
      headers.forEach((name, value) -> check
          .is("headers", !name.isEmpty() && Check.isText(name, HEADER_NAME), "has a name that is empty, not text, or longer than "
              + HEADER_NAME + " characters")
          .required("headers", value)
          .text("headers", value, HEADER_VALUE));
      check.done();
    }

    public static Response failed(Problem error) {
      return new Response(null, error, null, null);
    }

    @Override
    public String toString() {
      return "Response[statusCode=" + statusCode + ", error=" + error + "]";
    }
  }

  /**
   * Ends the attempt of a request.
   *
   * @param requestId from {@link Request}
   */
  record Respond(Caller caller, String webhookId, String requestId, Response response) {
    public Respond {
      Check.that().required("requestId", requestId).done();
    }
  }

  /**
   * An attempt.
   *
   * @param longest how long it may take
   */
  record Offer(UUID accountId, UUID webhookId, Map<String, String> headers, String body, Duration longest) {
    @Override
    public String toString() {
      return "Offer[accountId=" + accountId + ", webhookId=" + webhookId + "]";
    }
  }
}
