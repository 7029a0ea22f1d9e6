package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each plan allows, also when twenty calls race for the last place. */
class PlanTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  private static JsonObject license(String name) {
    return new JsonObject().put("name", name);
  }

  private static JsonObject webhook(Receiver receiver) {
    return new JsonObject().put("url", receiver.url()).put("events", new JsonArray().add("license.expired"));
  }

  private static void raceForTheLast(Api api, String path, JsonObject body) {
    Api onOther = Api.of(other.uri()).header("Authorization", credential(api));
    List<Exchange> answers = IntStream.range(0, 20)
        .mapToObj(i -> (i % 2 == 0 ? api : onOther).postAsync(path, body)).toList().stream().map(Api::join).toList();
    assertThat(answers.stream().filter(answer -> answer.status() == 201)).hasSize(1);
    assertThat(answers.stream().filter(answer -> answer.status() != 201)).hasSize(19)
        .allSatisfy(answer -> answer.expect(403, "PLAN_LIMIT_REACHED"));
  }

  private static String credential(Api api) {
    return api.get("/api/account").expect(200).requestHeaders().firstValue("Authorization").orElseThrow();
  }

  @Test
  void twentyWhoRaceForTheLastLicenseGetOne() {
    Api api = keyhook.account("free");
    for (int i = 0; i < 4; i++) {
      api.post("/api/licenses", license("L" + i)).expect(201);
    }
    raceForTheLast(api, "/api/licenses", license("last"));
    assertThat(usage(api, "licenses")).isEqualTo(new JsonObject().put("used", 5).put("max", 5));
  }

  @Test
  void twentyWhoRaceForTheLastWebhookGetOne() {
    Api api = keyhook.account("professional");
    Receiver receiver = keyhook.receiver();
    for (int i = 0; i < 9; i++) {
      api.post("/api/webhooks", webhook(receiver)).expect(201);
    }
    raceForTheLast(api, "/api/webhooks", webhook(receiver));
    assertThat(usage(api, "webhooks")).isEqualTo(new JsonObject().put("used", 10).put("max", 10));
  }

  @Test
  void whatIsDeletedMakesRoom() {
    Api api = keyhook.account("free");
    String id = keyhook.license(api, license("first")).id();
    for (int i = 1; i < 5; i++) {
      keyhook.license(api, license("L" + i));
    }
    api.post("/api/licenses", license("more")).expect(403, "PLAN_LIMIT_REACHED");
    api.delete("/api/licenses/" + id).expect(204);
    api.post("/api/licenses", license("more")).expect(201);
  }

  private static JsonObject usage(Api api, String what) {
    return api.get("/api/account").expect(200).json().getJsonObject("usage").getJsonObject(what);
  }

  @ParameterizedTest
  @CsvSource({"free,5,0,30", "starter,10,0,30", "professional,100,10,30", "enterprise,,50,90"})
  void anAccountSeesItsPlan(String plan, Integer licenses, Integer webhooks, int days) {
    JsonObject account = keyhook.account(plan).get("/api/account").expect(200).json();
    assertThat(account.getString("id")).matches("acct_[0-9a-z]{26}");
    assertThat(account.getString("plan")).isEqualTo(plan);
    assertThat(account.getInteger("logRetentionDays")).isEqualTo(days);
    assertThat(account.getJsonObject("usage")).isEqualTo(new JsonObject()
        .put("licenses", new JsonObject().put("used", 0).put("max", licenses))
        .put("webhooks", new JsonObject().put("used", 0).put("max", webhooks)));
  }

  @ParameterizedTest
  @CsvSource({"free", "starter"})
  void aPlanWithoutWebhooksSaysSoWhenOneIsToBeMade(String plan) {
    Api api = keyhook.account(plan);
    api.post("/api/webhooks", webhook(keyhook.receiver())).expect(403, "PLAN_UPGRADE_REQUIRED");
    assertThat(api.get("/api/webhooks").expect(200).data()).isEmpty();
    api.get("/api/webhooks/webhook_" + "0".repeat(26)).expect(404);
    api.post("/api/webhooks/test", new JsonObject().put("webhookId", "webhook_" + "0".repeat(26))).expect(404);
  }

  @Test
  void afterADowngradeWhatExistsStaysAndNothingIsAdded() {
    Api api = keyhook.account("starter");
    List<String> keys = IntStream.range(0, 7).mapToObj(i -> keyhook.license(api, license("L" + i)).key()).toList();
    String id = api.get("/api/account").json().getString("id");
    keyhook.node().operator().patch("/api/admin/accounts/" + id, new JsonObject().put("plan", "free")).expect(200);
    assertThat(usage(api, "licenses")).isEqualTo(new JsonObject().put("used", 7).put("max", 5));
    keys.forEach(key -> api.validate(key, "device").expect(200));
    api.post("/api/licenses", license("more")).expect(403, "PLAN_LIMIT_REACHED");
  }
}
