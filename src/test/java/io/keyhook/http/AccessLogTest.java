package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** With the setting, each request is a line in the log that has its route, and nothing else that the client sent. */
class AccessLogTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("http",
      new JsonObject().put("accessLog", true).put("trustedProxies", new JsonArray().add("127.0.0.1"))));

  private static String line(String id) {
    Waiting.until("the request is logged", () -> !LogWatch.linesWith("request " + id).isEmpty());
    List<String> lines = LogWatch.linesWith("request " + id);
    assertThat(lines).hasSize(1);
    return lines.get(0);
  }

  @Test
  void aRequestIsLoggedByItsRoute() {
    String license = keyhook.license(1).id();
    keyhook.api().header("X-Request-Id", "access-1").header("X-Forwarded-For", "192.0.2.7")
        .get("/api/licenses/" + license + "?secret=hidden").expect(400);
    assertThat(line("access-1")).startsWith("INFO io.keyhook.access").contains("GET /api/licenses/:id 400 ", " ms ",
        " bytes from 192.0.2.7, request access-1").doesNotContain(license, "hidden");
    keyhook.api().anonymous().unchecked().header("X-Request-Id", "access-2").get("/no-such-kh_secret").expect(404);
    assertThat(line("access-2")).contains("GET none 404 ").doesNotContain("kh_secret");
    keyhook.api().anonymous().header("X-Request-Id", "access-3").post("/api/validate", new JsonObject()).expect(400);
    assertThat(line("access-3")).contains("POST /api/validate 400 ");
  }
}
