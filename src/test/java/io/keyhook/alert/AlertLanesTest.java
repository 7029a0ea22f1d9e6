package io.keyhook.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.MailServer;
import io.keyhook.testing.Node;
import io.keyhook.testing.SlackServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Servers that hang delay the alerts of their own account only. */
class AlertLanesTest {
  private static final MailServer mails = new MailServer();

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("mail", new JsonObject()
      .put("host", "127.0.0.1").put("port", mails.port()).put("tls", "none").put("from", "keyhook@example.com")));

  private static final JsonArray CAUSES = new JsonArray(List.of("webhook.failing", "webhook.recovered", "webhook.deactivated",
      "license.expiring", "plan.limit"));
  private static final int USERS = 12;

  @AfterAll
  static void close() throws IOException {
    mails.close();
  }

  /** The more causes a user has chosen, the longer the messages have been due. */
  private static void raiseAll(String channel) {
    keyhook.database().update("""
        INSERT INTO keyhook.alert_message (account_id, user_id, channel, cause, lines, total, due_at)
        SELECT account_id, user_id, ?, cause, '{A line}', 1, now() - make_interval(mins => cardinality(causes))
        FROM keyhook.alert_setting, unnest(causes) cause""", channel);
  }

  @Test
  void anAccountWhoseSlackUrlsHangDelaysNeitherOthersNorMail() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 200, InetAddress.getLoopbackAddress()); SlackServer slack = new SlackServer()) {
      Api hanging = keyhook.account("enterprise");
      for (int i = 0; i < USERS; i++) {
        String email = "user-" + i + "@example.com";
        hanging.post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD).put("role", "member")).expect(201);
        Api user = hanging.anonymous().bearer(hanging.anonymous().post("/api/auth/login",
            new JsonObject().put("email", email).put("password", Node.PASSWORD)).expect(200).json().getString("token"));
        user.patch("/api/alerts", new JsonObject().put("slackUrl", "http://127.0.0.1:" + silent.getLocalPort() + "/hook")
            .put("causes", CAUSES)).expect(200);
      }
      Api other = keyhook.account("enterprise");
      other.patch("/api/alerts", new JsonObject().put("slackUrl", slack.url()).put("mail", true)
          .put("causes", new JsonArray().add("plan.limit"))).expect(200);
      raiseAll("slack"); // 60 attempts of 10 s are due before that of the other account
      assertThat(slack.take()).startsWith("*Plan limit near*");
      raiseAll("mail");
      assertThat(mails.take()).contains("Subject: Keyhook: Plan limit near\n");
      assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.alert_message WHERE channel = 'slack' AND total > 0"))
          .as("what hangs still waits").isEqualTo(USERS * CAUSES.size());
    }
  }
}
