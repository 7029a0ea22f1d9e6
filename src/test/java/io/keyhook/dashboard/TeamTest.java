package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import io.keyhook.testing.Api;
import io.keyhook.testing.Authenticator;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.QrReader;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Team members with roles: invited by a link, shown what they may do, and helped to a new password. */
class TeamTest extends Visit {
  private static final String CHOSEN = "a password of my own";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  private static void add(String email, String role) {
    keyhook.api().post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD).put("role", role))
        .expect(201);
  }

  private void enter(String email, String password) {
    tab.logIn(email, password);
    assertThat(tab.heading("Overview")).isVisible();
    tab.settle();
  }

  private void goTo(String path) {
    page.evaluate("path => { location.hash = path; }", path);
  }

  /** The link that a dialog shows once. */
  private String shownLink() {
    Locator link = tab.dialog().getByText(Pattern.compile("^http://127\\.0\\.0\\.1.*#/"));
    assertThat(link).isVisible();
    String url = link.textContent().strip();
    tab.dialogButton("I’ve copied the link").click();
    assertThat(tab.dialog()).hasCount(0);
    return url;
  }

  @Test
  void anInvitedColleagueChoosesNameAndPasswordAndIsIn() {
    enter(Node.EMAIL, Node.PASSWORD);
    tab.visit("Team");
    tab.button("Invite team member").click();
    tab.field("E-mail").fill("invited@example.com");
    tab.field("Role").selectOption("support");
    assertThat(tab.dialog()).containsText("Also redelivers");
    tab.dialogButton("Create invitation").click();
    String link = shownLink();
    assertThat(page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Invitations"))).containsText("invited@example.com");
    try (Tab other = chromium.open(new Browser.NewContextOptions())) {
      other.page().navigate(link);
      assertThat(other.page().locator("main")).containsText("invited@example.com");
      assertThat(other.page().locator("main")).containsText("support");
      other.button("Join").click();
      assertThat(other.page().getByText("Enter your name")).isVisible();
      other.field("Your name").fill("Ada Lovelace");
      other.field("Password").fill(CHOSEN);
      other.button("Join").click();
      assertThat(other.heading("Overview")).isVisible();
      other.page().navigate(link);
      other.page().reload();
      assertThat(other.heading("This link no longer works")).isVisible();
      assertThat(other.complaints()).isEmpty();
    }
    page.reload();
    assertThat(page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Team"))).containsText("Ada Lovelace");
  }

  @Test
  void whoJoinedAlthoughTheResponseWasLostIsInAtTheNextClick() {
    String path = keyhook.api().post("/api/invitations", new JsonObject().put("email", "lost@example.com").put("role", "support"))
        .expect(201).json().getString("path");
    page.navigate(keyhook.node().uri() + path);
    tab.field("Your name").fill("Grace Hopper");
    tab.field("Password").fill(CHOSEN);
    page.route("**/api/auth/invitation/accept", route -> {
      route.fetch(); // it arrives, and its response does not
      route.abort();
    });
    tab.button("Join").click();
    assertThat(page.getByText("Can’t reach Keyhook")).isVisible();
    page.unroute("**/api/auth/invitation/accept");
    tab.button("Join").click();
    assertThat(tab.heading("Overview")).isVisible();
    assertThat(page.locator("nav").getByText("lost@example.com")).isVisible();
  }

  @Test
  void whoMayOnlyReadSeesNoButtonThatChangesAnything() {
    add("reads@example.com", "read_only");
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(receiver, "license.disabled").id();
    String license = keyhook.license(1).id();
    enter("reads@example.com", Node.PASSWORD);
    for (String path : List.of("/licenses?create=1", "/licenses/" + license, "/webhooks?create=1", "/webhooks/" + webhook,
        "/deliveries", "/people", "/api-keys", "/test-endpoint")) {
      goTo(path);
      tab.settle();
      assertThat(tab.dialog()).hasCount(0);
      assertThat(page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(Pattern.compile(
          "^(Create|Edit|Delete|Disable|Enable|Pause|Resume|Deactivate|Rotate|Redeliver|Recover|Send test|Invite|Add|Remove|Revoke"
              + "|Import|Extend|Reset).*")))).hasCount(0);
      assertThat(page.getByRole(AriaRole.CHECKBOX)).hasCount(0);
    }
    assertThat(page.getByText("Members and owners of the account can create one.")).isVisible();
  }

  @Test
  void whoSupportsDisablesALicenseAndDoesNotDeleteIt() {
    add("supports@example.com", "support");
    String license = keyhook.license(1).id();
    enter("supports@example.com", Node.PASSWORD);
    goTo("/licenses/" + license);
    assertThat(tab.button("Disable")).isVisible();
    assertThat(tab.button("Delete")).hasCount(0);
    tab.button("Disable").click();
    tab.dialog().getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(Pattern.compile("^Disable"))).click();
    assertThat(page.getByText("This license is disabled")).isVisible();
  }

  @Test
  void anOwnerChangesARoleAndTheLastOwnerStays() {
    add("promoted@example.com", "read_only");
    enter(Node.EMAIL, Node.PASSWORD);
    tab.visit("Team");
    page.getByLabel("Role of promoted@example.com").selectOption("member");
    assertThat(page.getByText("promoted@example.com is now member")).isVisible();
    assertThat(page.getByLabel("Role of promoted@example.com")).hasValue("member");

    String id = keyhook.api().get("/api/users").data().stream().filter(user -> user.getString("email").equals("promoted@example.com"))
        .findAny().orElseThrow().getString("id");
    keyhook.api().patch("/api/users/" + id, new JsonObject().put("role", "support")).expect(200);
    page.getByLabel("Role of promoted@example.com").selectOption("read_only");
    assertThat(page.getByText("Another owner has made promoted@example.com support. Choose again to change that.")).isVisible();
    assertThat(page.getByLabel("Role of promoted@example.com")).hasValue("support");
    page.getByLabel("Role of promoted@example.com").selectOption("read_only");
    assertThat(page.getByText("promoted@example.com is now read-only")).isVisible();

    page.getByLabel("Role of " + Node.EMAIL).selectOption("member");
    tab.dialogButton("Change my role").click();
    assertThat(tab.dialog()).containsText("The last owner cannot be removed");
    tab.dialogButton("Cancel").click();
    assertThat(page.getByLabel("Role of " + Node.EMAIL)).hasValue("owner");
  }

  @Test
  void aForgottenPasswordIsSetByALinkFromAnOwner() {
    add("forgets@example.com", "member");
    enter(Node.EMAIL, Node.PASSWORD);
    tab.visit("Team");
    tab.button("Reset password of forgets@example.com").click();
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Create link").click();
    String link = shownLink();
    try (Tab other = chromium.open(new Browser.NewContextOptions())) {
      other.page().navigate(link);
      other.field("New password").fill(CHOSEN);
      other.button("Set password").click();
      assertThat(other.heading("Log in to Keyhook")).isVisible();
      assertThat(other.page().getByText("Forgot your password? Ask an owner of your account or your administrator")).isVisible();
      other.logIn("forgets@example.com", CHOSEN);
      assertThat(other.heading("Overview")).isVisible();
      assertThat(other.complaints()).isEmpty();
    }
  }

  @Test
  void anotherSessionIsEndedFromTheSettings() {
    add("twice@example.com", "member");
    try (Tab other = chromium.open(new Browser.NewContextOptions())) {
      other.page().navigate(keyhook.node().uri().toString());
      other.logIn("twice@example.com", Node.PASSWORD);
      assertThat(other.heading("Overview")).isVisible();
      enter("twice@example.com", Node.PASSWORD);
      tab.visit("Settings");
      Locator sessions = page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Sessions"));
      assertThat(sessions.getByRole(AriaRole.ROW)).hasCount(3); // with the heading
      assertThat(sessions).containsText("This session");
      assertThat(sessions).containsText("Chrome on Linux");
      tab.button("End all others").click();
      tab.dialogButton("End sessions").click();
      assertThat(sessions.getByRole(AriaRole.ROW)).hasCount(2);
      other.visit("Licenses");
      assertThat(other.heading("Log in again")).isVisible();
    }
  }

  @Test
  void aLoginAsksForACodeOnceTwoFactorAuthenticationIsOn() {
    add("careful@example.com", "member");
    enter("careful@example.com", Node.PASSWORD);
    tab.visit("Settings");
    tab.button("Turn on").click();
    tab.field("Your password").fill("wrong password");
    tab.dialogButton("Continue").click();
    assertThat(tab.dialog()).containsText("Wrong password");
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Continue").click();
    String key = tab.dialog().getByRole(AriaRole.GROUP, new Locator.GetByRoleOptions().setName("key")).textContent().strip();
    assertThat(key).matches("[A-Z2-7]{4}( [A-Z2-7]{4}){7}");
    assertThat(tab.dialog().getByRole(AriaRole.LINK)).hasAttribute("href", Pattern.compile("^otpauth://totp/Keyhook:careful%40.*"
        + key.replace(" ", "") + ".*"));
    for (ColorScheme scheme : new ColorScheme[] {ColorScheme.LIGHT, ColorScheme.DARK}) {
      for (int width : new int[] {1280, 360}) {
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
        page.setViewportSize(width, 900);
        tab.settle(); // drawn in these colors, at this width
        Locator qr = tab.dialog().getByRole(AriaRole.IMG, new Locator.GetByRoleOptions().setName("QR code of the key below"));
        String link = tab.dialog().getByRole(AriaRole.LINK).getAttribute("href");
        await("at %d, %s".formatted(width, scheme)).pollInSameThread().atMost(Waiting.LONG).untilAsserted(() -> // until it is drawn so
            org.assertj.core.api.Assertions.assertThat(QrReader.read(qr.screenshot())).isEqualTo(link));
      }
    }
    page.setViewportSize(1280, 900);
    tab.field("Code").fill(Authenticator.code(key.replace(" ", ""), 0));
    tab.dialogButton("Turn on").click();
    assertThat(tab.heading("Two-factor authentication is on")).isVisible();
    String codes = tab.dialog().getByRole(AriaRole.GROUP, new Locator.GetByRoleOptions().setName("recovery codes")).textContent();
    assertThat(codes.lines()).hasSize(10);
    tab.dialogButton("I’ve kept the codes").click();
    assertThat(tab.button("Turn off")).isVisible();
    tab.button("Log out").click();
    tab.logIn("careful@example.com", Node.PASSWORD);
    assertThat(tab.field("Code")).isFocused();
    tab.field("Code").fill("000000");
    tab.button("Log in").click();
    assertThat(page.getByText("The code is wrong, has expired, or was used before")).isVisible();
    tab.field("Code").fill(codes.lines().findFirst().orElseThrow());
    tab.button("Log in").click();
    assertThat(tab.heading("Settings")).isVisible();
    tab.button("Turn off").click();
    tab.field("Your password").fill(Node.PASSWORD);
    tab.field("Code").fill(codes.lines().skip(1).findFirst().orElseThrow());
    tab.dialogButton("Turn off").click();
    assertThat(tab.button("Turn on")).isVisible();
  }

  @Test
  void aKeyIsRevokedWithTheKeysThatItHasCreatedUnlessTheyAreKept() {
    enter(Node.EMAIL, Node.PASSWORD);
    tab.visit("API keys");
    for (boolean keep : List.of(true, false)) {
      String name = keep ? "Rotated" : "Stolen";
      String first = key(keyhook.api(), name);
      String second = key(keyhook.api().anonymous().bearer(first), name + " child");
      String third = key(keyhook.api().anonymous().bearer(second), name + " grandchild");
      page.reload();
      page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Revoke " + name).setExact(true)).click();
      assertThat(tab.dialog()).containsText(name + " child, " + name + " grandchild");
      if (keep) {
        page.getByRole(AriaRole.CHECKBOX).check();
      }
      tab.dialogButton("Revoke API key").click();
      assertThat(tab.dialog()).hasCount(0);
      keyhook.api().anonymous().bearer(first).get("/api/account").expect(401);
      for (String made : List.of(second, third)) {
        keyhook.api().anonymous().bearer(made).get("/api/account").expect(keep ? 200 : 401);
      }
    }
  }

  @Test
  void aStolenKeyIsRevokedWithItsKeysEvenIfTheyCannotBeListed() {
    enter(Node.EMAIL, Node.PASSWORD);
    String first = key(keyhook.api(), "Unlisted");
    String second = key(keyhook.api().anonymous().bearer(first), "Unlisted child");
    tab.visit("API keys");
    page.route("**/api/api-keys?limit=100", route -> route.fulfill(new Route.FulfillOptions().setStatus(503)
        .setContentType("application/problem+json").setBody("""
            {"code": "OVERLOADED", "detail": "Too much to do at the moment."}""")));
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Revoke Unlisted").setExact(true)).click();
    assertThat(tab.dialog()).containsText("Too much to do at the moment.");
    assertThat(page.getByRole(AriaRole.CHECKBOX)).not().isChecked();
    tab.dialogButton("Revoke API key").click();
    assertThat(tab.dialog()).hasCount(0);
    for (String key : List.of(first, second)) {
      keyhook.api().anonymous().bearer(key).get("/api/account").expect(401);
    }
  }

  private static String key(Api api, String name) {
    return api.post("/api/api-keys", new JsonObject().put("name", name)).expect(201).json().getString("key");
  }

  @Test
  void anOwnerInvitesAnotherOwnerWithTheirPasswordAndRevokesPasswordLinks() {
    add("forgot@example.com", "member");
    enter(Node.EMAIL, Node.PASSWORD);
    tab.visit("Team");
    tab.button("Invite team member").click();
    tab.field("E-mail").fill("second.owner@example.com");
    assertThat(tab.field("Your password")).hasCount(0);
    tab.field("Role").selectOption("owner");
    tab.dialogButton("Create invitation").click();
    assertThat(page.getByText("Enter your current password")).isVisible();
    tab.field("Your password").fill("a guess");
    tab.dialogButton("Create invitation").click();
    assertThat(page.getByText("Wrong password")).isVisible();
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Create invitation").click();
    shownLink();
    page.getByLabel("Role of forgot@example.com").selectOption("owner");
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Make owner").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(page.getByLabel("Role of forgot@example.com")).hasValue("owner");
    tab.button("Reset password of forgot@example.com").click();
    tab.field("Your password").fill(Node.PASSWORD);
    tab.dialogButton("Create link").click();
    String link = shownLink();
    Locator links = page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Password links"));
    assertThat(links).containsText("forgot@example.com");
    tab.button("Revoke the password link of forgot@example.com").click();
    tab.dialogButton("Revoke link").click();
    assertThat(page.getByText("No open password links.")).isVisible();
    String token = link.substring(link.lastIndexOf('/') + 1);
    keyhook.api().anonymous().post("/api/auth/new-password", new JsonObject().put("token", token).put("newPassword", CHOSEN))
        .expect(404);
  }

  @Test
  void anOpenDashboardFollowsTheRoleOfItsUser() {
    add("demoted@example.com", "member");
    page.clock().install();
    enter("demoted@example.com", Node.PASSWORD);
    tab.visit("Licenses");
    assertThat(tab.button("Create license").first()).isVisible();
    String id = keyhook.api().get("/api/users").data().stream().filter(user -> user.getString("email").equals("demoted@example.com"))
        .findAny().orElseThrow().getString("id");
    keyhook.api().patch("/api/users/" + id, new JsonObject().put("role", "read_only")).expect(200);
    tab.button("Create license").first().click();
    tab.field("Name").fill("Refused");
    tab.dialogButton("Create license").click();
    assertThat(tab.dialog().getByText("Your role, Read-only, does not allow this. You need the role Member or Owner, which an owner of the "
        + "account can give you on the Team page")).isVisible();
    tab.dialogButton("Cancel").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(tab.button("Create license")).hasCount(0);

    tab.field("Search").fill("typed");
    keyhook.api().patch("/api/users/" + id, new JsonObject().put("role", "member")).expect(200);
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))"); // as when the user comes back to the tab
    assertThat(tab.button("Create license").first()).isVisible();
    assertThat(tab.field("Search")).hasValue("typed");
    keyhook.api().patch("/api/users/" + id, new JsonObject().put("role", "support")).expect(200);
    page.clock().fastForward(15_000);
    tab.visit("Webhooks");
    assertThat(tab.button("Create webhook")).hasCount(0);
  }

  @Test
  void aKeyIsCreatedWithAScopeAndAnExpiry() {
    enter(Node.EMAIL, Node.PASSWORD);
    tab.visit("API keys");
    tab.button("Create API key").first().click();
    tab.field("Name").fill("Reporting");
    tab.field("Your password").fill(Node.PASSWORD);
    tab.field("Access").selectOption("scopes");
    tab.dialogButton("Create API key").click();
    assertThat(page.getByText("Choose at least one scope")).isVisible();
    page.getByRole(AriaRole.CHECKBOX, new Page.GetByRoleOptions().setName(Pattern.compile("^Read"))).check();
    tab.field("Expires").selectOption("30");
    page.route("**/api/api-keys", route -> { // its response is lost
      route.fetch();
      route.abort();
    });
    tab.dialogButton("Create API key").click();
    assertThat(tab.dialog().getByText("Can’t reach Keyhook")).isVisible();
    page.unroute("**/api/api-keys");
    tab.dialogButton("Create API key").click();
    String key = tab.dialog().getByText(Pattern.compile("^kh_")).textContent().strip();
    tab.dialogButton("I’ve copied the key").click();
    Locator row = page.getByRole(AriaRole.ROW, new Page.GetByRoleOptions().setName(Pattern.compile("Reporting")));
    assertThat(row).hasCount(1);
    assertThat(row).containsText("Read");
    assertThat(row).containsText(Pattern.compile("in \\d+ |next month"));
    keyhook.api().anonymous().bearer(key).get("/api/licenses").expect(200);
    keyhook.api().anonymous().bearer(key).post("/api/licenses", new JsonObject().put("name", "L")).expect(403, "SCOPE_REQUIRED");
  }
}
