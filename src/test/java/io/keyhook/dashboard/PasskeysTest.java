package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import io.keyhook.testing.Api;
import io.keyhook.testing.Authenticator;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Passkeys with the authenticator that Chromium plays: created in the settings, and used on the login page. */
class PasskeysTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private CDPSession devices;
  /** One for each test: logins of one user are limited. */
  private String email;

  @Override
  Installation installation() {
    return keyhook;
  }

  /** At a name, which a passkey needs, and with a device that recognizes its user. */
  @BeforeEach
  void plugIn() {
    email = UUID.randomUUID() + "@example.com";
    keyhook.api().post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD)
        .put("role", "member")).expect(201);
    page.navigate("http://localhost:" + keyhook.node().uri().getPort());
    devices = page.context().newCDPSession(page);
    devices.send("WebAuthn.enable");
    com.google.gson.JsonObject options = new com.google.gson.JsonObject();
    options.addProperty("protocol", "ctap2");
    options.addProperty("transport", "internal");
    options.addProperty("hasResidentKey", true);
    options.addProperty("hasUserVerification", true);
    options.addProperty("isUserVerified", true);
    options.addProperty("automaticPresenceSimulation", true);
    com.google.gson.JsonObject parameters = new com.google.gson.JsonObject();
    parameters.add("options", options);
    devices.send("WebAuthn.addVirtualAuthenticator", parameters);
  }

  private void logIn() {
    tab.logIn(email, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
    tab.visit("Settings");
    tab.settle();
  }

  private Locator passkeys() {
    return page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Passkeys"));
  }

  private void create(String name) {
    tab.button("Create passkey").click();
    tab.dialog().getByLabel("Name").fill(name);
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Continue").click();
  }

  private void logOut() {
    tab.button("Log out").first().click();
    assertThat(tab.heading("Log in to Keyhook")).isVisible();
  }

  private void logInWithPasskey() {
    tab.button("Log in with a passkey").click();
  }

  @Test
  void aUserCreatesAPasskeyLogsInWithItAndDeletesIt() {
    logIn();
    create("Work laptop");
    assertThat(passkeys()).containsText("Work laptop");
    assertThat(passkeys()).containsText("Never");
    logOut();
    logInWithPasskey();
    assertThat(tab.heading("Settings")).isVisible();
    assertThat(passkeys()).not().containsText("Never");
    page.reload(); // the cookie continues the session
    assertThat(passkeys()).containsText("Work laptop");
    tab.button("Rename the passkey Work laptop").click();
    tab.field("Name").fill("Old laptop");
    tab.dialogButton("Rename").click();
    assertThat(passkeys()).containsText("Old laptop");
    tab.button("Delete the passkey Old laptop").click();
    tab.field("Your password").fill("a guess");
    tab.dialogButton("Delete passkey").click();
    assertThat(page.getByText("Wrong password")).isVisible();
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Delete passkey").click();
    assertThat(passkeys()).hasCount(0);
    logOut();
    logInWithPasskey();
    assertThat(page.getByText("The passkey was not accepted")).isVisible();
  }

  @Test
  void aPasskeyReplacesPasswordAndCode() {
    logIn();
    create("Phone");
    assertThat(passkeys()).containsText("Phone");
    Api user = keyhook.api().anonymous();
    user = user.bearer(user.post("/api/auth/login", new JsonObject().put("email", email)
        .put("password", Node.PASSWORD)).expect(200).json().getString("token"));
    String key = user.post("/api/auth/two-factor", new JsonObject().put("currentPassword", Node.PASSWORD))
        .expect(200).json().getString("secret");
    user.post("/api/auth/two-factor/enable", new JsonObject().put("code", Authenticator.code(key, 0))).expect(200);
    page.reload();
    tab.logIn(email, Node.PASSWORD);
    assertThat(tab.field("Code")).isVisible();
    logInWithPasskey();
    assertThat(tab.heading("Settings")).isVisible();
  }

  @Test
  void aDeviceWithoutAPasskeyLogsNobodyIn() {
    logInWithPasskey();
    assertThat(page.getByText("No passkey was used.")).isVisible();
    assertThat(tab.button("Log in with a passkey")).not().hasAttribute("aria-busy", "true");
    tab.logIn(email, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
  }

  @Test
  void aSecondPasskeyOnTheSameDeviceIsRefusedInWords() {
    logIn();
    create("First");
    assertThat(passkeys()).containsText("First");
    create("Second");
    assertThat(tab.dialog().getByText("This device already has a passkey for your login.")).isVisible();
  }

  @Test
  void anAddressWithoutANameIsExplained() {
    page.navigate(keyhook.node().uri().toString());
    logInWithPasskey();
    assertThat(page.getByText("Passkeys work only at the host name of the dashboard")).isVisible();
  }

  @Test
  void whereTheBrowserHasNoPasskeysNoneAreOffered() {
    page.addInitScript("delete window.PublicKeyCredential");
    page.reload();
    assertThat(tab.button("Log in")).isVisible();
    assertThat(tab.button("Log in with a passkey")).hasCount(0);
    logIn();
    assertThat(tab.heading("Passkeys")).isVisible();
    assertThat(tab.button("Create passkey")).hasCount(0);
  }

  @Test
  void theyLookRightInAllSizesAndSchemes() {
    logIn();
    create("Work laptop of the whole team, which has a long name");
    assertThat(passkeys()).containsText("Work laptop");
    for (boolean in : List.of(true, false)) {
      if (!in) {
        page.setViewportSize(1440, 900);
        logOut();
      }
      for (int width : List.of(1440, 360)) {
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
          page.setViewportSize(width, 900);
          page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
          Locator shown = in ? page.locator("section", new Page.LocatorOptions().setHas(tab.heading("Passkeys"))) : page.locator("main");
          assertThat(shown).isVisible();
          assertThat((Boolean) page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")).as("%s at %s", scheme, width).isTrue();
          shown.screenshot(new Locator.ScreenshotOptions().setPath(Path.of("target", "passkeys",
              (in ? "settings-" : "login-") + width + "-" + scheme.name().toLowerCase(java.util.Locale.ROOT) + ".png")));
        }
      }
    }
  }
}
