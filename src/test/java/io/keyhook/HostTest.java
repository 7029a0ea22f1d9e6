package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Events;
import io.keyhook.bus.Licenses;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.junit5.VertxExtension;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hosts that deploy Keyhook twice, call it too early or too late, or want a part of it. */
@ExtendWith(VertxExtension.class)
class HostTest {
  @RegisterExtension
  static final Installation postgres = Installation.withoutNode();

  private static KeyhookBuilder builder() {
    return Keyhook.builder().configuration(new JsonObject()
        .put("http", new JsonObject().put("enabled", false))
        .put("database", new JsonObject().put("uri", postgres.database().uri().toString()))
        .put("secrets", new JsonObject().put("masterKey", Node.MASTER_KEY))
        .put("auth", new JsonObject().put("jwt", new JsonObject().put("secret", Node.JWT_SECRET))));
  }

  private static Keyhook deployed(Vertx vertx, KeyhookBuilder builder) {
    Keyhook keyhook = builder.build();
    Waiting.on(vertx.deployVerticle(keyhook));
    return keyhook;
  }

  private static Api serve(Vertx vertx, Router router) {
    HttpServer server = Waiting.on(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
    return api("http://127.0.0.1:" + server.actualPort());
  }

  /** Not as the document has it: parts are missing. */
  private static Api api(String base) {
    return Api.of(URI.create(base)).unchecked();
  }

  private static void validates(Keyhook keyhook) {
    assertThat(Waiting.on(keyhook.client().validate(Licenses.Validate.of("ABCD-1234-EFGH-5678", "device"))))
        .isEqualTo(Licenses.Validation.Refused.LICENSE_NOT_FOUND);
  }

  @Test
  void twoInstancesOfOneDeploymentAreRefusedAndLeaveNothingBehind(Vertx vertx) {
    assertThatThrownBy(() -> Waiting.on(vertx.deployVerticle(() -> builder().build(),
        new DeploymentOptions().setInstances(2))))
        .isInstanceOf(IllegalStateException.class).hasMessageContaining("already runs in this Vert.x");
    assertThat(vertx.deploymentIDs()).isEmpty();
    await("no connection is left").atMost(Waiting.LONG).until(() -> postgres.database().connections() == 0);
    validates(deployed(vertx, builder()));
  }

  @Test
  void aSecondOfTheSameNameIsRefusedAndTheFirstGoesOn(Vertx vertx) {
    Keyhook first = deployed(vertx, builder());
    Set<String> deployments = vertx.deploymentIDs();
    assertThatThrownBy(() -> Waiting.on(vertx.deployVerticle(builder().build())))
        .isInstanceOf(IllegalStateException.class).hasMessageContaining("\"keyhook\"").hasMessageContaining("name");
    assertThat(vertx.deploymentIDs()).isEqualTo(deployments);
    validates(first);
  }

  @Test
  void beforeItIsDeployedItSaysSo() {
    Keyhook keyhook = builder().build();
    assertThatThrownBy(keyhook::client).isInstanceOf(IllegalStateException.class).hasMessageContaining("not deployed");
    assertThatThrownBy(keyhook::router).isInstanceOf(IllegalStateException.class).hasMessageContaining("not deployed");
  }

  @Test
  void aRouterThatIsStillMountedAnswers503AfterUndeploying(Vertx vertx) {
    Keyhook keyhook = builder().build();
    String deployment = Waiting.on(vertx.deployVerticle(keyhook));
    Router router = Router.router(vertx);
    router.route("/licensing/*").subRouter(keyhook.router());
    Api api = api(serve(vertx, router).base() + "/licensing");
    api.get("/health/ready").expect(200);
    Waiting.on(vertx.undeploy(deployment));
    for (String path : List.of("/", "/docs/", "/health/live", "/metrics", "/api/licenses", "/openapi.json", "/nothing")) {
      assertThat(api.get(path).expect(503, "UNAVAILABLE").header("Retry-After")).as(path).isNotNull();
    }
    api.validate("ABCD-1234-EFGH-5678", "device").expect(503, "UNAVAILABLE");
  }

  @Test
  void theSameKeyhookServesAgainAfterItIsDeployedAgain(Vertx vertx) {
    Keyhook keyhook = builder().build();
    List<Api> before = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      String deployment = Waiting.on(vertx.deployVerticle(keyhook));
      Api api = serve(vertx, keyhook.router());
      api.get("/health/ready").expect(200);
      validates(keyhook);
      before.forEach(old -> old.get("/health/live").expect(503, "UNAVAILABLE"));
      Waiting.on(vertx.undeploy(deployment));
      api.get("/health/live").expect(503, "UNAVAILABLE");
      before.add(api);
    }
    assertThat(vertx.deploymentIDs()).isEmpty();
    await("no connection is left").atMost(Waiting.LONG).until(() -> postgres.database().connections() == 0);
  }

  @Test
  void aHostMountsThePartsThatItWants(Vertx vertx) {
    Keyhook keyhook = deployed(vertx, builder());
    assertServed(serve(vertx, keyhook.router()), "/api/plans", "/openapi.json", "/", "/docs/", "/health/ready", "/metrics");
    assertServed(serve(vertx, keyhook.router(EnumSet.of(RouterPart.API))), "/api/plans", "/openapi.json");
    assertServed(serve(vertx, keyhook.router(EnumSet.of(RouterPart.PROBES))), "/health/ready");
    assertServed(serve(vertx, keyhook.router(EnumSet.of(RouterPart.METRICS))), "/metrics");
    assertServed(serve(vertx, keyhook.router(EnumSet.of(RouterPart.GUIDE))), "/docs/");
    assertServed(serve(vertx, keyhook.router(EnumSet.of(RouterPart.API, RouterPart.DASHBOARD))), "/api/plans",
        "/openapi.json", "/");
  }

  private static void assertServed(Api api, String... paths) {
    Set<String> served = Set.of(paths);
    for (String path : List.of("/api/plans", "/openapi.json", "/", "/docs/", "/health/ready", "/metrics")) {
      assertThat(api.get(path).status()).as(path).isEqualTo(served.contains(path) ? 200 : 404);
    }
  }

  @Test
  void metricsGoToTheHostsRegistryUntilItIsUndeployed(Vertx vertx) {
    MeterRegistry registry = new SimpleMeterRegistry();
    registry.counter("shop.orders").increment();
    Keyhook one = builder().meterRegistry(registry).build();
    String first = Waiting.on(vertx.deployVerticle(one));
    String second = Waiting.on(vertx.deployVerticle(builder().meterRegistry(registry).name("second").build()));
    assertThat(registry.find("keyhook.deliveries.held").gauges()).hasSize(2);
    assertThat(registry.find("keyhook.deliveries.held").tag("keyhook", "second").gauges()).hasSize(1);
    assertThat(serve(vertx, one.router()).get("/metrics").status()).as("the host's").isEqualTo(404);
    Waiting.on(vertx.undeploy(first));
    assertThat(registry.find("keyhook.deliveries.held").gauges()).hasSize(1);
    Waiting.on(vertx.undeploy(second));
    assertThat(registry.getMeters()).extracting(Meter::getId).extracting(Meter.Id::getName).containsExactly("shop.orders");
    assertThat(registry.isClosed()).isFalse();
  }

  @Test
  void severalKeyhooksShareAPrometheusRegistry(Vertx vertx) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    deployed(vertx, builder().meterRegistry(registry));
    deployed(vertx, builder().meterRegistry(registry).name("second"));
    assertThat(registry.scrape()).contains("keyhook_deliveries_held{keyhook=\"keyhook\"}",
        "keyhook_deliveries_held{keyhook=\"second\"}");
  }

  @Test
  void anEventHasAnIdAndATime(Vertx vertx) throws InterruptedException {
    Keyhook keyhook = deployed(vertx, builder());
    BlockingQueue<Events.Event> events = new LinkedBlockingQueue<>();
    keyhook.client().subscribeToAllNodes(events::add);
    Instant before = Instant.now().minusMillis(1);
    activate(keyhook.client(), "events@example.com");
    Events.Event activated = Waiting.next(events, "license.activated");
    Events.Event validated = Waiting.next(events, "license.validated");
    assertThat(activated.type()).isEqualTo("license.activated");
    assertThat(activated.id()).startsWith("event_").isNotEqualTo(validated.id());
    assertThat(activated.timestamp()).isBetween(before, Instant.now().plus(Duration.ofMillis(1)));
  }

  /** Activates a license of a new account, and returns the account's id. */
  static String activate(KeyhookClient client, String email) {
    String account = Waiting.on(client.createAccount(
        new Accounts.Create(Actor.named("shop"), "Shop", email, "a good password", "professional"))).id();
    Waiting.on(client.createLicense(Licenses.Create.of(Caller.application(account, "shop"), "Editor"))
        .compose(license -> client.validate(Licenses.Validate.of(license.key(), "device"))));
    return account;
  }
}
