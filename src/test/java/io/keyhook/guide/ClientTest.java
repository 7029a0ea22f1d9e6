package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Statement;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client that the guide shows, in each language: with Keyhook, without it, and with what pretends to be Keyhook. */
class ClientTest extends ClientProgram {
  private static final int DAY = 24 * 60 * 60;
  private static final int MOST_LINES = 300;
  private static final String UNKNOWN = "{\"code\":\"LICENSE_NOT_FOUND\"}";
  private static final Pattern CRATE = Pattern.compile("^(\\w+) = .*\"(=[0-9.]+)\"");

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  private String run(ClientLanguage language, String... arguments) throws IOException, InterruptedException {
    return language.run(built, directory, arguments);
  }

  /**
   * @param seconds that the device's clock is ahead
   */
  private String validate(ClientLanguage language, String server, int seconds, String key, String fingerprint)
      throws IOException, InterruptedException {
    return run(language, "validate", server, "1", Integer.toString(seconds), key, fingerprint);
  }

  @ParameterizedTest
  @EnumSource
  void aLeaseIsGoodWithoutANetworkForItsDeviceAndItsTime(ClientLanguage language) throws Exception {
    prepare(language);
    License license = keyhook.license(2);
    String fingerprint = "Jürgen's \"Mac\" \\ 💻";
    assertThat(validate(language, nowhere(), 0, license.key(), fingerprint)).isEqualTo("false OFFLINE");
    assertThat(validate(language, server(), 0, license.key(), fingerprint)).isEqualTo("true -");
    String kept = Files.readString(lease());
    assertThat(validate(language, nowhere(), 0, license.key(), fingerprint)).isEqualTo("true OFFLINE");
    assertThat(validate(language, nowhere(), 0, license.key(), "another")).isEqualTo("false LEASE_INVALID");
    assertThat(validate(language, nowhere(), 0, keyhook.license(1).key(), fingerprint)).isEqualTo("false LEASE_INVALID");
    assertThat(validate(language, nowhere(), 8 * DAY, license.key(), fingerprint)).isEqualTo("false LEASE_EXPIRED");
    assertThat(validate(language, nowhere(), -DAY, license.key(), fingerprint)).isEqualTo("false CLOCK_SET_BACK");
    assertThat(validate(language, nowhere(), 3 * DAY, license.key(), fingerprint)).isEqualTo("true OFFLINE");
    assertThat(validate(language, nowhere(), 2 * DAY, license.key(), fingerprint)).as("after three days").isEqualTo("false CLOCK_SET_BACK");
    assertThat(validate(language, server(), 2 * DAY, license.key(), fingerprint)).as("with a network").isEqualTo("true -");
    Files.writeString(lease(), kept);
    assertThat(run(language, "heartbeat", server(), "1", "0", license.key(), fingerprint)).as("after a failure of the app's")
        .endsWith("true -");
  }

  private static String product(String name) {
    return keyhook.api().post("/api/products", new JsonObject().put("name", name)).expect(201).json().getString("id");
  }

  @ParameterizedTest
  @EnumSource
  void aLeaseOfAnotherProductIsNoLease(ClientLanguage language) throws Exception {
    prepare(language);
    String editor = product("Editor");
    String viewer = product("Viewer");
    License license = keyhook.license(new JsonObject().put("name", "L").put("productId", viewer));
    List<String> device = List.of("1", "0", license.key(), "one");
    assertThat(validate(language, server(), device, editor)).isEqualTo("false PRODUCT_MISMATCH");
    assertThat(validate(language, server(), device, viewer)).isEqualTo("true -");
    assertThat(validate(language, nowhere(), device, editor)).isEqualTo("false LEASE_INVALID");
    assertThat(validate(language, nowhere(), device, viewer)).isEqualTo("true OFFLINE");
    assertThat(run(language, "heartbeat", server(), "1", "0", license.key(), "one", editor)).endsWith("false PRODUCT_MISMATCH");
  }

  private String validate(ClientLanguage language, String server, List<String> device, String product)
      throws IOException, InterruptedException {
    return run(language, "validate", server, device.get(0), device.get(1), device.get(2), device.get(3), product);
  }

  @ParameterizedTest
  @EnumSource
  void anEditedFileIsNoLease(ClientLanguage language) throws Exception {
    prepare(language);
    License license = keyhook.license(1);
    assertThat(validate(language, server(), 0, license.key(), "one")).isEqualTo("true -");
    JsonObject kept = new JsonObject(Files.readString(lease()));
    String[] parts = kept.getString("statement").split("\\.");
    String later = Base64.getUrlEncoder().withoutPadding().encodeToString(Statement.of(kept.getString("statement")).claims()
        .put("exp", 9_999_999_999L).encode().getBytes(StandardCharsets.UTF_8));
    String unsigned = Base64.getUrlEncoder().withoutPadding().encodeToString(
        Statement.of(kept.getString("statement")).header().put("alg", "none").encode().getBytes(StandardCharsets.UTF_8));
    for (String edited : List.of(parts[0] + "." + later + "." + parts[2], unsigned + "." + later + ".", "a.b.c", "",
        parts[0] + "." + parts[1] + "." + parts[2].substring(4))) {
      Files.writeString(lease(), kept.copy().put("statement", edited).encode());
      assertThat(validate(language, nowhere(), 0, license.key(), "one")).as(edited).isEqualTo("false LEASE_INVALID");
    }
    for (String edited : List.of("", "{", "[]", "null-", "{\"seen\":1}")) {
      Files.writeString(lease(), edited);
      assertThat(validate(language, nowhere(), 0, license.key(), "one")).as(edited).isEqualTo("false LEASE_INVALID");
    }
    Files.writeString(lease(), kept.put("seen", 0).encode());
    assertThat(validate(language, nowhere(), -DAY, license.key(), "one")).as("signed: not before it was issued")
        .isEqualTo("false CLOCK_SET_BACK");
  }

  @ParameterizedTest
  @EnumSource
  void aSignedRefusalEndsALeaseAndDeactivatingDoes(ClientLanguage language) throws Exception {
    prepare(language);
    License license = keyhook.license(1);
    assertThat(validate(language, server(), 0, license.key(), "one")).isEqualTo("true -");
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(validate(language, server(), 0, license.key(), "one")).isEqualTo("false LICENSE_DISABLED");
    assertThat(lease()).doesNotExist();
    keyhook.api().post("/api/licenses/" + license.id() + "/enable").expect(200);
    assertThat(validate(language, server(), 0, license.key(), "one")).isEqualTo("true -");
    assertThat(validate(language, server(), 0, license.key(), "two")).isEqualTo("false MAX_ACTIVATIONS_REACHED");
    assertThat(run(language, "deactivate", nowhere(), "1", "0", license.key(), "one")).isEqualTo("false");
    assertThat(run(language, "deactivate", server(), "1", "0", license.key(), "one")).isEqualTo("true");
    assertThat(lease()).doesNotExist();
    assertThat(validate(language, server(), 0, license.key(), "two")).isEqualTo("true -");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PHP") // which does one thing at a time
  void aLeaseThatEndsDuringAValidationStaysEnded(ClientLanguage language) throws Exception {
    prepare(language);
    License license = keyhook.license(1);
    CountDownLatch validated = new CountDownLatch(1);
    CountDownLatch deactivated = new CountDownLatch(2);
    HttpServer server = instead(request -> {
      if (request.contains("nonce")) {
        Answer answer = real(request);
        validated.countDown();
        await(deactivated);
        return answer;
      }
      await(validated);
      deactivated.countDown();
      return new Answer(200, "{\"currentActivations\":0}");
    });
    try {
      assertThat(run(language, "overlap", uri(server), "1", "0", license.key(), "one")).isEqualTo("true -\nfalse OFFLINE");
      assertThat(lease()).doesNotExist();
    } finally {
      server.stop(0);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Answers in the place of Keyhook. */
  private static HttpServer instead(Function<String, Answer> answer) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", exchange -> {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Answer made = answer.apply(body);
      byte[] bytes = made.body.getBytes(StandardCharsets.UTF_8);
      if (made.status == 503) {
        exchange.getResponseHeaders().set("Retry-After", "1");
      }
      exchange.sendResponseHeaders(made.status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
    server.setExecutor(task -> new Thread(task).start());
    server.start();
    return server;
  }

  private record Answer(int status, String body) {}

  private static String uri(HttpServer server) {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private Answer real(String body) {
    try {
      HttpResponse<String> response = HttpClient.newHttpClient().send(HttpRequest.newBuilder(
          URI.create(server() + "/api/validate")).header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.body());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCrackedServerIsNotBelieved(ClientLanguage language) throws Exception {
    prepare(language);
    License license = keyhook.license(1);
    String recorded = real(new JsonObject().put("licenseKey", license.key()).put("fingerprint", "one")
        .put("nonce", "recorded-before").put("lease", true).encode()).body;
    List<Function<String, Answer>> cracked = List.of(
        request -> new Answer(200, "{\"valid\":true,\"license\":{\"name\":\"L\",\"expiresAt\":null},\"currentActivations\":1,"
            + "\"maxActivations\":1}"),
        request -> new Answer(200, recorded),
        request -> new Answer(404, "{\"valid\":false,\"error\":\"License not found\",\"code\":\"LICENSE_NOT_FOUND\"}"),
        request -> new Answer(200, "<html>Sign in to the hotel's network</html>"),
        request -> new Answer(200, "[]"),
        request -> new Answer(200, "{\"valid\":true,\"statement\":17}"),
        request -> new Answer(200, real(request).body.replaceAll("\\.[^.]*\"}$", ".AAAA\"}")));
    for (Function<String, Answer> answer : cracked) {
      HttpServer server = instead(answer);
      try {
        assertThat(validate(language, uri(server), 0, license.key(), "one")).isIn("false OFFLINE", "false LICENSE_NOT_FOUND");
      } finally {
        server.stop(0);
      }
    }
    assertThat(lease()).doesNotExist();
    assertThat(validate(language, server(), 0, "ABCD-1234-EFGH-5678", "one")).isEqualTo("false LICENSE_NOT_FOUND");
    assertThat(validate(language, server(), 0, license.key(), "one")).isEqualTo("true -");
    HttpServer server = instead(cracked.get(2));
    try {
      assertThat(validate(language, uri(server), 0, license.key(), "one")).as("not signed: it ends no lease").isEqualTo("true OFFLINE");
    } finally {
      server.stop(0);
    }
    Files.delete(lease());
    Files.writeString(directory.resolve("keys.json"), keySet(keyhook.account("enterprise").get("/api/account").json().getString("id")));
    assertThat(validate(language, server(), 0, license.key(), "one")).as("signed with another key").isEqualTo("false OFFLINE");
  }

  @ParameterizedTest
  @EnumSource
  void aBrokenResponseIsNoResponse(ClientLanguage language) throws Exception {
    prepare(language);
    License license = keyhook.license(1);
    assertThat(validate(language, server(), 0, license.key(), "one")).isEqualTo("true -");
    for (String response : List.of("no HTTP\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"valid\":",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{\"valid\":",
        "HTTP/1.1 503 Busy\r\nRetry-After: \u00b2\r\nContent-Length: 0\r\n\r\n", ok("{1:2}"), ok("[]"),
        ok("{\"statement\":" + "[".repeat(30_000)))) {
      try (RawReceiver broken = new RawReceiver(connection -> {
        connection.request();
        connection.write(response);
      })) {
        assertThat(validate(language, broken.url("127.0.0.1", ""), 0, license.key(), "one")).as(response).isEqualTo("true OFFLINE");
      }
    }
  }

  private String validate(ClientLanguage language, RawReceiver.Script script) throws IOException, InterruptedException {
    try (RawReceiver server = new RawReceiver(script)) {
      return validate(language, server.url("127.0.0.1", ""), 0, "KEY", "one");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aResponseOfMoreThan64KilobytesIsNoResponse(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, connection -> {
      connection.request();
      connection.write(ok(UNKNOWN + " ".repeat(30_000)));
    })).isEqualTo("false LICENSE_NOT_FOUND");
    assertThat(validate(language, connection -> {
      connection.request();
      connection.write(ok(UNKNOWN + " ".repeat(70_000)));
    })).isEqualTo("false OFFLINE");
  }

  /** The libraries of the other languages do that. */
  @Test
  void thePhpClientReadsAResponseToItsEndAndNotToThatOfTheConnection() throws Exception {
    prepare(ClientLanguage.PHP);
    for (String response : List.of(ok(UNKNOWN), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + Integer.toHexString(UNKNOWN.length()) + "\r\n" + UNKNOWN + "\r\n0\r\n\r\n")) {
      assertThat(validate(ClientLanguage.PHP, connection -> {
        connection.request();
        connection.write("HTTP/1.1 100 Continue\r\n\r\n" + response);
        connection.drip("x");
      })).isEqualTo("false LICENSE_NOT_FOUND");
    }
  }

  private static String ok(String body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }

  @ParameterizedTest
  @EnumSource
  void aBusyServerIsTriedAgainWhenItAsksFor(ClientLanguage language) throws Exception {
    prepare(language);
    License license = keyhook.license(1);
    AtomicInteger calls = new AtomicInteger();
    HttpServer server = instead(request -> calls.incrementAndGet() < 3 ? new Answer(503, "") : real(request));
    try {
      assertThat(run(language, "validate", uri(server), "3", "0", license.key(), "one")).isEqualTo("true -");
      assertThat(calls).hasValue(3);
    } finally {
      server.stop(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWebhookIsVerified(ClientLanguage language) throws Exception {
    prepare(language);
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    keyhook.api().validate(keyhook.license(new JsonObject().put("name", "Größe, \"日本\" & 🔑")).key(), "one").expect(200);
    Delivery delivery = receiver.take();
    keyhook.deleteWebhooks();
    String body = new String(delivery.body(), StandardCharsets.UTF_8);
    String timestamp = delivery.header("webhook-timestamp");
    String signature = delivery.header("webhook-signature");
    assertThat(run(language, "webhook", body, delivery.id(), timestamp, "v1,AAAA " + signature, webhook.secret())).isEqualTo("true");
    assertThat(run(language, "webhook", body + " ", delivery.id(), timestamp, signature, webhook.secret())).isEqualTo("false");
    String old = Long.toString(Long.parseLong(timestamp) - Duration.ofMinutes(10).toSeconds());
    assertThat(run(language, "webhook", body, delivery.id(), old, delivery.standardSignature(webhook.secret(), old),
        webhook.secret())).isEqualTo("false");
  }

  /** The libraries of Python and .NET have no Ed25519, so these clients contain it. */
  @ParameterizedTest
  @EnumSource(names = {"PYTHON", "CSHARP"})
  void ed25519IsThatOfTheStandard(ClientLanguage language) throws Exception {
    prepare(language);
    List<Ed25519Case> cases = Ed25519Case.all();
    String found = run(language, Stream.concat(Stream.of("ed25519"),
        cases.stream().flatMap(each -> Stream.of(each.key(), each.message(), each.signature()))).toArray(String[]::new));
    assertThat(found.lines().toList()).hasSameSizeAs(cases);
    Iterator<String> judged = found.lines().iterator();
    assertThat(cases).allSatisfy(each -> assertThat(judged.next()).as(each.name()).isEqualTo(Boolean.toString(each.isGenuine())));
  }

  @Test
  void theGuideNamesTheCratesThatAreTested() throws IOException {
    String page = Guide.page("offline").html().text();
    List<String> crates = Files.readAllLines(ClientLanguage.DRIVERS.resolve("rust/Cargo.toml")).stream().map(CRATE::matcher)
        .filter(Matcher::find).map(crate -> crate.group(1) + "@" + crate.group(2)).toList();
    assertThat(crates).hasSize(4).allSatisfy(crate -> assertThat(page).contains("cargo add", crate));
  }

  @Test
  void eachIsOneFileOfLessThan300Lines() {
    for (ClientLanguage language : ClientLanguage.values()) {
      assertThat(language.code().text().lines().count()).as(language.name()).isLessThan(MOST_LINES);
    }
  }
}
