package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Shares;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One setting bounds all connections of a node, and it works with the fewest. */
class MaxConnectionsTest {
  private static final int CALLERS = 32;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("database",
      new JsonObject().put("maxConnections", Shares.MIN).put("poolSize", 200)));

  @Test
  void aNodeUnderLoadOpensNoMoreThanConfigured() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated", "license.activated");
    License license = keyhook.license(2 * CALLERS);
    Api api = keyhook.api();
    CompletableFuture<?>[] callers = IntStream.range(0, CALLERS).mapToObj(i -> CompletableFuture.runAsync(() -> {
      api.validate(license.key(), "device-" + i).expect(200);
      api.validate(license.key(), "device-" + i).expect(200);
      api.get("/api/licenses?search=license").expect(200);
      api.get("/api/deliveries").expect(200);
    })).toArray(CompletableFuture[]::new);
    long most = 0;
    while (!CompletableFuture.allOf(callers).isDone()) {
      most = Math.max(most, keyhook.database().connections());
    }
    CompletableFuture.allOf(callers).join();
    keyhook.awaitEmptyQueue();
    assertThat(Math.max(most, keyhook.database().connections())).isBetween(5L, (long) Shares.MIN);
  }
}
