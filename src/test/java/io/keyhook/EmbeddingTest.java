package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Licenses;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.junit5.Checkpoint;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import io.vertx.pgclient.PgBuilder;
import io.vertx.sqlclient.Pool;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Keyhook in an application's own Vert.x, which is injected here: the example to start from. */
@ExtendWith(VertxExtension.class)
class EmbeddingTest {
  @RegisterExtension
  static final Installation postgres = Installation.withoutNode();

  private static JsonObject settings() {
    return new JsonObject()
        .put("http", new JsonObject().put("enabled", false)) // the application has a server of its own
        .put("secrets", new JsonObject().put("masterKey", Node.MASTER_KEY)) // openssl rand -base64 32
        .put("auth", new JsonObject().put("jwt", new JsonObject().put("secret", Node.JWT_SECRET)));
  }

  private static Keyhook onDatabase() {
    return builder().build();
  }

  private static KeyhookBuilder builder() {
    return Keyhook.builder().configuration(
        settings().put("database", new JsonObject().put("uri", postgres.database().uri().toString())));
  }

  @Test
  void anApplicationMakesAndValidatesLicensesAndHearsOfEvents(Vertx vertx, VertxTestContext test) {
    Checkpoint validated = test.checkpoint();
    Checkpoint activatedEvent = test.checkpoint();
    Checkpoint validatedEvent = test.checkpoint();

    Keyhook keyhook = onDatabase();
    vertx.deployVerticle(keyhook).compose(deployment -> {
      KeyhookClient client = keyhook.client();
      client.subscribe(event -> {
        switch (event.type()) {
          case "license.activated" -> activatedEvent.flag();
          case "license.validated" -> validatedEvent.flag();
          default -> test.failNow(event.type());
        }
      });
      return client
          .createAccount(new Accounts.Create(
              Actor.named("shop"), "Shop", "shop@example.com", "a good password", "professional"))
          .map(account -> Caller.application(account.id(), "shop"))
          .compose(shop -> client.createLicense(
              Licenses.Create.of(shop, "Editor").withMaxActivations(3).withCustomer("Ada", "ada@example.com")))
          .compose(license -> client.validate(
              Licenses.Validate.of(license.key(), "device-1").withDevice("Ada's laptop", "laptop")));
    }).onComplete(test.succeeding(validation -> test.verify(() -> {
      assertThat(((Licenses.Validation.Valid) validation).currentActivations()).isEqualTo(1);
      validated.flag();
    })));
  }

  @Test
  void aSubscriptionToAllTypesHearsThemWithTheirNumbers(Vertx vertx, VertxTestContext test) {
    Keyhook keyhook = onDatabase();
    Set<String> awaited = new HashSet<>(Set.of("license.created 1", "license.activated 2", "license.validated 2"));
    vertx.deployVerticle(keyhook).compose(deployment -> {
      KeyhookClient client = keyhook.client();
      client.subscribe(List.of("license.*"), event -> {
        String heard = event.type() + " " + event.data().getLong("sequence");
        test.verify(() -> assertThat(awaited.remove(heard)).as(heard).isTrue());
        if (awaited.isEmpty()) {
          test.completeNow();
        }
      });
      return client.createAccount(new Accounts.Create(
              Actor.named("mirror"), "Mirror", "mirror@example.com", "a good password", "professional"))
          .map(account -> Caller.application(account.id(), "mirror"))
          .compose(mirror -> client.createLicense(Licenses.Create.of(mirror, "Editor").withMaxActivations(3)))
          .compose(license -> client.validate(Licenses.Validate.of(license.key(), "device-1")));
    }).onFailure(test::failNow);
  }

  @Test
  void aSubscriptionThatIsClosedHearsNothingMore(Vertx vertx, VertxTestContext test) {
    Keyhook keyhook = onDatabase();
    vertx.deployVerticle(keyhook)
        .compose(deployment -> keyhook.client().subscribe(event -> test.failNow(event.type())).close()
            .compose(closed -> keyhook.client().createAccount(new Accounts.Create(
                Actor.named("quiet"), "Quiet", "quiet@example.com", "a good password", "professional")))
            .map(account -> Caller.application(account.id(), "quiet"))
            .compose(quiet -> keyhook.client().createLicense(
                Licenses.Create.of(quiet, "Editor").withMaxActivations(3)))
            .compose(license -> keyhook.client().validate(
                Licenses.Validate.of(license.key(), "device-1")))
            .compose(validation -> vertx.undeploy(deployment)))
        .onComplete(test.succeedingThenComplete());
  }

  @Test
  void itRunsOnAPoolOfTheApplicationsWhichStaysOpen(Vertx vertx) {
    URI database = postgres.database().uri();
    Keyhook.migrate(database); // the pool's database, before the first deployment
    Pool pool = PgBuilder.pool().connectingTo(Keyhook.connectOptions(database)).using(vertx).build();
    Keyhook keyhook = Keyhook.builder().configuration(settings()).pool(pool).name("licensing").build();

    String deployment = Waiting.on(vertx.deployVerticle(keyhook));
    Licenses.Validation refused = Waiting.on(keyhook.client().validate(
        Licenses.Validate.of("ABCD-1234-EFGH-5678", "device-1")));
    assertThat(refused).isEqualTo(Licenses.Validation.Refused.LICENSE_NOT_FOUND);

    Waiting.on(vertx.undeploy(deployment));
    assertThat(Waiting.on(pool.query("SELECT 1").execute()).size()).isEqualTo(1);
    Waiting.on(pool.close());
  }

  @Test
  void itsRouterIsMountedUnderAPathOfTheApplications(Vertx vertx) throws IOException {
    Keyhook keyhook = onDatabase();
    Waiting.on(vertx.deployVerticle(keyhook));

    Router router = Router.router(vertx);
    router.route("/licensing/*").subRouter(keyhook.router());
    router.get("/hello").handler(context -> context.end("the application's own"));
    HttpServer server = Waiting.on(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));

    Api api = Api.of(URI.create("http://127.0.0.1:" + server.actualPort() + "/licensing"));
    api.validate("ABCD-1234-EFGH-5678", "device-1").expect(404, "LICENSE_NOT_FOUND");
    api.get("/health/ready").expect(200);
    api.get("/api/licenses").expect(401, "UNAUTHORIZED");
    api.get("/nothing").expect(404, "NOT_FOUND");
    api.delete("/api/licenses").expect(405, "METHOD_NOT_ALLOWED");
    api.post("/api/licenses", "x".repeat(1024 * 1024 + 1)).expect(413, "PAYLOAD_TOO_LARGE");
    assertThat(get(server, "/licensing")).as("the dashboard, past a redirect").contains("<title>Keyhook</title>");
    assertThat(get(server, "/hello")).isEqualTo("the application's own");
  }

  private static String get(HttpServer server, String path) throws IOException {
    try (InputStream body = URI.create("http://127.0.0.1:" + server.actualPort() + path).toURL().openStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void refusalsAreTyped(Vertx vertx, VertxTestContext test) {
    Keyhook keyhook = onDatabase();
    Caller nobody = Caller.application("acct_" + "0".repeat(26), "test");
    vertx.deployVerticle(keyhook)
        .compose(deployment -> keyhook.client().getLicense(new Licenses.Get(nobody, "lic_" + "0".repeat(26))))
        .onComplete(test.failing(e -> test.verify(() -> {
          assertThat(e).isInstanceOfSatisfying(
              FailureException.class, refused -> assertThat(refused.failure().code()).isEqualTo("NOT_FOUND"));
          test.completeNow();
        })));
    assertThatThrownBy(() -> Licenses.Validate.of(null, "device"))
        .isInstanceOfSatisfying(FailureException.class, e -> assertThat(e.failure().code()).isEqualTo("INVALID_REQUEST"));
  }

  @Test
  void undeployingLeavesNothingBehindAndItCanBeDeployedAgain(Vertx vertx) {
    Waiting.on(vertx.undeploy(Waiting.on(vertx.deployVerticle(onDatabase()))));
    Set<String> threads = threads();
    for (int i = 0; i < 2; i++) {
      Keyhook keyhook = onDatabase();
      String deployment = Waiting.on(vertx.deployVerticle(keyhook));
      Waiting.on(keyhook.client().validate(Licenses.Validate.of("ABCD-1234-EFGH-5678", "device")));
      assertThat(postgres.database().connections()).isPositive();
      Waiting.on(vertx.undeploy(deployment));
      await("no connection is left").atMost(Waiting.LONG).until(() -> postgres.database().connections() == 0);
      assertThat(vertx.deploymentIDs()).isEmpty();
    }
    assertThat(threads()).isSubsetOf(threads);
  }

  /** By name, without numbers; but for those of pools that are the application's and grow by use, and the test's own. */
  private static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(thread -> thread.getName().replaceAll("[0-9]+", ""))
        .filter(name -> !name.matches("(vert.x-|HttpClient-|ForkJoinPool|awaitility|PostgreSQL-JDBC).*"))
        .collect(Collectors.toSet());
  }

  @Test
  void twoUnderDifferentNamesRunInOneVertx(Vertx vertx) {
    Keyhook one = onDatabase();
    Keyhook two = builder().name("second").build();
    Waiting.on(vertx.deployVerticle(one));
    assertThatThrownBy(() -> Waiting.on(vertx.deployVerticle(onDatabase())))
        .isInstanceOf(IllegalStateException.class);
    String second = Waiting.on(vertx.deployVerticle(two));
    Waiting.on(two.client().validate(Licenses.Validate.of("ABCD-1234-EFGH-5678", "device")));
    Waiting.on(vertx.undeploy(second));
    Waiting.on(one.client().validate(Licenses.Validate.of("ABCD-1234-EFGH-5678", "device")));
  }
}
