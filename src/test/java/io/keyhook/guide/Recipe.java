package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Packages;
import io.keyhook.testing.Program;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Runs a program of the page of recipes as it stands there, between Keyhook and what it passes events on to. */
abstract class Recipe {
  abstract Installation installation();

  @TempDir
  Path directory;

  String webhookId;
  private URI endpoint;

  @AfterEach
  void forget() {
    installation().deleteWebhooks();
  }

  /** Starts a recipe and registers it. */
  final Program serve(String file, Map<String, String> environment, String... command) throws IOException {
    return serve(file, List.of("license.activated", "license.disabled"), environment, command);
  }

  final Program serve(String file, List<String> events, Map<String, String> environment, String... command)
      throws IOException {
    Tool.require(command[0]);
    Guide.page("recipes").file(file).writeTo(directory);
    int port = Program.freePort();
    endpoint = URI.create("http://127.0.0.1:" + port + "/");
    JsonObject webhook = installation().api().post("/api/webhooks", new JsonObject().put("url", endpoint.toString())
        .put("events", new JsonArray(events))).expect(201).json();
    webhookId = webhook.getString("id");
    Map<String, String> all = new HashMap<>(environment);
    all.put("WEBHOOK_SECRET", webhook.getString("secret"));
    all.put("PORT", Integer.toString(port));
    all.put("TMPDIR", directory.toString());
    return Program.serve(directory, all, port,
        List.of(command).stream().map(word -> word.replace("PORT", Integer.toString(port))).toList());
  }

  final void test(String event) {
    assertThat(installation().api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhookId).put("event", event))
        .expect(200).json().getBoolean("success")).as(event).isTrue();
  }

  final String deliveryOf(String event) {
    installation().awaitEmptyQueue();
    return installation().api().get("/api/webhooks/" + webhookId + "/deliveries?event=" + event).expect(200).data().get(0)
        .getString("id");
  }

  final void redeliver(String deliveryId) {
    installation().api().post("/api/deliveries/" + deliveryId + "/redeliver").expect(202);
    installation().awaitEmptyQueue();
    assertThat(installation().logged(deliveryId).getString("status")).isEqualTo("delivered");
  }

  final void assertForgedIsRefused() throws IOException, InterruptedException {
    String body = "{\"event\":\"webhook.test\",\"deliveryId\":\"delivery_test_1\",\"data\":{}}";
    HttpRequest forged = HttpRequest.newBuilder(endpoint).POST(BodyPublishers.ofString(body))
        .header("webhook-id", "delivery_test_1").header("webhook-timestamp", Long.toString(System.currentTimeMillis() / 1000))
        .header("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").build();
    assertThat(HttpClient.newHttpClient().send(forged, BodyHandlers.discarding()).statusCode()).isEqualTo(401);
  }

  /** Each event once, a name as it is, a refusal made good by a retry, a redelivery ignored. */
  final void assertChat(Sink chat, String field, String shownName) throws Exception {
    test("webhook.test");
    assertThat(chat.take().getString(field)).contains("can reach");
    for (String event : List.of("license.activated", "license.validated", "license.expired", "license.disabled")) {
      test(event);
      assertThat(chat.take().getString(field)).contains("Sample License");
    }
    chat.refuseNext(500);
    License license = installation().license(new JsonObject().put("name", "Größe <1> & *2*"));
    installation().api().validate(license.key(), "device-1").expect(200);
    assertThat(chat.take().getString(field)).contains(shownName).contains("device-1");
    String delivery = deliveryOf("license.activated");
    assertThat(installation().logged(delivery).getJsonArray("attempts")).hasSize(2);
    redeliver(delivery);
    assertForgedIsRefused();
    assertThat(chat.isEmpty()).isTrue();
  }

  /** Variables of a program in Node.js that uses packages. */
  static Map<String, String> withPackages(String... variables) {
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < variables.length; i += 2) {
      all.put(variables[i], variables[i + 1]);
    }
    all.put("NODE_PATH", Packages.node(Recipe.class, "/io/keyhook/guide/npm/").resolve("node_modules").toString());
    return all;
  }

  /** Of the database of Keyhook, in another schema. */
  final String databaseUri() {
    return installation().database().uri() + "?options=-c%20search_path%3Dpublic";
  }
}
