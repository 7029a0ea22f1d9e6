package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.config.Configuration;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetClient;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

@ExtendWith(VertxExtension.class)
class StartTest {
  @RegisterExtension
  static final Installation installation = Installation.withoutNode();

  @Test
  void aTakenPortIsNamedAndTheFirstAccountIsLeftToTheNextStart(Vertx vertx) throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      Keyhook keyhook = keyhook("keyhook", withFirstAccount(taken.getLocalPort()));
      assertThatThrownBy(() -> Waiting.on(vertx.deployVerticle(keyhook)))
          .hasStackTraceContaining("cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
    assertThat(installation.database().count("account")).isZero();
    Keyhook next = keyhook("keyhook", withFirstAccount(0));
    Waiting.on(vertx.deployVerticle(next));
    assertThat(next.firstAccount()).isPresent();
  }

  @Test
  void twoInOneVertxTakeAFreePortEach(Vertx vertx) {
    Keyhook one = keyhook("one", withFirstAccount(0).put("bootstrap", new JsonObject()));
    Keyhook other = keyhook("other", withFirstAccount(0).put("bootstrap", new JsonObject()));
    Waiting.on(vertx.deployVerticle(one));
    Waiting.on(vertx.deployVerticle(other));
    assertThat(one.port()).isPositive().isNotEqualTo(other.port());
    Api.of(URI.create("http://127.0.0.1:" + one.port())).get("/health/ready").expect(200);
    Api.of(URI.create("http://127.0.0.1:" + other.port())).get("/health/ready").expect(200);
  }

  @Test
  void aDatabaseThatStartsLaterIsWaitedFor(Vertx vertx) throws Exception {
    URI database = installation.database().uri();
    int port = freePort();
    URI late = URI.create("postgresql://" + database.getUserInfo() + "@127.0.0.1:" + port + database.getPath());
    Keyhook keyhook = keyhook("late", Node.settings(late).put("bootstrap", new JsonObject()));
    Future<String> deployed = vertx.deployVerticle(keyhook);
    Waiting.until("it waits", () -> !LogWatch.linesWith("127.0.0.1:" + port + " (database.uri) is not available yet").isEmpty());
    assertThat(deployed.isComplete()).isFalse();
    NetClient client = vertx.createNetClient();
    Waiting.on(vertx.createNetServer().connectHandler(near -> {
      near.pause();
      client.connect(database.getPort(), database.getHost()).onSuccess(far -> {
        far.pipeTo(near);
        near.pipeTo(far);
      });
    }).listen(port, "127.0.0.1"));
    Waiting.on(deployed);
    Api.of(URI.create("http://127.0.0.1:" + keyhook.port())).get("/health/ready").expect(200);
    Waiting.on(vertx.undeploy(deployed.result()));
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return free.getLocalPort();
    }
  }

  private static JsonObject withFirstAccount(int port) {
    return Node.settings(installation.database().uri())
        .mergeIn(new JsonObject().put("http", new JsonObject().put("port", port)), true);
  }

  private static Keyhook keyhook(String name, JsonObject options) {
    return new Keyhook(Configuration.of(options), Optional.empty(), name);
  }
}
