package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.FilePayload;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.TokenEndpoint;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong is told at its field, and nothing that was typed is lost. */
class FormsTest extends Visit {
  @RegisterExtension
  static final Installation keyhook =
      Installation.withNode(new JsonObject().put("signup", new JsonObject().put("enabled", true)));

  @Override
  Installation installation() {
    return keyhook;
  }

  private void enter(String name) {
    enterAsOwner();
    tab.visit(name);
  }

  @Test
  void logIn() {
    tab.button("Log in").click();
    assertThat(page.getByText("Enter your e-mail address")).isVisible();
    assertThat(tab.field("E-mail")).isFocused();
    tab.logIn("ada@example.com", "a wrong password");
    assertThat(page.getByText("The e-mail address or password is wrong")).isVisible();
    assertThat(tab.field("E-mail")).hasValue("ada@example.com");
    assertThat(tab.field("Password")).hasValue("a wrong password");
  }

  @Test
  void signUp() {
    page.getByText("Sign up").click();
    assertThat(tab.heading("Sign up")).isVisible();
    tab.field("Account name").fill("Ada's");
    tab.field("E-mail").fill("ada");
    tab.field("Password").fill("short");
    tab.button("Create account").click();
    assertThat(page.getByText("Enter an e-mail address such as ada@example.com")).isVisible();
    assertThat(page.getByText("Must have at least 8 characters")).isVisible();
    tab.field("E-mail").fill(Node.EMAIL);
    tab.field("Password").fill("long enough, is it");
    tab.button("Create account").click();
    assertThat(page.getByText("A user with this e-mail address already exists")).isVisible();
    assertThat(tab.field("Account name")).hasValue("Ada's");
    tab.field("E-mail").fill("ada@example.com");
    tab.button("Create account").click();
    assertThat(tab.heading("Overview")).isVisible();
    tab.visit("Webhooks");
    assertThat(tab.heading("Your plan does not include webhooks")).isVisible();
    for (String path : List.of("/webhooks?create=1", "/portal-links", "/test-endpoint")) {
      page.evaluate("path => { location.hash = path; }", path);
      page.reload();
      assertThat(tab.heading("Your plan does not include webhooks")).isVisible();
      assertThat(page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(Pattern.compile("Create")))).hasCount(0);
      assertThat(tab.dialog()).hasCount(0);
    }
  }

  @Test
  void license() {
    enter("Licenses");
    tab.button("Create license").first().click();
    tab.dialogButton("Create license").click();
    assertThat(page.getByText("Enter a name")).isVisible();
    tab.field("Name").fill("A name");
    tab.field("Activation limit").fill("none");
    tab.field("Customer e-mail").fill("nobody");
    tab.field("Metadata").fill("{");
    tab.dialogButton("Create license").click();
    assertThat(page.getByText("Enter a whole number of 1 or more")).isVisible();
    assertThat(page.getByText("Enter an e-mail address such as ada@example.com")).isVisible();
    assertThat(page.getByText("Must be valid JSON")).isVisible();
    tab.field("Activation limit").fill("3000000000"); // which only Keyhook knows to be too many
    tab.field("Customer e-mail").fill("");
    tab.field("Metadata").fill("{\"seats\": 5}");
    tab.dialogButton("Create license").click();
    assertThat(page.getByText("Must be between 1 and 1000000")).isVisible();
    assertThat(tab.field("Name")).hasValue("A name");
    assertThat(tab.field("Metadata")).hasValue("{\"seats\": 5}");
  }

  @Test
  void aLicenseIsCreatedOnceThoughItsResponseIsLost() {
    enter("Licenses");
    tab.button("Create license").first().click();
    tab.field("Name").fill("Once");
    page.route("**/api/licenses", route -> {
      route.fetch();
      route.abort();
    });
    tab.dialogButton("Create license").click();
    assertThat(tab.dialog().getByText("Can’t reach Keyhook")).isVisible();
    page.unroute("**/api/licenses");
    tab.dialogButton("Close").click();
    assertThat(page.getByText("Keyhook may have saved it already: its response was lost.")).isVisible();
    tab.button("Keep editing").click();
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Once")).isVisible();
    assertThat(keyhook.api().get("/api/licenses?search=Once").data()).hasSize(1);
    tab.visit("Licenses");
    tab.button("Create license").first().click();
    tab.field("Name").fill("Once"); // on purpose
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Once")).isVisible();
    assertThat(keyhook.api().get("/api/licenses?search=Once").data()).hasSize(2);
  }

  @Test
  void aLicenseHasAHeartbeatAndALeaseOfItsOwn() {
    enter("Licenses");
    tab.button("Create license").first().click();
    tab.field("Name").fill("Offline");
    tab.field("Heartbeat").fill("soon");
    tab.field("Lease").fill("2 weeks");
    tab.dialogButton("Create license").click();
    assertThat(page.getByText("Enter a period such as 14 days or 36 hours")).hasCount(2);
    tab.field("Heartbeat").fill("2 minutes");
    tab.field("Lease").fill("60000 days");
    tab.dialogButton("Create license").click();
    assertThat(page.getByText("Must be at least 5 minutes")).isVisible();
    assertThat(page.getByText("Must be at most 50 years")).isVisible();
    tab.field("Heartbeat").fill("36 hours");
    tab.field("Lease").fill("14 days");
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Offline")).isVisible();
    assertThat(page.locator("dl.facts").first()).containsText("Heartbeat36 hours");
    assertThat(page.locator("dl.facts").first()).containsText("Lease14 days");
    tab.button("Edit").click();
    assertThat(tab.field("Lease")).hasValue("14 days");
    tab.field("Lease").fill("");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(page.locator("dl.facts").first()).containsText("Heartbeat36 hours");
    assertThat(page.locator("dl.facts").first()).not().containsText("Lease");
  }

  @Test
  void aSecretStaysUntilItIsCopied() {
    Tab.Held held = tab.hold("**/api/api-keys");
    enter("API keys");
    tab.button("Create API key").first().click();
    tab.field("Name").fill("The shop");
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Create API key").click();
    assertThat(tab.dialogButton("Cancel")).isDisabled();
    page.keyboard().press("Escape");
    page.keyboard().press("Escape");
    assertThat(tab.field("Name")).hasValue("The shop");
    held.release();
    Locator key = tab.dialog().getByText(Pattern.compile("^kh_[A-Za-z0-9_]+$"));
    assertThat(key).isVisible();
    page.keyboard().press("Escape");
    page.keyboard().press("Escape");
    assertThat(key).isVisible();
    tab.dialogButton("I’ve copied the key").click();
    assertThat(tab.dialog()).hasCount(0);
  }

  @Test
  void webhook() {
    enter("Webhooks");
    tab.button("Create webhook").first().click();
    tab.dialogButton("Create webhook").click();
    assertThat(page.getByText("Enter the URL of your endpoint")).isVisible();
    assertThat(page.getByText("Choose at least one event")).isVisible();
    tab.field("URL").fill("ftp://files.example.com/");
    tab.field("Description").fill("Described");
    assertThat(page.getByText("Must begin with https:// or http://")).isVisible();
    tab.dialogButton("Create webhook").click();
    assertThat(tab.field("URL")).hasValue("ftp://files.example.com/");
    assertThat(tab.field("Description")).hasValue("Described");
    tab.field("URL").fill("http://127.0.0.1:9/");
    tab.dialogButton("Create webhook").click();
    assertThat(event("license.validated")).isFocused();
    assertThat(page.getByText("Choose at least one event")).isInViewport(); // the list is longer than the dialog
  }

  @Test
  void webhookForAllEventsOrForSome() {
    enter("Webhooks");
    tab.button("Create webhook").first().click();
    tab.field("URL").fill("http://127.0.0.1:9/all");
    for (String event : List.of("license.created", "license.updated", "license.enabled", "license.deleted")) {
      assertThat(event(event)).isEnabled();
    }
    event("license.created").check();
    event("license.*").check();
    assertThat(event("license.deleted")).isChecked();
    assertThat(event("license.deleted")).isDisabled();
    event("license.*").uncheck();
    assertThat(event("license.created")).isChecked();
    assertThat(event("license.deleted")).not().isChecked();
    event("license.*").check();
    tab.dialogButton("Create webhook").click();
    assertThat(page.getByText("whsec_").first()).isVisible();
    assertThat(keyhook.api().get("/api/webhooks").expect(200).data().stream()
        .filter(webhook -> webhook.getString("url").endsWith("/all")).map(webhook -> webhook.getJsonArray("events").encode()))
        .containsExactly("[\"license.*\"]");
  }

  @Test
  void aMessageIsPreviewedWhileItIsWritten() {
    Receiver receiver = keyhook.receiver();
    enter("Webhooks");
    tab.button("Create webhook").first().click();
    tab.field("URL").fill(receiver.url());
    event("license.created").check();
    tab.field("Format").selectOption("slack");
    Locator preview = tab.field("preview");
    assertThat(preview).containsText("*License activated*");
    tab.field("Template").fill("{{licenceName}}");
    assertThat(page.getByText("{{licenceName}} is not a value of this event")).isVisible();
    tab.field("Text for").selectOption("license.created");
    tab.field("Template").fill("New: *{{licenseName}}*");
    assertThat(preview).containsText("New: *Sample License*");
    tab.field("Text for").selectOption("*");
    assertThat(tab.field("Template")).hasValue("{{licenceName}}");
    tab.field("Template").fill("");
    tab.field("Rate limit").fill("0");
    tab.field("Metadata").fill("{\"edition\"");
    tab.dialogButton("Create webhook").click();
    assertThat(page.getByText("Enter a whole number from 1 to 1,000")).isVisible();
    assertThat(page.getByText("Must be valid JSON")).isVisible();
    tab.field("Rate limit").fill("5");
    tab.field("Metadata").fill("{\"edition\": \"pro\"}");
    tab.field("Order").selectOption("license");
    tab.dialogButton("Create webhook").click();
    assertThat(page.getByText("Webhook created. Send a test event, and look at the chat.")).isVisible();
    assertThat(tab.dialog()).hasCount(0); // a chat has no use for the secret
    assertThat(page.getByText("5 attempts per second")).isVisible();
    assertThat(tab.heading("Verification code")).hasCount(0);
    assertThat(page.getByText("By license")).isVisible();
    JsonObject webhook = keyhook.api().get("/api/webhooks").expect(200).data().stream()
        .filter(one -> one.getString("url").equals(receiver.url())).findFirst().orElseThrow();
    assertThat(webhook.getJsonObject("templates").encode())
        .isEqualTo("{\"license.created\":\"New: *{{licenseName}}*\"}");
    assertThat(webhook.getJsonObject("filters").getJsonObject("metadata").encode())
        .isEqualTo("{\"edition\":\"pro\"}");
    receiver.trust(keyhook.api().post("/api/webhooks/" + webhook.getString("id") + "/rotate-secret", new JsonObject().put("overlapHours", 0))
        .expect(200).json().getString("secret"));
    assertThat(tested(receiver).json().getString("text")).isNotBlank();

    // an edit that changes nothing sends nothing
    tab.button("Edit").click();
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(
        keyhook.api().get("/api/audit?action=webhook.updated&subjectId=" + webhook.getString("id")).data()).isEmpty();
  }

  @Test
  void webhookWithHeadersAndAuthentication() {
    Receiver receiver = keyhook.receiver();
    enter("Webhooks");
    tab.button("Create webhook").first().click();
    tab.field("URL").fill(receiver.url());
    event("license.created").check();
    tab.button("Add header").click();
    tab.field("Name of header 1").fill("X-Api-Key");
    tab.field("Authentication").selectOption("basic");
    tab.dialogButton("Create webhook").click();
    assertThat(page.getByText("Enter the value of X-Api-Key, or remove the header")).isVisible();
    assertThat(page.getByText("Enter the credentials that your endpoint expects")).isVisible();
    tab.field("Value of X-Api-Key").fill("key-of-the-form");
    tab.field("User name").fill("user-of-the-form");
    tab.field("Password").fill("password-of-the-form");
    tab.dialogButton("Create webhook").click();
    receiver.trust(tab.dialog().getByText(Pattern.compile("^whsec_[A-Za-z0-9+/=]+$")).textContent().strip());
    tab.dialogButton("I’ve copied the secret").click();
    assertThat(page.getByText("X-Api-Key", new Page.GetByTextOptions().setExact(true))).isVisible();
    assertThat(page.getByText("Basic", new Page.GetByTextOptions().setExact(true))).isVisible();
    Delivery delivery = tested(receiver);
    assertThat(delivery.header("X-Api-Key")).isEqualTo("key-of-the-form");
    String authorization = delivery.header("Authorization");
    assertThat(authorization).startsWith("Basic ");

    // what is left empty stays
    tab.button("Edit").click();
    assertThat(tab.field("Value of X-Api-Key")).hasValue("");
    assertThat(tab.field("Password")).hasValue("");
    tab.button("Add header").click();
    tab.field("Name of header 2").fill("X-Other");
    tab.field("Value of X-Other").fill("another");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    delivery = tested(receiver);
    assertThat(delivery.header("X-Api-Key")).isEqualTo("key-of-the-form");
    assertThat(delivery.header("X-Other")).isEqualTo("another");
    assertThat(delivery.header("Authorization")).isEqualTo(authorization);

    // but not for another host
    Receiver other = keyhook.receiver();
    tab.button("Edit").click();
    tab.field("URL").fill(other.url());
    assertThat(page.getByText("The new URL has another host")).isVisible();
    tab.dialogButton("Save").click();
    assertThat(page.getByText("Enter the value of X-Other, or remove the header")).isVisible();
    tab.button("Remove X-Other").click();
    tab.field("Value of X-Api-Key").fill("key-of-the-other");
    tab.field("Authentication").selectOption("");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    String secret = keyhook.api().get("/api/webhooks").expect(200).data().stream()
        .filter(webhook -> webhook.getString("url").equals(other.url())).map(webhook -> keyhook.api().post("/api/webhooks/"
            + webhook.getString("id") + "/rotate-secret", new JsonObject()).expect(200).json().getString("secret")).findFirst().orElseThrow();
    other.trust(secret);
    delivery = tested(other);
    assertThat(delivery.header("X-Api-Key")).isEqualTo("key-of-the-other");
    assertThat(delivery.header("X-Other")).isNull();
    assertThat(delivery.header("Authorization")).isNull();
  }

  @Test
  void webhookWithOAuth2() {
    Receiver receiver = keyhook.receiver();
    Vertx vertx = Vertx.vertx();
    try (TokenEndpoint tokens = new TokenEndpoint(vertx)) {
      enter("Webhooks");
      tab.button("Create webhook").first().click();
      tab.field("URL").fill(receiver.url());
      event("license.created").check();
      tab.field("Authentication").selectOption("oauth2");
      tab.field("Token URL").fill(tokens.url());
      tab.field("Client ID").fill("client-of-the-form");
      tab.field("Client secret").fill("secret-of-the-form");
      tab.field("Scope").fill("a b");
      tab.dialogButton("Create webhook").click();
      receiver.trust(tab.dialog().getByText(Pattern.compile("^whsec_[A-Za-z0-9+/=]+$")).textContent().strip());
      tab.dialogButton("I’ve copied the secret").click();
      assertThat(page.getByText(tokens.url())).isVisible();
      assertThat(tested(receiver).header("Authorization")).isEqualTo("Bearer " + TokenEndpoint.TOKEN + 1);
      assertThat(tokens.requests().get(0).form()).containsEntry("scope", "a b");

      tab.button("Edit").click();
      assertThat(tab.field("Client ID")).hasValue("client-of-the-form");
      assertThat(tab.field("Client secret")).hasValue("");
      tab.field("Scope").fill("");
      tab.field("Send the client secret").selectOption("client_secret_post");
      tab.dialogButton("Save").click();
      assertThat(tab.dialog()).hasCount(0);
      tested(receiver);
      assertThat(tokens.requests().get(tokens.requests().size() - 1).form()).doesNotContainKey("scope")
          .containsEntry("client_secret", "secret-of-the-form");
    } finally {
      Waiting.on(vertx.close());
    }
  }

  @Test
  void webhookWithAClientCertificate(@TempDir Path directory) throws Exception {
    TlsFiles files = TlsFiles.in(directory, "client", "other");
    enter("Webhooks");
    tab.button("Create webhook").first().click();
    tab.field("URL").fill("https://127.0.0.1:9/hook");
    event("license.created").check();
    tab.field("Authentication").selectOption("mtls");
    tab.field("Certificate").fill(Files.readString(files.file("client.crt")));
    tab.field("Private key").fill(Files.readString(files.file("other.key")));
    tab.dialogButton("Create webhook").click();
    assertThat(page.getByText("Does not belong to the certificate")).isVisible();
    tab.field("Private key").fill(Files.readString(files.file("client.key")));
    tab.dialogButton("Create webhook").click();
    tab.dialogButton("I’ve copied the secret").click();
    assertThat(page.getByText("CN=client, issued by CN=authority")).isVisible();
    assertThat(page.getByText("Valid until")).isVisible();

    // what is left empty stays
    tab.button("Edit").click();
    assertThat(tab.field("Certificate")).hasValue("");
    assertThat(tab.field("Private key")).hasValue("");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(page.getByText("CN=client, issued by CN=authority")).isVisible();
  }

  private Delivery tested(Receiver receiver) {
    tab.button("Send test event").click();
    return receiver.take();
  }

  @Test
  void person() {
    enter("Team");
    tab.button("Add team member").click();
    tab.field("E-mail").fill(Node.EMAIL);
    tab.field("First password").fill("passwor");
    tab.dialogButton("Add team member").click();
    assertThat(page.getByText("Must have at least 8 characters")).isVisible();
    tab.field("First password").fill("password of theirs");
    tab.dialogButton("Add team member").click();
    assertThat(page.getByText("A user with this e-mail address already exists")).isVisible();
    assertThat(tab.field("First password")).hasValue("password of theirs");
  }

  @Test
  void password() {
    enter("Settings");
    tab.button("Change password").click();
    assertThat(page.getByText("Enter your current password")).isVisible();
    tab.field("Current password").fill("not it at all");
    tab.field("New password").fill("another password");
    tab.button("Change password").click();
    assertThat(page.getByText("Wrong password")).isVisible();
    assertThat(tab.field("New password")).hasValue("another password");
  }

  @Test
  void importing() {
    enter("Licenses");
    tab.button("Import").click();
    tab.dialogButton("Import").click();
    assertThat(page.getByText("Choose a file.")).isVisible();
    page.setInputFiles("#import-file", csv("name,maxActivations\nGood,1\nBad,many\n"));
    tab.dialogButton("Import").click();
    assertThat(page.getByText("Nothing was imported")).isVisible();
    assertThat(page.getByText("line 3: maxActivations")).isVisible();
    page.setInputFiles("#import-file", csv("name,maxActivations\nGood,1\nBetter,3\n"));
    tab.dialogButton("Import").click();
    assertThat(page.getByText("2 licenses imported")).isVisible();
    assertThat(page.getByText("Better")).isVisible();
  }

  @Test
  void aFileIsImportedOnceThoughItsResponseIsLost() {
    enter("Licenses");
    tab.button("Import").click();
    page.setInputFiles("#import-file", csv("name\nImported once\n"));
    page.route("**/api/licenses/import", route -> {
      route.fetch();
      route.abort();
    });
    tab.dialogButton("Import").click();
    assertThat(tab.dialog().getByText("Can’t reach Keyhook")).isVisible();
    page.unroute("**/api/licenses/import");
    tab.dialogButton("Import").click();
    assertThat(page.getByText("1 license imported")).isVisible();
    assertThat(keyhook.api().get("/api/licenses?search=Imported").data()).hasSize(1);
  }

  private static FilePayload csv(String text) {
    return new FilePayload("licenses.csv", "text/csv", text.getBytes(StandardCharsets.UTF_8));
  }
}
