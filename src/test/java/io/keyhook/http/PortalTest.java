package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a customer in a portal can do, and that it is nothing else. */
@ExtendWith(BlockedThreads.class)
class PortalTest {
  private static final UUID NEVER = new UUID(System.currentTimeMillis() << 16 | 0x7abc, 0x8123456789abcdefL);
  private static final String ADA = "ada@example.com";
  private static final String BOB = "bob@example.com";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Api managing;
  private static Api seeing;
  private Receiver receiver;

  @BeforeAll
  static void openPortals() {
    managing = portal(link("acme", ADA));
    seeing = portal(link("acme", ADA).put("canManage", false));
  }

  @BeforeEach
  void begin() {
    keyhook.deleteWebhooks();
    receiver = keyhook.receiver();
  }

  private static JsonObject emails(String... emails) {
    return new JsonObject().put("customerEmails", new JsonArray(List.of(emails)));
  }

  private static JsonObject link(String customer, String... emails) {
    return new JsonObject().put("customer", customer).put("customerFilters", emails(emails));
  }

  private static Exchange create(Api seller, JsonObject link) {
    return seller.post("/api/portal-links", link);
  }

  private static Exchange open(String token) {
    return keyhook.api().anonymous().post("/api/portal/session", new JsonObject().put("token", token));
  }

  private static Api portal(Api seller, JsonObject link) {
    String token = create(seller, link).expect(201).json().getString("token");
    return keyhook.api().anonymous().bearer(open(token).expect(200).json().getString("token"));
  }

  private static Api portal(JsonObject link) {
    return portal(keyhook.api(), link);
  }

  private JsonObject webhook(String... events) {
    return new JsonObject().put("url", receiver.url()).put("events", new JsonArray(List.of(events)));
  }

  private JsonObject createWebhook(Api api, JsonObject webhook) {
    JsonObject made = api.post("/api/webhooks", webhook).expect(201).json();
    receiver.trust(made.getString("secret"));
    return made;
  }

  private static License license(String email) {
    return keyhook.license(new JsonObject().put("name", "License of " + email).put("maxActivations", 2).put("customerEmail", email));
  }

  static Stream<Operation> operations() {
    return Document.operations().stream().filter(operation -> operation.path().startsWith("/api/") && !operation.isPublic());
  }

  /** About things that do not exist, or with a field that is unknown: a permitted call is refused for that. */
  private static Exchange call(Api api, Operation operation) {
    boolean body = operation.readsBody() || operation.readsCsv();
    String method = operation.isStream() ? "HEAD" : operation.method();
    String path = operation.path().replaceAll("\\{\\w+}", Id.WEBHOOK.of(NEVER));
    return Api.join((body ? api.header("Content-Type", "application/json") : api).send(method, path, body ? "{\"unknown\":1}" : null));
  }

  @ParameterizedTest
  @MethodSource("operations")
  void aPortalHasTheCallsThatTheDocumentNamesAndNoOthers(Operation operation) {
    String inPortal = operation.node().path("x-portal").asText("no");
    Exchange managed = call(managing, operation);
    Exchange seen = call(seeing, operation);
    if (operation.isOperators()) {
      managed.expect(401);
    } else if (inPortal.equals("no")) {
      assertThat(managed.expect(403).body().contains("NOT_IN_PORTAL") || operation.isStream()).as("%s", operation).isTrue();
      seen.expect(403);
    } else {
      assertThat(managed.status()).as("%s: %s", operation, managed.body()).isIn(200, 400, 404);
      if (inPortal.equals("see")) {
        assertThat(seen.status()).as("%s: %s", operation, seen.body()).isIn(200, 404);
      } else {
        seen.expect(403, "PORTAL_READ_ONLY");
      }
    }
  }

  @Test
  void theCallsOfAPortalAreTheseAndAreNotGainedByAccident() {
    assertThat(operations().filter(operation -> operation.node().has("x-portal")).map(Operation::toString))
        .containsExactlyInAnyOrder("GET /api/webhooks", "POST /api/webhooks", "GET /api/webhooks/{id}", "PATCH /api/webhooks/{id}",
            "DELETE /api/webhooks/{id}", "GET /api/webhooks/{id}/health", "GET /api/webhooks/{id}/deliveries",
            "POST /api/webhooks/{id}/pause", "POST /api/webhooks/{id}/resume", "POST /api/webhooks/{id}/rotate-secret",
            "POST /api/webhooks/test", "POST /api/webhooks/preview", "GET /api/deliveries/{id}", "POST /api/deliveries/{id}/redeliver",
            "POST /api/deliveries/redeliver");
  }

  @Test
  void aLinkOpensOnceAndTheSessionResumesByItsCookie() {
    JsonObject made = create(keyhook.api(), link("acme", ADA).put("expiresInSeconds", 600)).expect(201).json();
    String token = made.getString("token");
    assertThat(made.getString("path")).isEqualTo("/portal#" + token);
    assertThat(made.getValue("url")).as("the address of the dashboard is not configured").isNull();
    Api anonymous = keyhook.api().anonymous();
    anonymous.bearer(token).get("/api/webhooks").expect(401);
    anonymous.bearer("khp_" + token).get("/api/webhooks").expect(401);
    List<Exchange> opened = Stream.generate(() -> anonymous.postAsync("/api/portal/session", new JsonObject().put("token", token)))
        .limit(4).toList().stream().map(Api::join).toList();
    assertThat(opened.stream().map(Exchange::status)).containsOnlyOnce(200).containsOnly(200, 404);
    Exchange first = opened.stream().filter(exchange -> exchange.status() == 200).findAny().orElseThrow();
    assertThat(first.json().getMap()).containsEntry("customer", "acme").containsEntry("canManage", true).containsEntry("maxWebhooks", 5)
        .containsEntry("expiresAt", made.getString("expiresAt"));
    String cookie = first.header("Set-Cookie");
    assertThat(cookie).startsWith("keyhook_portal=").contains("; Path=/api/portal; ", "HTTPOnly", "SameSite=Strict");
    anonymous.bearer("khp_" + token).get("/api/webhooks").expect(401);
    String session = first.json().getString("token");
    anonymous.bearer(session).get("/api/webhooks").expect(200);
    Api page = anonymous.header("Cookie", cookie.substring(0, cookie.indexOf(';')));
    page.post("/api/portal/refresh").expect(403, "CROSS_SITE");
    assertThat(page.header("X-Keyhook-Session", "1").post("/api/portal/refresh").expect(200).json()).isEqualTo(first.json());
    page.header("X-Keyhook-Session", "1").header("Sec-Fetch-Site", "cross-site").post("/api/portal/refresh").expect(403, "CROSS_SITE");
    anonymous.header("X-Keyhook-Session", "1").post("/api/portal/refresh").expect(401, "SESSION_ENDED");
    anonymous.header("X-Keyhook-Session", "1").post("/api/portal/logout").expect(204);
    assertThat(keyhook.database().value("SELECT string_agg(to_jsonb(l)::text, '') FROM keyhook.portal_link l")).doesNotContain(token, session);
    JsonObject listed = keyhook.api().get("/api/portal-links").expect(200).data().get(0);
    assertThat(listed.getString("id")).isEqualTo(made.getString("id"));
    assertThat(listed.getInstant("openedAt")).isNotNull();
    assertThat(listed.encode()).doesNotContain(token);

    page.post("/api/portal/logout").expect(403, "CROSS_SITE");
    Exchange ended = page.header("X-Keyhook-Session", "1").post("/api/portal/logout").expect(204);
    assertThat(ended.header("Set-Cookie")).startsWith("keyhook_portal=;").contains("Max-Age=0", "; Path=/api/portal; ");
    anonymous.bearer(session).get("/api/webhooks").expect(401);
    page.header("X-Keyhook-Session", "1").post("/api/portal/refresh").expect(401, "SESSION_ENDED");
    assertThat(keyhook.api().get("/api/audit?subjectId=" + made.getString("id")).expect(200).data()).extracting(entry -> entry.getString("action"))
        .containsExactly("portal_link.revoked", "portal_link.opened", "portal_link.created");
  }

  @Test
  void aSessionEndsWithItsLinkOnAllNodesAtOnce() {
    Node other = keyhook.start();
    try {
      Api seller = keyhook.account("professional");
      JsonObject made = create(seller, link("acme", ADA)).expect(201).json();
      JsonObject unopened = create(seller, link("acme", ADA)).expect(201).json();
      Api session = keyhook.api().anonymous().bearer(open(made.getString("token")).expect(200).json().getString("token"));
      session.at(other.uri()).get("/api/webhooks").expect(200);
      keyhook.api().delete("/api/portal-links/" + made.getString("id")).expect(404);
      seller.delete("/api/portal-links/" + made.getString("id")).expect(204);
      session.at(other.uri()).get("/api/webhooks").expect(401);
      session.get("/api/webhooks").expect(401);
      assertThat(seller.get("/api/audit?subjectId=" + made.getString("id")).expect(200).data()).extracting(entry -> entry.getString("action"))
          .containsExactly("portal_link.revoked", "portal_link.opened", "portal_link.created");
      seller.delete("/api/portal-links/" + unopened.getString("id")).expect(204);
      open(unopened.getString("token")).expect(404);
      assertThat(seller.get("/api/portal-links").expect(200).data()).isEmpty();
    } finally {
      other.stop();
    }
  }

  @Test
  void anExpiredLinkAndItsSessionAreRefusedAndDeleted() {
    Api seller = keyhook.account("professional");
    String unopened = create(seller, link("acme", ADA)).expect(201).json().getString("token");
    Api session = portal(seller, link("acme", ADA));
    keyhook.database().update("UPDATE keyhook.portal_link SET expires_at = now() WHERE account_id = ?",
        Id.ACCOUNT.parse(seller.get("/api/account").json().getString("id")));
    session.get("/api/webhooks").expect(401);
    open(unopened).expect(404);
    assertThat(seller.get("/api/portal-links").expect(200).data()).isEmpty();
  }

  @Test
  void aSessionEndsWithTheCreatorOfItsLinkAndIsRefusedWhileTheAccountIsSuspended() {
    Api seller = keyhook.account("professional");
    Api owner = keyhook.node().user();
    JsonObject key = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "Shop").put("scopes", new JsonArray().add("webhooks")))
        .expect(201).json();
    Api ofKey = portal(keyhook.api().anonymous().bearer(key.getString("key")), link("acme", ADA));
    ofKey.get("/api/webhooks").expect(200);
    keyhook.api().delete("/api/api-keys/" + key.getString("id")).expect(204);
    ofKey.get("/api/webhooks").expect(401);
    JsonObject credentials = new JsonObject().put("email", "seller@example.com").put("password", Node.PASSWORD);
    String id = owner.post("/api/users", credentials.copy().put("role", "member").put("currentPassword", Node.PASSWORD)).expect(201).json()
        .getString("id");
    Api member = keyhook.api().anonymous().bearer(keyhook.api().anonymous().post("/api/auth/login", credentials).expect(200).json()
        .getString("token"));
    Api demoted = portal(member, link("acme", ADA));
    keyhook.api().patch("/api/users/" + id, new JsonObject().put("role", "support")).expect(200);
    demoted.get("/api/webhooks").expect(401);
    member.post("/api/portal-links", link("acme", ADA)).expect(403, "ROLE_REQUIRED");
    Api session = portal(seller, link("acme", ADA));
    String unopened = create(seller, link("acme", ADA)).expect(201).json().getString("token");
    String account = seller.get("/api/account").json().getString("id");
    keyhook.node().operator().post("/api/admin/accounts/" + account + "/suspend").expect(200);
    session.get("/api/webhooks").expect(403, "ACCOUNT_SUSPENDED");
    open(unopened).expect(403, "ACCOUNT_SUSPENDED");
    keyhook.node().operator().post("/api/admin/accounts/" + account + "/resume").expect(200);
    session.get("/api/webhooks").expect(200);
  }

  @Test
  void aLinkDoesNotOutlastAKeyThatExpires() {
    Instant end = Instant.now().plus(Duration.ofMinutes(30));
    String key = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "k").put("scopes", new JsonArray().add("webhooks"))
        .put("expiresAt", end.toString())).expect(201).json().getString("key");
    assertThat(create(keyhook.api().anonymous().bearer(key), link("acme", ADA).put("expiresInSeconds", 604_800)).expect(201).json()
        .getInstant("expiresAt")).isBeforeOrEqualTo(end);
  }

  /** Each call with an id, for a webhook of the account itself and for one of another customer, is answered as for one that never was. */
  @Test
  void whatIsNotTheCustomersIsAsIfItHadNeverBeen() {
    License license = license(BOB);
    JsonObject sellers = createWebhook(keyhook.api(), webhook("license.*"));
    JsonObject bobs = createWebhook(portal(link("bob", BOB)), webhook("license.*"));
    keyhook.api().validate(license.key(), "device").expect(200);
    List<String> deliveries = receiver.take(4).stream().map(Delivery::id).toList();
    keyhook.awaitEmptyQueue();
    List<JsonObject> before = keyhook.api().get("/api/webhooks").expect(200).data();
    operations().filter(operation -> operation.node().has("x-portal") && operation.path().contains("{id}")).forEach(operation -> {
      boolean ofDelivery = operation.path().startsWith("/api/deliveries");
      String never = (ofDelivery ? Id.DELIVERY : Id.WEBHOOK).of(NEVER);
      for (String id : ofDelivery ? deliveries : List.of(sellers.getString("id"), bobs.getString("id"))) {
        Exchange foreign = send(operation, id);
        assertThat(foreign.expect(404).body()).as("%s", operation).isEqualTo(send(operation, never).expect(404).body());
      }
    });
    for (JsonObject webhook : List.of(sellers, bobs)) {
      managing.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id"))).expect(404);
    }
    JsonObject redelivering = managing.post("/api/deliveries/redeliver", new JsonObject().put("ids", new JsonArray(deliveries))).expect(202).json();
    assertThat(redelivering.getInteger("redelivering")).isZero();
    assertThat(keyhook.api().get("/api/webhooks").expect(200).data()).isEqualTo(before);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  private static Exchange send(Operation operation, String id) {
    boolean body = operation.readsBody();
    return Api.join((body ? managing.header("Content-Type", "application/json") : managing)
        .send(operation.method(), operation.path().replace("{id}", id), body ? "{}" : null));
  }

  @Test
  void listsHaveWhatIsTheCustomersWhicheverCursorTheyContinueFrom() {
    createWebhook(keyhook.api(), webhook("license.*"));
    JsonObject own = createWebhook(managing, webhook("license.created"));
    createWebhook(portal(link("bob", BOB)), webhook("license.*"));
    createWebhook(keyhook.api(), webhook("license.*"));
    assertThat(managing.get("/api/webhooks").expect(200).data()).extracting(webhook -> webhook.getString("id"))
        .containsExactly(own.getString("id"));
    assertThat(seeing.get("/api/webhooks?customer=bob").expect(200).data()).extracting(webhook -> webhook.getString("customer"))
        .containsOnly("acme");
    String cursor = keyhook.api().get("/api/webhooks?limit=1").expect(200).json().getString("nextCursor");
    assertThat(managing.get("/api/webhooks?cursor=" + cursor).expect(200).data()).extracting(webhook -> webhook.getString("id"))
        .containsExactly(own.getString("id"));
    assertThat(keyhook.api().get("/api/webhooks").expect(200).data()).hasSize(4);
    assertThat(keyhook.api().get("/api/webhooks?customer=acme").expect(200).data()).hasSize(1);
  }

  @Test
  void aCustomersWebhookReceivesTheEventsOfTheirLicensesAndOfNoOthers() {
    JsonObject own = createWebhook(managing, webhook("license.*").put("filters", emails(ADA, BOB)));
    assertThat(own.getString("customer")).isEqualTo("acme");
    assertThat(own.getJsonObject("filters").getJsonArray("customerEmails")).containsExactly(ADA, BOB);
    assertThat(own.getJsonObject("customerFilters").getJsonArray("customerEmails")).containsExactly(ADA);
    String path = "/api/webhooks/" + own.getString("id");
    License mine = license("Ada@example.com");
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(mine.id());
    for (JsonObject widening : List.of(new JsonObject().putNull("filters"), new JsonObject().put("filters", emails(BOB)),
        new JsonObject().put("filters", new JsonObject().put("metadata", new JsonObject().put("a", 1))),
        new JsonObject().put("filters", emails()), new JsonObject().put("filters", emails(ADA)))) {
      managing.patch(path, widening).expect(200);
      assertThat(managing.get(path).expect(200).json().getJsonObject("customerFilters").getJsonArray("customerEmails")).containsExactly(ADA);
      keyhook.api().validate(license(BOB).key(), "device").expect(200);
    }
    for (JsonObject refused : List.of(new JsonObject().put("customerFilters", emails(BOB)), new JsonObject().putNull("customerFilters"))) {
      assertThat(managing.patch(path, refused).expect(400).badFields()).contains("customerFilters");
    }
    assertThat(managing.post("/api/webhooks", webhook("license.*").put("customer", "bob").put("customerFilters", emails(BOB))).expect(400)
        .badFields()).contains("customer", "customerFilters");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).as("nothing of a license of another customer").isZero();
    keyhook.api().validate(mine.key(), "device").expect(200);
    assertThat(receiver.take(2)).allSatisfy(delivery -> assertThat(delivery.data().getString("licenseId")).isEqualTo(mine.id()));
  }

  /** By the account itself, too: both filters hold. */
  @Test
  void onlyTheAccountChangesTheFiltersOfACustomerAndNobodyRemovesThem() {
    String path = "/api/webhooks/" + createWebhook(managing, webhook("license.created")).getString("id");
    keyhook.api().patch(path, new JsonObject().put("filters", emails(BOB))).expect(200);
    license(ADA);
    keyhook.api().patch(path, new JsonObject().put("customerFilters", emails(ADA, BOB))).expect(200);
    License bobs = license(BOB);
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(bobs.id());
    assertThat(keyhook.api().patch(path, new JsonObject().putNull("customerFilters")).expect(400).badFields()).containsExactly("customerFilters");
    String own = "/api/webhooks/" + createWebhook(keyhook.api(), webhook("license.created").put("isActive", false)).getString("id");
    assertThat(keyhook.api().patch(own, new JsonObject().put("customerFilters", emails(BOB))).expect(400).badFields())
        .containsExactly("customerFilters");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    assertThat(keyhook.api().post("/api/webhooks", webhook("license.*").put("customer", "acme")).expect(400).badFields())
        .containsExactly("customerFilters");
    assertThat(keyhook.api().post("/api/webhooks", webhook("license.*").put("customerFilters", emails(ADA))).expect(400).badFields())
        .containsExactly("customer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"webhook.failing", "webhook.recovered", "webhook.deactivated"})
  void eventsAboutWebhooksAreForNoCustomer(String event) {
    assertThat(managing.post("/api/webhooks", webhook("license.*", event)).expect(400).badFields()).containsExactly("events");
    assertThat(keyhook.api().post("/api/webhooks", webhook(event).put("customer", "acme").put("customerFilters", emails(ADA))).expect(400)
        .badFields()).containsExactly("events");
    String path = "/api/webhooks/" + createWebhook(managing, webhook("license.*")).getString("id");
    assertThat(keyhook.api().patch(path, new JsonObject().put("events", new JsonArray().add(event))).expect(400).badFields())
        .containsExactly("events");
    assertThat(create(keyhook.api(), link("acme", ADA).put("events", new JsonArray().add(event))).expect(400).badFields())
        .containsExactly("events");
  }

  @Test
  void aLinkOffersTheEventsThatItNames() {
    Api portal = portal(link("acme", ADA).put("events", new JsonArray().add("license.created").add("license.expired")));
    String path = "/api/webhooks/" + createWebhook(portal, webhook("license.created")).getString("id");
    portal.patch(path, new JsonObject().put("events", new JsonArray().add("license.expired").add("license.created"))).expect(200);
    for (String other : List.of("license.*", "license.validated")) {
      assertThat(portal.patch(path, new JsonObject().put("events", new JsonArray().add(other))).expect(400).badFields()).containsExactly("events");
      assertThat(portal.post("/api/webhooks", webhook(other)).expect(400).badFields()).containsExactly("events");
    }
  }

  @Test
  void aCustomerHasAsManyWebhooksAsTheLinkAllows() {
    Api portal = portal(link("small", ADA).put("maxWebhooks", 1));
    String id = createWebhook(portal, webhook("license.created")).getString("id");
    portal.post("/api/webhooks", webhook("license.created")).expect(409, "TOO_MANY_WEBHOOKS");
    portal.delete("/api/webhooks/" + id).expect(204);
    portal.post("/api/webhooks", webhook("license.created")).expect(201);
  }

  @Test
  void builtInEndpointsAreForTheTeam() {
    String url = keyhook.api().post("/api/test-endpoint").expect(200).json().getString("url");
    for (String own : List.of(url, "https://listen.keyhook.invalid/")) {
      assertThat(managing.post("/api/webhooks", webhook("license.created").put("url", own)).expect(400).badFields()).containsExactly("url");
    }
  }

  @Test
  void theAuditLogNamesTheCustomerAndTheLink() {
    JsonObject made = create(keyhook.api(), link("acme", ADA)).expect(201).json();
    Api portal = keyhook.api().anonymous().bearer(open(made.getString("token")).expect(200).json().getString("token"));
    String id = createWebhook(portal, webhook("license.created")).getString("id");
    portal.patch("/api/webhooks/" + id, new JsonObject().put("description", "Ours")).expect(200);
    portal.post("/api/webhooks/" + id + "/pause").expect(200);
    portal.post("/api/webhooks/" + id + "/resume").expect(200);
    createTrust(portal, id);
    portal.post("/api/webhooks/test", new JsonObject().put("webhookId", id)).expect(200);
    portal.delete("/api/webhooks/" + id).expect(204);
    assertThat(keyhook.api().get("/api/audit?subjectId=" + id).expect(200).data()).hasSize(7).allSatisfy(entry -> {
      assertThat(entry.getString("actor")).isEqualTo("Customer portal: acme");
      assertThat(entry.getString("actorId")).isEqualTo(made.getString("id"));
      assertThat(entry.getString("ipAddress")).isEqualTo("127.0.0.1");
    });
    assertThat(keyhook.api().get("/api/audit?subjectId=" + made.getString("id")).expect(200).data())
        .extracting(entry -> entry.getString("action")).containsExactly("portal_link.opened", "portal_link.created");
    receiver.take();
  }

  private void createTrust(Api portal, String id) {
    receiver.trust(portal.post("/api/webhooks/" + id + "/rotate-secret", new JsonObject().put("overlapHours", 0)).expect(200).json()
        .getString("secret"));
  }

  /** Without what became of a license since. */
  @Test
  void deliveriesNameLicensesAsTheirEventsDo() {
    String id = createWebhook(managing, webhook("license.created")).getString("id");
    License license = license(ADA);
    receiver.take();
    keyhook.awaitEmptyQueue();
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("name", "Transferred").put("customerEmail", BOB)).expect(200);
    String list = "/api/webhooks/" + id + "/deliveries";
    JsonObject delivery = managing.get(list).expect(200).data().get(0);
    assertThat(delivery.getJsonObject("license").encode()).contains(ADA).doesNotContain("Transferred", BOB);
    assertThat(keyhook.api().get(list).expect(200).data().get(0).getJsonObject("license").encode()).contains("Transferred", BOB);
    assertThat(managing.get("/api/deliveries/" + delivery.getString("id")).expect(200).body()).contains(ADA).doesNotContain("Transferred", BOB);
    managing.post("/api/deliveries/" + delivery.getString("id") + "/redeliver").expect(202);
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.id());
  }

  @Test
  void anIdempotencyKeyOfTheAccountIsNotTheCustomers() {
    JsonObject webhook = webhook("license.created").put("isActive", false);
    String ofTheAccount = keyhook.api().header("Idempotency-Key", "one").post("/api/webhooks", webhook).expect(201).json().getString("id");
    String ofTheCustomer = createWebhook(managing.header("Idempotency-Key", "one"), webhook).getString("id");
    assertThat(ofTheCustomer).isNotEqualTo(ofTheAccount);
    assertThat(createWebhook(managing.header("Idempotency-Key", "one"), webhook).getString("id")).isEqualTo(ofTheCustomer);
  }

  /** A customer decides how long the name of their endpoint takes to resolve. */
  @Test
  void whatACustomerBeganIsNotDoneOnceTheLinkIsRevoked() throws SQLException {
    JsonObject link = link("late", ADA);
    Api portal = portal(link);
    String there = createWebhook(portal, webhook("license.created")).getString("id");
    CompletableFuture<Exchange> create;
    CompletableFuture<Exchange> change;
    try (Connection other = keyhook.database().connect(); Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("DELETE FROM keyhook.portal_link WHERE customer = 'late'"); // not to be seen before it is committed
      create = portal.postAsync("/api/webhooks", webhook("license.created").put("description", "late"));
      change = CompletableFuture.supplyAsync(() -> portal.patch("/api/webhooks/" + there, new JsonObject().put("description", "late")));
      await().atMost(Waiting.LONG).until(() -> keyhook.database().value(
          "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").equals("2"));
      other.commit();
    }
    create.join().expect(401, "UNAUTHORIZED");
    change.join().expect(401, "UNAUTHORIZED");
    assertThat(keyhook.database().value("SELECT count(*)::text FROM keyhook.webhook WHERE description = 'late'")).isEqualTo("0");
  }

  @Test
  void whoGetsALicenseFromAnotherCustomerReceivesNothingOfThem() {
    createWebhook(managing, webhook("license.*"));
    License license = license(BOB);
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("customerEmail", ADA).put("customerName", "Ada")
        .put("metadata", new JsonObject().put("seats", 5))).expect(200);
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("name", "Ada's")).expect(200);
    Delivery first = receiver.take();
    assertThat(first.event()).isEqualTo("license.updated");
    assertThat(first.data().getJsonObject("changes").fieldNames()).containsExactly("name");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  /** What nodes of the version before would write, which know no customers. */
  @ParameterizedTest
  @ValueSource(strings = {"filters = NULL", "filters = '{\"customerEmails\": [\"bob@example.com\"]}'", "events = '{1,12}'"})
  void anOlderNodeCannotWidenWhatACustomersWebhookReceives(String change) {
    createWebhook(managing, webhook("license.created"));
    assertThatThrownBy(() -> keyhook.database().update("UPDATE keyhook.webhook SET " + change + " WHERE customer IS NOT NULL AND deleted_at IS NULL"))
        .hasStackTraceContaining("webhook_of_customer");
  }

  @Test
  void theErasureOfACustomerErasesTheirAddressAndEndsTheirPortal() {
    String eve = "eve@example.com";
    Api portal = portal(link("eve", eve));
    String path = "/api/webhooks/" + createWebhook(portal, webhook("license.*").put("filters", emails(eve, ADA))).getString("id");
    keyhook.api().post("/api/customers/erase", new JsonObject().put("email", "EVE@example.com")).expect(200);
    portal.get("/api/webhooks").expect(401);
    assertThat(keyhook.api().get(path).expect(200).body()).doesNotContain(eve);
    assertThat(keyhook.database().value("SELECT filters::text FROM keyhook.webhook WHERE customer = 'eve'")).doesNotContain(eve);
    license(ADA);
    license(null);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void whatALinkCannotBeIsRefusedByItsField() {
    assertThat(create(keyhook.api(), new JsonObject()).expect(400).badFields()).contains("customer");
    assertThat(create(keyhook.api(), new JsonObject().put("customer", "acme")).expect(400).badFields()).containsExactly("customerFilters");
    assertThat(create(keyhook.api(), link(" ", ADA)).expect(400).badFields()).containsExactly("customer");
    assertThat(create(keyhook.api(), link("acme", ADA).put("expiresInSeconds", 299)).expect(400).badFields()).containsExactly("expiresInSeconds");
    assertThat(create(keyhook.api(), link("acme", ADA).put("maxWebhooks", 51)).expect(400).badFields()).containsExactly("maxWebhooks");
    assertThat(create(keyhook.api(), link("acme", ADA).put("events", new JsonArray())).expect(400).badFields()).containsExactly("events");
    create(keyhook.account("free"), link("acme", ADA)).expect(403, "PLAN_UPGRADE_REQUIRED");
  }
}
