package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Installation;
import io.keyhook.testing.MailServer;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A user who forgot the password sets a new one by a link in a mail. */
class ForgottenPasswordTest extends Visit {
  private static final Pattern TOKEN = Pattern.compile("/#/new-password/(\\S+)");

  static final MailServer mails = new MailServer();

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("mail", new JsonObject()
      .put("host", "127.0.0.1").put("port", mails.port()).put("tls", "none").put("from", "keyhook@example.com")
      .put("dashboardUrl", "https://keyhook.example.com")));

  @Override
  Installation installation() {
    return keyhook;
  }

  @AfterAll
  static void closeMails() throws IOException {
    mails.close();
  }

  @Test
  void aMailedLinkLeadsBackIn() {
    keyhook.api().post("/api/users", new JsonObject().put("email", "forgets@example.com").put("password", Node.PASSWORD)
        .put("role", "member")).expect(201);
    page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Forgot your password?")).click();
    assertThat(tab.heading("Forgot your password?")).isVisible();
    assertThat(tab.field("E-mail")).isFocused();
    tab.button("Send link").click();
    assertThat(page.getByText("Enter an e-mail address such as")).isVisible();
    tab.field("E-mail").fill("forgets@example.com");
    tab.button("Send link").click();
    assertThat(tab.heading("Check your mail")).isVisible();
    assertThat(page.getByRole(AriaRole.STATUS).first()).containsText("forgets@example.com");
    assertThat(page.getByRole(AriaRole.STATUS).first()).containsText("within 1 hour");

    Matcher token = TOKEN.matcher(mails.take().replace("=\n", ""));
    org.assertj.core.api.Assertions.assertThat(token.find()).isTrue();
    page.evaluate("path => { location.hash = path; }", "/new-password/" + token.group(1));
    tab.field("New password").fill("a password of my own");
    tab.button("Set password").click();
    assertThat(tab.heading("Log in to Keyhook")).isVisible();
    tab.logIn("forgets@example.com", "a password of my own");
    assertThat(tab.heading("Overview")).isVisible();
  }

  @Test
  void anUnknownAddressGetsTheSameWords() {
    page.evaluate("path => { location.hash = path; }", "/forgot-password");
    tab.field("E-mail").fill("nobody@example.com");
    tab.button("Send link").click();
    assertThat(page.getByRole(AriaRole.STATUS).first()).containsText("If nobody@example.com is the address of a team member");
    tab.button("Try another address").click();
    assertThat(tab.field("E-mail")).isFocused();
    page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Back to login")).click();
    assertThat(tab.heading("Log in to Keyhook")).isVisible();
  }
}
