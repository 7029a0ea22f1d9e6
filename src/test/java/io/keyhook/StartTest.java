package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.config.Configuration;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
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

  private static JsonObject withFirstAccount(int port) {
    return Node.settings(installation.database().uri())
        .mergeIn(new JsonObject().put("http", new JsonObject().put("port", port)), true);
  }

  private static Keyhook keyhook(String name, JsonObject options) {
    return new Keyhook(Configuration.of(options), Optional.empty(), name);
  }
}
