package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.bus.Id;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The administrator's page: accounts and the node, with the operator key. */
class AdministrationTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private final String email = "shop-" + UUID.randomUUID() + "@example.com";
  private String account;

  @Override
  Installation installation() {
    return keyhook;
  }

  private static String create(String email) {
    return keyhook.node().operator().post("/api/admin/accounts", new JsonObject().put("name", "A shop").put("email", email)
        .put("password", Node.PASSWORD).put("plan", "professional")).expect(201).json().getString("id");
  }

  /** The same without a password, whose hash takes long. */
  private static String insert(String email) {
    return Id.ACCOUNT.of(UUID.fromString(keyhook.database().value("""
        WITH account AS (
          INSERT INTO keyhook.account (name, plan) VALUES ('A shop', 'professional') RETURNING account_id
        ), member AS (
          INSERT INTO keyhook.member (account_id, email, password_hash) SELECT account_id, ?, 'none' FROM account
        )
        SELECT account_id FROM account""", email)));
  }

  @BeforeEach
  void logIn() {
    account = create(email);
    page.navigate(keyhook.node().uri() + "/admin");
    assertThat(tab.field("Operator key")).isFocused();
    page.keyboard().insertText(Node.OPERATOR_KEY);
    page.keyboard().press("Enter");
    assertThat(tab.heading("Accounts")).isVisible();
  }

  private Locator accounts() {
    return page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Accounts"));
  }

  private void visit() {
    page.evaluate("path => { location.hash = path; }", "/accounts/" + account);
    assertThat(tab.heading("A shop")).isVisible();
    tab.settle();
  }

  private JsonObject found() {
    return keyhook.node().operator().get("/api/admin/accounts/" + account).expect(200).json();
  }

  @Test
  void theKeyEndsWithThePageAndAnotherIsRefused() {
    assertThat(page.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + document.cookie").toString())
        .doesNotContain(Node.OPERATOR_KEY);
    page.reload();
    tab.field("Operator key").fill("another-operator-key-0123456789-abcdef");
    tab.button("Log in").click();
    assertThat(page.getByText("This is not the operator key of this server")).isVisible();
    tab.field("Operator key").fill(Node.OPERATOR_KEY);
    tab.button("Log in").click();
    assertThat(tab.heading("Accounts")).isVisible();
    tab.button("Log out").click();
    assertThat(tab.field("Operator key")).isVisible();
    assertThat(tab.field("Operator key")).hasValue("");
  }

  @Test
  void accountsAreFoundByPartOfAnEMailAddressAndPaged() {
    List<String> many = java.util.stream.IntStream.range(0, 51).mapToObj(i -> insert("page-" + i + "-" + email)).toList();
    tab.field("E-mail of a team member").fill("page-7-" + email.substring(0, 20).toUpperCase(java.util.Locale.ROOT));
    assertThat(accounts().getByRole(AriaRole.LINK)).hasCount(1);
    assertThat(accounts()).containsText("page-7-" + email);
    tab.field("E-mail of a team member").fill(email.substring(0, 20));
    tab.button("Next").click();
    assertThat(accounts()).containsText(account);
    assertThat(accounts().getByRole(AriaRole.LINK)).hasCount(2);
    tab.button("Previous").click();
    assertThat(accounts()).containsText(many.get(50));
    tab.field("E-mail of a team member").fill("nobody-has-this@example.com");
    assertThat(tab.heading("No matches")).isVisible();
  }

  @Test
  void anAccountIsSuspendedWithAReasonAndResumedAndItsLogTellsSo() {
    visit();
    tab.button("Suspend").click();
    tab.field("Reason").fill("Unpaid since May");
    tab.dialogButton("Suspend account").click();
    assertThat(page.locator("main")).containsText("Unpaid since May");
    Locator log = page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Audit log"));
    assertThat(log).containsText("operator");
    assertThat(log.getByRole(AriaRole.LINK)).hasCount(0); // the pages of subjects are in the dashboard
    assertThat(found().getString("suspensionReason")).isEqualTo("Unpaid since May");
    page.evaluate("location.hash = '/'");
    assertThat(accounts()).containsText("Unpaid since May");
    visit();
    tab.button("Resume").click();
    tab.field("Reason").fill("Paid");
    tab.dialogButton("Resume account").click();
    assertThat(tab.button("Suspend")).isVisible();
    assertThat(found().getString("suspendedAt")).isNull();
    assertThat(found().getString("suspensionReason")).isEqualTo("Paid");
  }

  @Test
  void anAccountIsExportedAsAFile() throws Exception {
    visit();
    Download download = page.waitForDownload(() -> tab.button("Export").click());
    assertThat(download.suggestedFilename()).isEqualTo(account + ".zip");
    try (ZipFile zip = new ZipFile(download.path().toFile())) {
      assertThat(new String(zip.getInputStream(zip.getEntry("team.jsonl")).readAllBytes())).contains(email);
    }
    Files.deleteIfExists(download.path());
  }

  @Test
  void anAccountIsErasedOnlyWhenItIsSuspendedAndItsIdWasTyped() {
    visit();
    tab.button("Erase").click();
    assertThat(tab.dialog()).containsText("Suspend the account first");
    tab.dialog().locator("footer").getByText("Close").click();
    keyhook.node().operator().post("/api/admin/accounts/" + account + "/suspend", new JsonObject()).expect(200);
    page.evaluate("location.hash = '/'");
    visit();
    tab.button("Erase").click();
    tab.dialog().getByRole(AriaRole.TEXTBOX).fill(account.substring(1));
    assertThat(tab.dialogButton("Erase account")).hasAttribute("aria-disabled", "true");
    tab.dialog().getByRole(AriaRole.TEXTBOX).fill(account);
    tab.dialogButton("Erase account").click();
    assertThat(tab.heading("Accounts")).isVisible();
    keyhook.node().operator().get("/api/admin/accounts/" + account).expect(404);
  }

  @Test
  void aTeamMemberGetsALinkForANewPassword() {
    visit();
    tab.button("Create password link").click();
    assertThat(tab.field("E-mail of the team member")).hasValue(email);
    tab.dialogButton("Create link").click();
    Locator link = tab.dialog().getByText(Pattern.compile("^http://127\\.0\\.0\\.1.*#/new-password/"));
    String url = link.textContent().strip();
    tab.dialogButton("I’ve copied the link").click();
    page.navigate(url);
    assertThat(tab.heading("Set a new password")).isVisible();
  }

  @Test
  void theStateOfTheNodeIsShownAndItsConfigurationReloaded() {
    tab.visit("Node");
    tab.settle();
    assertThat(page.locator("main")).containsText("ready");
    assertThat(page.locator("main")).containsText(keyhook.node().operator().get("/api/admin/node").expect(200).json()
        .getString("schema"));
    assertThat(page.locator("main")).containsText("30 days");
    tab.button("Reload configuration").click();
    assertThat(page.getByText("Configuration reloaded; nothing changed")).isVisible();
  }

  private Locator fact(String name) {
    return page.locator("dl.facts > div").filter(new Locator.FilterOptions().setHas(page.locator("dt",
        new Page.LocatorOptions().setHasText(Pattern.compile("^" + name + "$"))))).locator("dd");
  }

  private static final List<String> MEASURED = List.of(
      "Clock", "Waiting", "In progress", "Retrying", "Paused", "Oldest due delivery", "Behind schedule", "Partitions ahead", "Partitions overdue");

  @Test
  void aValueThatTheNodeDoesNotKnowIsNotShownAsZero() {
    JsonObject state = keyhook.node().operator().get("/api/admin/node").expect(200).json();
    JsonObject unknown = state.copy().put("queue", new JsonObject());
    List.of("oldestDueSeconds", "behindSeconds", "partitionsAheadSeconds", "partitionsOverdue", "clockAheadSeconds").forEach(unknown::putNull);
    page.route("**/api/admin/node", route -> route.fulfill(new Route.FulfillOptions().setContentType("application/json")
        .setBody(unknown.encode())));
    tab.visit("Node");
    for (String name : MEASURED) {
      assertThat(fact(name)).hasText("–");
    }
    page.unroute("**/api/admin/node");
    JsonObject idle = unknown.put("oldestDueSeconds", 500).put("behindSeconds", 0).put("partitionsOverdue", 0)
        .put("queue", new JsonObject().put("waiting", 0).put("leased", 1234).put("retrying", 0).put("paused", 0));
    page.route("**/api/admin/node", route -> route.fulfill(new Route.FulfillOptions().setContentType("application/json")
        .setBody(idle.encode())));
    page.evaluate("location.hash = '/'");
    tab.visit("Node");
    assertThat(fact("In progress")).hasText("1,234");
    assertThat(fact("Oldest due delivery")).hasText("8 min");
    assertThat(fact("Behind schedule")).hasText("no");
    assertThat(page.locator("dl.facts .badge.bad")).hasCount(0);
    assertThat(fact("Partitions overdue")).hasText("0");
  }

  @Test
  void thePageIsOnlineAgainWhereTheHostMountsNoProbes() {
    Locator offline = page.getByText("No connection to Keyhook");
    page.route("**/health/live", route -> route.fulfill(new Route.FulfillOptions().setStatus(404)));
    page.route("**/api/admin/**", Route::abort);
    page.evaluate("path => { location.hash = path; }", "/accounts/" + account); // asks once, and not again by itself
    assertThat(offline).isVisible();
    page.unroute("**/api/admin/**");
    assertThat(tab.heading("A shop")).isVisible();
    assertThat(offline).hasCount(0);
  }
}
