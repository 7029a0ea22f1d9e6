package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A token URL is judged as the URL of a webhook is, when it is set. {@code AccessTokenTest} shows that each request judges again. */
class TokenUrlTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private static Api api;

  @BeforeAll
  static void start() {
    api = keyhook.start(new JsonObject().put("delivery", new JsonObject().put("allowInsecureTargets", false))).api();
  }

  private static JsonObject webhook(String tokenUrl) {
    return new JsonObject().put("url", "https://93.184.215.14/").put("events", new JsonArray().add("license.activated"))
        .put("authentication", new JsonObject().put("type", "oauth2").put("tokenUrl", tokenUrl).put("clientId", "id")
            .put("clientSecret", "a secret"));
  }

  @Test
  void aUrlThatLeadsInsideIsRefused() {
    List<SsrfExamples.Case> refused = SsrfExamples.cases().filter(SsrfExamples.Case::isRefusedByUrl).toList();
    assertThat(refused).hasSizeGreaterThan(50);
    String created = api.post("/api/webhooks", webhook("https://93.184.215.14/token")).expect(201).json().getString("id");
    for (SsrfExamples.Case example : refused) {
      assertThat(api.post("/api/webhooks", webhook(example.url())).expect(400).badFields()).as(example.toString())
          .containsExactly("authentication.tokenUrl");
      assertThat(api.patch("/api/webhooks/" + created, new JsonObject().put("authentication", new JsonObject().put("type", "oauth2")
          .put("tokenUrl", example.url()))).expect(400).badFields()).as(example.toString())
          .containsExactly("authentication.tokenUrl");
    }
  }
}
