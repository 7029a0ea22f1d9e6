package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** An endpoint with a certificate of a private authority gets deliveries from a node that trusts the authority. */
@OnlyOnPostgresql
class TrustStoreTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  static Path directory;

  private static final Vertx vertx = Vertx.vertx();
  private static TlsFiles tls;
  private static HttpServer endpoint;

  @BeforeAll
  static void start() throws Exception {
    tls = TlsFiles.in(directory, "localhost");
    endpoint = Waiting.on(vertx.createHttpServer(new HttpServerOptions().setSsl(true).setKeyCertOptions(new PemKeyCertOptions()
            .addCertPath(tls.file("localhost.crt").toString()).addKeyPath(tls.file("localhost.key").toString())))
        .requestHandler(request -> request.response().end()).listen(0, "127.0.0.1"));
  }

  @AfterAll
  static void stop() {
    Waiting.on(vertx.close());
  }

  /** Of a test event to the endpoint. */
  private static JsonObject test(Node node) {
    String webhook = node.api().post("/api/webhooks", new JsonObject().put("url", "https://localhost:" + endpoint.actualPort())
        .put("events", new JsonArray().add("license.validated"))).expect(201).json().getString("id");
    return node.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200).json();
  }

  private static Node trusting(String authority) {
    return keyhook.start(new JsonObject().put("delivery", new JsonObject().put("trustStore", tls.file(authority).toString())));
  }

  @Test
  void onlyANodeThatTrustsTheAuthoritySends() {
    Node trusting = trusting("authority.crt");
    assertThat(test(trusting).getInteger("statusCode")).isEqualTo(200);
    trusting.stop();
    for (Node other : new Node[] {keyhook.start(), trusting("stranger.crt")}) {
      JsonObject refused = test(other);
      assertThat(refused.getString("error")).isEqualTo("tls_failure");
      assertThat(refused.getInteger("statusCode")).isNull();
      other.stop();
    }
  }
}
