package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One tenant does its worst, and another does not notice. */
class NeighborsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Api greedy;
  private Api modest;
  private final List<CompletableFuture<Exchange>> flood = new ArrayList<>();

  @BeforeEach
  void accounts() {
    greedy = keyhook.account("enterprise");
    modest = keyhook.account("enterprise");
  }

  @AfterEach
  void awaitFlood() {
    flood.forEach(call -> call.exceptionally(e -> null).join());
  }

  private void flood(int calls, IntFunction<CompletableFuture<Exchange>> call) {
    IntStream.range(0, calls).mapToObj(call).forEach(flood::add);
  }

  private void assertModestIsServed() {
    for (int i = 0; i < 5; i++) {
      modest.get("/health/ready").expect(200);
      modest.get("/api/licenses?search=nothing").expect(200);
      modest.post("/api/licenses", new JsonObject().put("name", "modest")).expect(201);
    }
  }

  /** What is refused says when to come back. */
  private void assertRefusalsTellWhen() {
    List<Exchange> answers = flood.stream().map(Api::join).toList();
    assertThat(answers).allSatisfy(answer -> {
      if (answer.status() == 503 || answer.status() == 429) {
        assertThat(answer.header("Retry-After")).isNotNull();
      } else {
        assertThat(answer.status()).isBetween(200, 299);
      }
    });
  }

  /** A locked table stands for slow statements: those of the tenant alone wait for it. */
  @Test
  void slowCallsOfOneTenantKeepNobodyElseFromTheDatabase() throws SQLException {
    JsonObject license = greedy.post("/api/licenses", new JsonObject().put("name", "locked")).expect(201).json();
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SELECT FROM keyhook.license WHERE key = '" + license.getString("key") + "' FOR UPDATE");
      flood(60, i -> greedy.postAsync("/api/licenses/" + license.getString("id") + "/disable", new JsonObject()));
      assertModestIsServed();
      modest.validate("ABCD-1234-EFGH-5678", "device").expect(404);
      connection.rollback();
    }
    assertRefusalsTellWhen();
  }

  @Test
  void passwordsThatOneTenantHashesKeepNobodyFromLoggingIn() {
    String email = "modest" + System.nanoTime() + "@example.com";
    modest.post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD)).expect(201);
    flood(110, i -> greedy.postAsync("/api/users", new JsonObject()
        .put("email", "greedy" + i + "." + System.nanoTime() + "@example.com").put("password", "a good password")));
    keyhook.api().anonymous().post("/api/auth/login", new JsonObject().put("email", email).put("password", Node.PASSWORD))
        .expect(200);
    assertModestIsServed();
    assertRefusalsTellWhen();
  }

  @Test
  void testsThatHangKeepNobodyFromTesting() {
    Receiver hanging = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    hanging.answer(held);
    Webhook slow = keyhook.webhook(greedy, hanging, "license.expired");
    Webhook quick = keyhook.webhook(modest, keyhook.receiver(), "license.expired");
    flood(140, i -> greedy.postAsync("/api/webhooks/test", new JsonObject().put("webhookId", slow.id())));
    hanging.take();
    assertThat(modest.post("/api/webhooks/test", new JsonObject().put("webhookId", quick.id())).expect(200).json()
        .getBoolean("success")).isTrue();
    assertModestIsServed();
    greedy.get("/api/webhooks/" + slow.id()).expect(200);
    held.release();
    assertRefusalsTellWhen();
  }

  @Test
  void streamsOfTenAccountsLeaveSomeToTheNext() throws IOException {
    List<InputStream> open = new ArrayList<>();
    try {
      for (int account = 0; account < 10; account++) {
        Api watcher = keyhook.account("free");
        int status = 200;
        for (int i = 0; i < 200 && status == 200; i++) {
          status = open(watcher, open);
        }
        assertThat(status).as("of one that never stops").isEqualTo(429);
      }
      assertThat(open(modest, open)).isEqualTo(200);
    } finally {
      for (InputStream stream : open) {
        stream.close();
      }
    }
  }

  private static int open(Api api, List<InputStream> open) {
    HttpResponse<InputStream> stream = api.stream("/api/deliveries/stream");
    open.add(stream.body());
    return stream.statusCode();
  }

  @Test
  void importsOfOneTenantKeepNobodyFromImporting() {
    String file = "name\n" + "License\n".repeat(10_000);
    flood(10, i -> greedy.header("Content-Type", "text/csv").send("POST", "/api/licenses/import", file));
    Api.join(modest.header("Content-Type", "text/csv").send("POST", "/api/licenses/import", "name\nA\n")).expect(200);
    assertModestIsServed();
    assertRefusalsTellWhen();
  }
}
