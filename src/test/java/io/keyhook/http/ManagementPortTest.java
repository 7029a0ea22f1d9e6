package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Program;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** With {@code management.port}, what is for administrators is on that port, and only there. */
class ManagementPortTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @Test
  void withoutAnApiTheManagementPortServesAllTheSame() throws IOException {
    int port = Program.freePort();
    Node node = keyhook.start(new JsonObject().put("management", new JsonObject().put("port", port))
        .put("http", new JsonObject().put("enabled", false)));
    Api management = Api.of(URI.create("http://127.0.0.1:" + port)).bearer(Node.OPERATOR_KEY).unchecked();
    management.get("/health/ready").expect(200);
    management.get("/metrics").expect(200);
    management.get("/api/account").expect(404);
    node.stop();
  }

  @Test
  void probesMetricsAndOperatorCallsMoveToTheManagementPort() throws IOException {
    int port = Program.freePort();
    Node node = keyhook.start(new JsonObject().put("management", new JsonObject().put("port", port)));
    Api everybody = node.operator().unchecked();
    Api management = Api.of(URI.create("http://127.0.0.1:" + port)).bearer(Node.OPERATOR_KEY).unchecked();
    JsonObject account = new JsonObject().put("name", "A").put("email", "a@example.com").put("password", "a good password")
        .put("plan", "free");

    for (String path : new String[] {"/health/live", "/health/ready", "/metrics"}) {
      everybody.get(path).expect(404);
      management.get(path).expect(200);
    }
    everybody.post("/api/admin/accounts", account).expect(404);
    management.post("/api/admin/accounts", account).expect(201);

    node.api().get("/api/account").expect(200);
    management.get("/api/account").expect(404);
    management.post("/api/validate", new JsonObject()).expect(404);
    assertThat(management.get("/").status()).isEqualTo(404);
    management.get("/docs/").expect(404);

    everybody.get("/admin").expect(404);
    String page = management.get("/admin").expect(200).body();
    Matcher script = Pattern.compile("src=\"(assets/[^\"]+main\\.js)\"").matcher(page);
    assertThat(script.find()).isTrue();
    management.get("/" + script.group(1)).expect(200);
    assertThat(management.get("/api/admin/node").expect(200).json().getString("status")).isEqualTo("ready");
    everybody.get("/api/admin/node").expect(404);
  }
}
