package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The log has the headers of responses that someone will look into. */
class KeptHeadersTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static List<String> headers(String id, int attempt) {
    JsonArray headers = keyhook.logged(id).getJsonArray("attempts").getJsonObject(attempt - 1).getJsonArray("responseHeaders");
    return headers == null ? null : headers.stream().map(header -> ((JsonObject) header).getString("name") + ": "
        + ((JsonObject) header).getString("value"))
        .filter(header -> !header.equals("connection: close")) // which a request asks for that comes soon after the first
        .toList();
  }

  @Test
  void headersOfAllResponsesAreKeptExceptThoseOfFirstAttemptsThatSucceed() {
    Receiver receiver = keyhook.receiver();
    Webhook mine = keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    String atOnce = receiver.take().id();
    keyhook.awaitStatus(atOnce, "delivered");
    assertThat(headers(atOnce, 1)).isNull();

    receiver.answer(request -> request.response().setStatusCode(503).putHeader("X-Request-Id", "r-1")
        .putHeader("Set-Cookie", "session=s3cret").end("busy"));
    keyhook.api().validate(license.key(), "device").expect(200);
    String second = receiver.take().id();
    keyhook.awaitAttempts(second, 1);
    receiver.answer(Answer.status(200, "ok"));
    keyhook.clock().advance(second, Duration.ofMinutes(2));
    receiver.take();
    keyhook.awaitStatus(second, "delivered");
    assertThat(headers(second, 1)).containsExactly("x-request-id: r-1", "set-cookie: [hidden]", "content-length: 4");
    assertThat(headers(second, 2)).containsExactly("content-length: 2");
    assertThat(keyhook.database().column("SELECT attempts::text FROM keyhook.delivery").toString()).doesNotContain("s3cret");

    String test = keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", mine.id())).expect(200).json()
        .getString("deliveryId");
    assertThat(headers(test, 1)).containsExactly("content-length: 2");
    keyhook.database().update("UPDATE keyhook.delivery SET attempts = '[{\"at\":1,\"ms\":2,\"status\":500,\"body\":\"old\"}]'"
        + " WHERE test"); // as earlier versions wrote
    assertThat(headers(test, 1)).isNull();
    keyhook.api().delete("/api/webhooks/" + mine.id()).expect(204);
  }
}
