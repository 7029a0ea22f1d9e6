package io.keyhook.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.MailServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** E-mail addresses are not confirmed, so a server sends few test messages by mail, whoever asks for them. */
class AlertTestMailsTest {
  private static final MailServer mails = new MailServer();

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("mail", new JsonObject()
      .put("host", "127.0.0.1").put("port", mails.port()).put("tls", "none").put("from", "keyhook@example.com")));

  @AfterAll
  static void close() throws IOException {
    mails.close();
  }

  @Test
  void accountsTogetherHaveALimit() {
    List<JsonObject> refused = new ArrayList<>();
    for (int i = 0; i < 12 && refused.isEmpty(); i++) {
      Api account = keyhook.account("enterprise");
      account.patch("/api/alerts", new JsonObject().put("mail", true)).expect(200);
      for (int test = 0; test < 5 && refused.isEmpty(); test++) {
        JsonObject mail = account.post("/api/alerts/test", new JsonObject()).expect(200).json().getJsonObject("mail");
        if (!mail.getBoolean("success")) {
          refused.add(mail);
        }
      }
    }
    assertThat(refused).hasSize(1);
    assertThat(refused.get(0).getString("error")).contains("Send the test again in a minute");
  }
}
