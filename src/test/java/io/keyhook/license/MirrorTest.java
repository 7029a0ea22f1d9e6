package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A receiver of license.* keeps a true copy of the licenses, whatever happens to them on whichever node. */
class MirrorTest {
  /** 10,000 take some minutes. */
  private static final int OPERATIONS = Integer.getInteger("keyhook.mirror.operations", 2_000);
  private static final int AT_ONCE = 20;
  private static final int LICENSES = 40;
  private static final int DEVICES = 6;
  private static final List<String> MIRRORED = List.of("key", "name", "maxActivations", "currentActivations", "expiresAt",
      "customerName", "customerEmail", "metadata", "disabledAt", "disabledBy", "sequence", "policyId", "productId", "heartbeatSeconds",
      "leaseSeconds", "entitlements", "inherited");
  private static final String OF_POLICY = "policy.";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  @AfterEach
  void deleteWebhooks() {
    keyhook.deleteWebhooks();
  }

  /**
   * The copies of licenses by their ids, by the rules of the guide in their order. Where events are missing, it reads the
   * license, or waits for them: then the copies are made of nothing but events.
   */
  private static final class Mirror {
    private static final Set<String> NEVER_ADVANCING = Set.of("license.validated", "license.expired");

    private final Random random;
    /** Null: it waits for missing events. */
    private final Api api;
    private final Map<String, JsonObject> copies = new HashMap<>();
    /** What events have said of the policies of licenses, by the licenses' ids. */
    private final Map<String, JsonObject> policies = new HashMap<>();
    private final Set<String> deleted = new HashSet<>();
    private final Map<String, Delivery> expired = new HashMap<>();
    private final Map<String, Long> extended = new HashMap<>();
    private final Map<String, TreeMap<Long, Delivery>> early = new HashMap<>();
    private int ignored;
    private int missing;

    Mirror(Random random, Api api) {
      this.random = random;
      this.api = api;
    }

    void receive(Delivery delivery) {
      String id = delivery.data().getString("licenseId");
      long sequence = delivery.data().getLong("sequence");
      if (delivery.event().equals("license.expired")) {
        expired.merge(id, delivery, (a, b) -> a.data().getLong("sequence") > sequence ? a : b);
      }
      if (NEVER_ADVANCING.contains(delivery.event())) {
        if (api != null && sequence > sequence(id) && random.nextBoolean()) {
          read(id);
        }
        ignored++;
      } else if (sequence <= sequence(id)) {
        ignored++;
      } else if (api == null) {
        hold(id, sequence, delivery);
      } else if (sequence == sequence(id) + 1 && (copies.containsKey(id) || delivery.event().equals("license.created"))
          || delivery.event().equals("license.deleted")) {
        apply(id, delivery);
      } else {
        missing++;
        read(id);
      }
    }

    private void hold(String id, long sequence, Delivery delivery) {
      TreeMap<Long, Delivery> waiting = early.computeIfAbsent(id, key -> new TreeMap<>());
      Delivery same = waiting.put(sequence, delivery);
      assertThat(same == null || same.id().equals(delivery.id())).as("two events with one number: %s", delivery.text()).isTrue();
      if (waiting.firstKey() > sequence(id) + 1) {
        missing++;
      }
      while (!waiting.isEmpty() && waiting.firstKey() == sequence(id) + 1) {
        apply(id, waiting.pollFirstEntry().getValue());
      }
    }

    private void read(String id) {
      Exchange answer = api.get("/api/licenses/" + id);
      if (answer.status() == 404) {
        assertThat(answer.json().getString("code")).isEqualTo("NOT_FOUND");
        copies.remove(id);
      } else {
        keep(id, some(answer.expect(200).json(), MIRRORED.toArray(String[]::new)));
      }
    }

    private void keep(String id, JsonObject license) {
      if (license.getLong("sequence") >= sequence(id)) {
        copies.put(id, license);
        policies.remove(id);
      }
    }

    void readAll() {
      Map<String, JsonObject> all = licenses(api);
      copies.keySet().retainAll(all.keySet());
      all.forEach(this::keep);
    }

    private long sequence(String id) {
      return deleted.contains(id) ? Long.MAX_VALUE : copies.containsKey(id) ? copies.get(id).getLong("sequence") : 0;
    }

    private void apply(String id, Delivery delivery) {
      JsonObject data = delivery.data();
      if (delivery.event().equals("license.deleted")) {
        copies.remove(id);
        deleted.add(id);
        return;
      }
      JsonObject copy = copies.computeIfAbsent(id, key -> new JsonObject());
      copy.put("key", data.getString("licenseKey")).put("sequence", data.getLong("sequence"))
          .put("currentActivations", data.getInteger("currentActivations"));
      switch (delivery.event()) {
        case "license.created" -> copy.put("name", data.getString("licenseName"))
            .mergeIn(some(data, "maxActivations", "expiresAt", "customerName", "customerEmail", "metadata", "disabledAt",
                "disabledBy", "policyId", "productId", "heartbeatSeconds", "leaseSeconds"))
            .put("entitlements", data.getJsonObject("entitlements", new JsonObject()))
            .put("inherited", data.getJsonArray("inherited", new JsonArray()));
        case "license.updated" -> data.getJsonObject("changes").forEach(change ->
            apply(id, change.getKey(), (JsonObject) change.getValue(), delivery));
        case "license.disabled" -> copy.mergeIn(some(data, "disabledAt", "disabledBy"));
        case "license.enabled" -> copy.putNull("disabledAt").putNull("disabledBy");
        case "license.activated", "license.deactivated" -> { }
        default -> throw new AssertionError(delivery.event());
      }
    }

    private void apply(String id, String field, JsonObject values, Delivery delivery) {
      if (field.startsWith(OF_POLICY)) {
        JsonObject policy = policies.computeIfAbsent(id, key -> new JsonObject());
        if (policy.containsKey(field) && !isPartlyOwn(id, field)) {
          assertThat(policy.getValue(field)).as(delivery.text()).isEqualTo(values.getValue("old"));
        }
        policy.put(field, values.getValue("new"));
        return;
      }
      JsonObject copy = copies.get(id);
      boolean isErasure = field.startsWith("customer") && values.getValue("old") == null && values.getValue("new") == null;
      if (!field.equals("expiresAt") && !isErasure) { // which the test's clock moves without an event
        assertThat(copy.getValue(field)).as(delivery.text()).isEqualTo(values.getValue("old"));
      }
      copy.put(field, values.getValue("new"));
      switch (field) {
        case "expiresAt" -> extended.put(id, delivery.data().getLong("sequence"));
        case "policyId", "productId", "heartbeatSeconds", "leaseSeconds", "entitlements" -> policies.remove(id); // to be read anew
        default -> { }
      }
    }

    /** A change of what the license has itself is no event. */
    private boolean isPartlyOwn(String id, String field) {
      return field.endsWith("entitlements") && !copies.get(id).getJsonObject("entitlements").isEmpty();
    }

    /** Compares what events have said of policies with the policies as they are. */
    void checkPolicies(Map<String, JsonObject> now) {
      policies.forEach((id, said) -> {
        JsonObject copy = copies.get(id);
        if (copy != null) {
          said.stream().filter(field -> !isPartlyOwn(id, field.getKey())).forEach(field -> assertThat(now.get(copy.getString("policyId")).getValue(field.getKey().substring(OF_POLICY.length())))
              .as("%s of %s", field.getKey(), id).isEqualTo(field.getValue()));
        }
      });
    }

    /** The copies with the times of expiry to which the test's clock moved. */
    Map<String, JsonObject> copies() {
      expired.forEach((id, delivery) -> {
        if (copies.containsKey(id) && delivery.data().getLong("sequence") >= extended.getOrDefault(id, 0L)) {
          copies.get(id).mergeIn(some(delivery.data(), "expiresAt"));
        }
      });
      return copies;
    }

    int gaps() {
      return early.values().stream().mapToInt(TreeMap::size).sum();
    }
  }

  private static JsonObject some(JsonObject data, String... fields) {
    JsonObject some = new JsonObject();
    List.of(fields).forEach(field -> some.put(field, data.getValue(field)));
    return some;
  }

  /** Random calls, on a random node each. */
  private static final class Seller {
    private final Random random;
    private final Api api;
    private final List<JsonObject> licenses = new ArrayList<>();
    private final Set<String> expirable = new HashSet<>();
    private final List<String> products = new ArrayList<>();
    private final List<String> policies = new ArrayList<>();
    private int imported;

    Seller(Random random, Api api) {
      this.random = random;
      this.api = api;
      for (String name : List.of("Studio", "Editor", "Server")) {
        products.add(id("/api/products", new JsonObject().put("name", name)));
        policies.add(id("/api/policies", terms().put("name", name)));
      }
    }

    private String id(String path, JsonObject body) {
      return api.post(path, body).expect(201).json().getString("id");
    }

    private <T> T any(List<T> of) {
      return of.get(random.nextInt(of.size()));
    }

    private JsonObject entitlements() {
      JsonObject entitlements = new JsonObject();
      for (String name : List.of("export", "projects", "tier")) {
        if (random.nextBoolean()) {
          entitlements.put(name, random.nextInt(3));
        }
      }
      return entitlements;
    }

    private JsonObject terms() {
      return new JsonObject().put("maxActivations", 1 + random.nextInt(4)).put("graceSeconds", random.nextInt(3) * 3600)
          .put("durationSeconds", random.nextInt(4) == 0 ? null : 86_400 * (30 + random.nextInt(30)))
          .put("expiryBasis", random.nextBoolean() ? "creation" : "first_activation").put("trial", random.nextBoolean())
          .put("heartbeatSeconds", random.nextBoolean() ? 86_400 : null).put("leaseSeconds", random.nextBoolean() ? 3600 : null)
          .put("productId", random.nextBoolean() ? any(products) : null).put("entitlements", entitlements());
    }

    /** A change of one or two terms. */
    CompletableFuture<Exchange> changePolicy() {
      JsonObject terms = terms();
      List<String> names = new ArrayList<>(terms.fieldNames());
      Collections.shuffle(names, random);
      return send(node(), "PATCH", "/api/policies/" + any(policies), some(terms, names.get(0), names.get(1)));
    }

    private static CompletableFuture<Exchange> send(Api api, String method, String path, JsonObject body) {
      return api.header("Content-Type", "application/json").send(method, path, body.encode());
    }

    private JsonObject own() {
      JsonObject own = new JsonObject();
      switch (random.nextInt(5)) {
        case 0 -> own.put("policyId", any(policies));
        case 1 -> own.put("policyId", any(policies)).put("maxActivations", 1 + random.nextInt(4)).put("heartbeatSeconds", 86_400);
        case 2 -> own.put("policyId", any(policies)).put("productId", any(products)).put("entitlements", entitlements());
        case 3 -> own.put("leaseSeconds", 600).put("productId", any(products));
        default -> { }
      }
      return own;
    }

    /** Some licenses by a file, which names all columns or those of before. */
    private List<JsonObject> load() {
      String name = "Imported " + imported++;
      String file = random.nextBoolean()
          ? "name,policyId,inherited,maxActivations,firstActivatedAt\n%s,%s,expiresAt,2,2025-01-01T00:00:00Z\n%s,%s,,3,\n"
              .formatted(name, any(policies), name, any(policies))
          : "name,policyId,maxActivations,status\n%s,%s,,\n%s,,2,disabled\n".formatted(name, any(policies), name);
      Api.join(node().header("Content-Type", "text/csv").send("POST", "/api/licenses/import", file)).expect(200);
      return api.get("/api/licenses?search=" + name.replace(" ", "%20")).expect(200).data().stream()
          .filter(license -> license.getString("name").equals(name)).toList();
    }

    CompletableFuture<Exchange> erase() {
      return send(node(), "POST", "/api/customers/erase", new JsonObject().put("email", "ada@example.com"));
    }

    private Api node() {
      return random.nextBoolean() ? api : api.at(other.api().base());
    }

    private static String time(Random random) {
      return Instant.now().plus(Duration.ofDays(1 + random.nextInt(300))).toString();
    }

    void create() {
      JsonObject fields = new JsonObject().put("name", "License " + random.nextInt(1000)).put("maxActivations", 1 + random.nextInt(4))
          .put("metadata", new JsonObject().put("n", random.nextInt()));
      if (random.nextBoolean()) {
        fields.put("expiresAt", time(random)).put("customerName", "Ada").put("customerEmail", "ada@example.com");
      }
      List<JsonObject> made = switch (random.nextInt(6)) {
        case 0 -> load();
        case 1 -> node().post("/api/licenses/bulk", fields.mergeIn(own()).put("count", 3)).expect(201).data();
        default -> List.of(node().post("/api/licenses", fields.mergeIn(own())).expect(201).json());
      };
      licenses.addAll(made);
      made.stream().filter(license -> license.getString("expiresAt") != null && license.getString("policyId") == null)
          .forEach(license -> expirable.add(license.getString("id")));
    }

    /** Lets one expire that has not, and is not being changed. */
    void expire() {
      expirable.stream().sorted().skip(random.nextInt(Math.max(1, expirable.size()))).findFirst().ifPresent(id -> {
        expirable.remove(id);
        keyhook.clock().advanceExpiry(id, Duration.ofDays(400));
      });
    }

    CompletableFuture<Exchange> call() {
      JsonObject license = licenses.get(random.nextInt(licenses.size()));
      String path = "/api/licenses/" + license.getString("id");
      String device = "device " + random.nextInt(DEVICES);
      return switch (random.nextInt(12)) {
        case 0, 1 -> send(node(), "PATCH", path, change(license));
        case 10 -> send(node(), "PATCH", path, changeOfTerms(license));
        case 11 -> random.nextInt(8) == 0 ? erase() : changePolicy();
        case 2 -> node().send("POST", path + "/disable", null);
        case 3, 4 -> node().send("POST", path + "/enable", null);
        case 5, 6 -> node().postAsync("/api/deactivate",
            new JsonObject().put("licenseKey", license.getString("key")).put("fingerprint", device));
        default -> node().validateAsync(license.getString("key"), device);
      };
    }

    private JsonObject changeOfTerms(JsonObject license) {
      expirable.remove(license.getString("id"));
      JsonArray inherited = new JsonArray();
      List.of("maxActivations", "expiresAt").stream().filter(field -> random.nextBoolean()).forEach(inherited::add);
      return switch (random.nextInt(6)) {
        case 0 -> new JsonObject().put("policyId", any(policies));
        case 1 -> new JsonObject().put("policyId", any(policies)).put("inherited", inherited);
        case 2 -> new JsonObject().putNull("policyId");
        case 3 -> new JsonObject().put("inherited", inherited);
        case 4 -> new JsonObject().put("entitlements", entitlements()).put("productId", random.nextBoolean() ? any(products) : null);
        default -> new JsonObject().put("heartbeatSeconds", random.nextBoolean() ? 90_000 : null)
            .put("leaseSeconds", random.nextBoolean() ? 7200 : null);
      };
    }

    private JsonObject change(JsonObject license) {
      JsonObject change = new JsonObject();
      switch (random.nextInt(4)) {
        case 0 -> change.put("name", "License " + random.nextInt(3));
        case 1 -> change.put("maxActivations", 1 + random.nextInt(4)).put("metadata", new JsonObject().put("n", random.nextInt(2)));
        case 2 -> {
          change.put("expiresAt", time(random));
          if (license.getString("policyId") == null) {
            expirable.add(license.getString("id"));
          }
        }
        default -> change.put("customerName", random.nextBoolean() ? "Ada" : null);
      }
      return change;
    }

    CompletableFuture<Exchange> delete() {
      JsonObject license = licenses.remove(random.nextInt(licenses.size()));
      expirable.remove(license.getString("id"));
      return node().send("DELETE", "/api/licenses/" + license.getString("id"), null);
    }

    /** @return how many calls were made */
    int round() {
      while (licenses.size() < LICENSES) {
        create();
      }
      IntStream.range(0, random.nextInt(3)).forEach(i -> expire());
      List<CompletableFuture<Exchange>> calls = new ArrayList<>();
      IntStream.range(0, AT_ONCE).forEach(i -> calls.add(call()));
      calls.add(delete()); // while others may be changing it
      calls.forEach(call -> assertThat(Api.join(call).status()).isIn(200, 204, 400, 403, 404, 503));
      return calls.size();
    }
  }

  private static Map<String, JsonObject> policies(Api api) {
    return api.get("/api/policies?limit=100").expect(200).data().stream().collect(Collectors.toMap(policy -> policy.getString("id"), policy -> policy));
  }

  private static Map<String, JsonObject> licenses(Api api) {
    Map<String, JsonObject> all = new HashMap<>();
    String cursor = null;
    do {
      JsonObject page = api.get("/api/licenses?limit=100" + (cursor == null ? "" : "&cursor=" + cursor)).expect(200).json();
      page.getJsonArray("data").forEach(license -> all.put(((JsonObject) license).getString("id"),
          some((JsonObject) license, MIRRORED.toArray(String[]::new))));
      cursor = page.getString("nextCursor");
    } while (cursor != null);
    return all;
  }

  @Test
  void aMirrorEqualsTheDatabaseAfterThousandsOfChangesOnTwoNodes() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(api, receiver, "license.*");
    Seller seller = new Seller(random, api);
    for (int calls = 0; calls < OPERATIONS; calls += seller.round()) {
      if (random.nextInt(3) == 0) { // handled, and delivered again: out of order, and beside later ones
        receiver.answerNext(Answer.status(500), Answer.OK, Answer.status(503));
      }
    }
    Waiting.until("every expiry is announced", () -> keyhook.database().number(
        "SELECT count(*) FROM keyhook.license_expiry WHERE due_at <= now()") == 0);
    Waiting.until("every change of a policy has reached its licenses", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.policy WHERE revised_after IS NOT NULL") == 0);
    Waiting.until("everything is delivered", () -> {
      keyhook.clock().advanceQueue(Duration.ofDays(1));
      return keyhook.database().count("delivery_queue") == 0;
    });
    List<Delivery> deliveries = new ArrayList<>(receiver.all());
    Collections.shuffle(deliveries.subList(0, deliveries.size() / 2), random);
    Mirror mirror = new Mirror(random, null);
    deliveries.forEach(mirror::receive);
    assertThat(mirror.gaps()).as("events behind a gap, seed %d", seed).isZero();
    assertThat(mirror.copies()).as("seed %d", seed).isEqualTo(licenses(api));
    assertThat(mirror.policies).isNotEmpty();
    mirror.checkPolicies(policies(api));
    assertThat(mirror.ignored).isPositive();
    assertThat(mirror.missing).isPositive();
    assertThat(mirror.deleted).isNotEmpty();
    assertThat(deliveries.stream().map(Delivery::event)).contains("license.created", "license.updated", "license.enabled",
        "license.disabled", "license.activated", "license.validated", "license.deactivated", "license.expired", "license.deleted");
    assertThat(deliveries.stream().map(Delivery::id).distinct().count()).as("deliveries that were repeated")
        .isLessThan(deliveries.size());
  }

  /** A fifth of the events is lost, the others arrive in any order, and licenses are read while they change. */
  @Test
  void aMirrorThatLosesEventsReadsWhatItMisses() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(api, receiver, "license.*");
    Seller seller = new Seller(random, api);
    Mirror mirror = new Mirror(random, api);
    int received = 0;
    for (int calls = 0; calls < OPERATIONS / 10; calls += seller.round()) {
      List<Delivery> all = new ArrayList<>(receiver.all());
      List<Delivery> some = new ArrayList<>(all.subList(received, all.size()));
      received = all.size();
      Collections.shuffle(some, random);
      some.stream().filter(delivery -> delivery.event().equals("license.deleted") || random.nextInt(5) > 0)
          .forEach(mirror::receive);
    }
    Waiting.until("every expiry is announced", () -> keyhook.database().number(
        "SELECT count(*) FROM keyhook.license_expiry WHERE due_at <= now()") == 0);
    keyhook.awaitEmptyQueueOf(api);
    List<Delivery> all = new ArrayList<>(receiver.all());
    all.subList(received, all.size()).forEach(mirror::receive);
    mirror.readAll();
    assertThat(mirror.copies).as("seed %d", seed).isEqualTo(licenses(api));
    assertThat(mirror.missing).isPositive();
    assertThat(mirror.deleted).isNotEmpty();
  }

  @Test
  void aValidationThatOvertakesItsActivationDoesNotHideIt() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.*");
    Installation.License license = keyhook.license(2);
    keyhook.api().validate(license.key(), "device").expect(200);
    Map<String, Delivery> deliveries = new HashMap<>();
    receiver.take(3).forEach(delivery -> deliveries.put(delivery.event(), delivery));
    Mirror mirror = new Mirror(new Random(0), null);
    List.of("license.created", "license.validated", "license.activated").forEach(event -> mirror.receive(deliveries.get(event)));
    assertThat(mirror.copies.get(license.id()).getInteger("currentActivations")).isEqualTo(1);
    assertThat(mirror.copies.get(license.id()).getLong("sequence")).isEqualTo(2);
  }

  @Test
  void activationsAtOnceHaveANumberEachAndRefusedOnesHaveNone() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated", "license.created");
    Installation.License license = keyhook.license(5);
    receiver.take();
    List<CompletableFuture<Exchange>> answers = IntStream.range(0, 40)
        .mapToObj(i -> (i % 2 == 0 ? keyhook.api() : other.api()).validateAsync(license.key(), "device " + i)).toList();
    assertThat(answers.stream().map(Api::join).filter(answer -> answer.status() == 200)).hasSize(5);
    assertThat(receiver.take(5).stream().map(delivery -> delivery.data().getLong("sequence")))
        .containsExactlyInAnyOrder(2L, 3L, 4L, 5L, 6L);
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).expect(200).json().getLong("sequence")).isEqualTo(6);
  }

  @Test
  void anExistingWebhookReceivesNothingThatItDidNotAskFor() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated", "license.activated", "license.expired", "license.disabled");
    Installation.License license = keyhook.license(1);
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("name", "Renamed")).expect(200);
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    keyhook.api().post("/api/licenses/" + license.id() + "/enable").expect(200);
    keyhook.api().delete("/api/licenses/" + license.id()).expect(204);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.all()).extracting(Delivery::event).containsExactly("license.disabled");
  }

  @Test
  void aWildcardIsReturnedAsItWasGivenAndReplacesTheOthers() {
    JsonObject webhook = keyhook.api().post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/")
        .put("events", new JsonArray().add("license.expired").add("license.*"))).expect(201).json();
    assertThat(webhook.getJsonArray("events")).isEqualTo(new JsonArray().add("license.*"));
    String path = "/api/webhooks/" + webhook.getString("id");
    JsonArray named = new JsonArray().add("license.validated").add("license.activated").add("license.expired")
        .add("license.disabled");
    for (JsonArray events : List.of(named, new JsonArray().add("license.*"))) {
      assertThat(keyhook.api().patch(path, new JsonObject().put("events", events)).expect(200).json().getJsonArray("events"))
          .isEqualTo(events);
      assertThat(keyhook.api().get(path).expect(200).json().getJsonArray("events")).isEqualTo(events);
    }
  }

  /** As an UPDATE of a node that does not know the mark. */
  @Test
  void anOlderNodeCanReplaceAWildcard() {
    Receiver receiver = keyhook.receiver();
    String id = keyhook.webhook(receiver, "license.*").id();
    keyhook.database().update("UPDATE keyhook.webhook SET events = '{2}', version = version + 1 WHERE webhook_id ="
        + " (SELECT webhook_id FROM keyhook.webhook ORDER BY webhook_id DESC LIMIT 1)");
    assertThat(keyhook.api().get("/api/webhooks/" + id).expect(200).json().getJsonArray("events"))
        .isEqualTo(new JsonArray().add("license.activated"));
    Installation.License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.all()).extracting(Delivery::event).containsExactly("license.activated");
    assertThat(receiver.take().data().containsKey("sequence")).isFalse();
  }

  /** The codes are what an older node compares. */
  @Test
  void olderNodesSendAWildcardAllTheTypesThatTheyKnow() {
    keyhook.webhook(keyhook.receiver(), "license.*");
    assertThat(keyhook.database().value(
        "SELECT (SELECT array_agg(type ORDER BY type) FROM unnest(events) type)::text FROM keyhook.webhook"
            + " ORDER BY webhook_id DESC LIMIT 1"))
        .isEqualTo("{1,2,3,4,6}");
  }

  @Test
  void theFirstEventOfALicenseThatIsOlderThanNumbersShowsAGap() {
    Receiver receiver = keyhook.receiver();
    Installation.License license = keyhook.license(1);
    keyhook.database().update("UPDATE keyhook.license SET sequence = DEFAULT, name = 'Older' WHERE key = ?", license.key());
    keyhook.webhook(receiver, "license.*");
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("name", "Renamed")).expect(200);
    assertThat(receiver.take().data().getLong("sequence")).isEqualTo(2);
  }

  @Test
  void licensesCreatedAtOnceAreAnnouncedWhereAWebhookWantsIt() {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    api.post("/api/licenses/bulk", new JsonObject().put("count", 5).put("name", "Unannounced")).expect(201);
    keyhook.webhook(api, receiver, "license.created");
    List<String> ids = api.post("/api/licenses/bulk", new JsonObject().put("count", 1000).put("name", "Announced"))
        .expect(201).data().stream().map(license -> license.getString("id")).toList();
    assertThat(receiver.take(1000).stream().map(delivery -> delivery.data().getString("licenseId")))
        .containsExactlyInAnyOrderElementsOf(ids);
    keyhook.awaitEmptyQueueOf(api);
    assertThat(receiver.untaken()).isZero();
  }

  /** Its transaction waits for another that has the key. */
  @OnlyOnPostgresql
  @Test
  void aWebhookThatIsCreatedDuringAnImportReceivesItsEvents() throws SQLException {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    try (Connection other = keyhook.database().connect(); Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.executeUpdate("INSERT INTO keyhook.license_key (key, account_id, license_id)"
          + " VALUES ('IMPORTEDKEY0001', gen_random_uuid(), gen_random_uuid())");
      CompletableFuture<Exchange> imported = api.header("Content-Type", "text/csv")
          .send("POST", "/api/licenses/import", "name,key\nImported,IMPORTED-KEY-0001\n");
      Waiting.until("the import waits", () -> keyhook.database().number(
          "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'") > 0);
      keyhook.webhook(api, receiver, "license.created");
      other.rollback();
      Api.join(imported).expect(200);
    }
    assertThat(receiver.take().data().getString("licenseName")).isEqualTo("Imported");
  }
}
