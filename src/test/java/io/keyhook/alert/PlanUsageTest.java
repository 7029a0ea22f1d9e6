package io.keyhook.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Database;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.SlackServer;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Team members hear of a plan that is nearly used up before a call is refused. */
class PlanUsageTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Test
  void aPlanIsNearItsLimitFromFourFifthsOn() {
    assertThat(PlanUsageVerticle.isNear(3, Optional.of(5))).isFalse();
    assertThat(PlanUsageVerticle.isNear(4, Optional.of(5))).isTrue();
    assertThat(PlanUsageVerticle.isNear(0, Optional.of(0))).as("a plan without any").isFalse();
    assertThat(PlanUsageVerticle.isNear(1_000_000, Optional.empty())).as("unlimited").isFalse();
  }

  @Test
  void teamMembersAreToldOnceWhenAPlanIsNearlyUsedUp() throws Exception {
    try (SlackServer slack = new SlackServer()) {
      Api account = keyhook.account("free");
      account.patch("/api/alerts", new JsonObject().put("slackUrl", slack.url()).put("causes", new JsonArray().add("plan.limit")))
          .expect(200);
      for (int i = 0; i < 4; i++) {
        keyhook.license(account, new JsonObject().put("name", "L").put("maxActivations", 1));
      }
      keyhook.start(); // looks soon after its start
      assertThat(slack.take()).startsWith("*Plan limit near*").contains("4 of the 5 licenses of the plan free");
      assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.alert_state WHERE kind LIKE 'plan.%'")).isPositive();
    }
  }

  private static Api nearItsLimit(JsonObject alerts) {
    Api account = keyhook.account("free");
    account.patch("/api/alerts", alerts.put("causes", new JsonArray().add("plan.limit"))).expect(200);
    for (int i = 0; i < 4; i++) {
      keyhook.license(account, new JsonObject().put("name", "L").put("maxActivations", 1));
    }
    return account;
  }

  @Test
  void anAlertThatReachesNobodyIsRaisedWhenItReachesSomebody() throws Exception {
    try (SlackServer slack = new SlackServer(); SlackServer others = new SlackServer()) {
      Api account = nearItsLimit(new JsonObject().put("mail", true)); // this server sends none
      nearItsLimit(new JsonObject().put("slackUrl", others.url()));
      keyhook.start();
      others.take(); // accounts are looked at in the order in which they were created
      account.patch("/api/alerts", new JsonObject().put("slackUrl", slack.url())).expect(200);
      keyhook.start();
      assertThat(slack.take()).startsWith("*Plan limit near*");
    }
  }

  @Test
  void licensesAreCountedUpToTheLimitAndNotWithoutOne() {
    Vertx vertx = Vertx.vertx();
    Database database = keyhook.database().open(vertx, 1);
    try {
      UUID account = UUID.randomUUID();
      keyhook.database().update("""
          INSERT INTO keyhook.license (account_id, license_id, key, name, max_activations)
          SELECT ?, gen_random_uuid(), 'COUNTED-' || n, 'One', 1 FROM generate_series(1, 20) n""", account);
      assertThat(Waiting.on(PlanUsageStore.usage(database.pool(), account, Optional.of(7), Optional.of(7))))
          .isEqualTo(new PlanUsageStore.Usage(7, 0));
      assertThat(Waiting.on(PlanUsageStore.usage(database.pool(), account, Optional.empty(), Optional.of(7))))
          .isEqualTo(new PlanUsageStore.Usage(0, 0));
    } finally {
      Waiting.on(database.close().eventually(vertx::close));
    }
  }
}
