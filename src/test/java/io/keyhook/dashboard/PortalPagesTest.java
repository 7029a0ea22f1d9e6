package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A seller creates a portal link in the dashboard, and a customer opens it in another browser. */
class PortalPagesTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  @RegisterExtension
  static final Chromium chromium = new Chromium();

  private Receiver receiver;

  @BeforeEach
  void begin() {
    receiver = keyhook.receiver();
    keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url() + "/of-the-seller").put("isActive", false)
        .put("events", new JsonArray().add("license.*"))).expect(201);
  }

  @AfterEach
  void end() {
    keyhook.deleteWebhooks();
    keyhook.api().get("/api/portal-links").expect(200).data()
        .forEach(link -> keyhook.api().delete("/api/portal-links/" + link.getString("id")).expect(204));
  }

  private static Tab open() {
    return chromium.open(new Browser.NewContextOptions().setViewportSize(1440, 900));
  }

  private static JsonObject link(JsonObject more) {
    return keyhook.api().post("/api/portal-links", new JsonObject().put("customer", "acme")
        .put("customerFilters", new JsonObject().put("customerEmails", new JsonArray().add("ada@example.com"))).mergeIn(more)).expect(201).json();
  }

  private static String url(JsonObject link) {
    return keyhook.node().uri() + link.getString("path");
  }

  @Test
  void aSellerCreatesALinkAndRevokesIt() {
    try (Tab seller = open()) {
      Page page = seller.page();
      page.navigate(keyhook.node().uri() + "/#/webhooks");
      seller.logIn(Node.EMAIL, Node.PASSWORD);
      page.getByText("Portal links").click();
      assertThat(seller.heading("Portal links")).isVisible();
      seller.button("Create portal link").first().click();
      seller.field("Customer").fill("customer-1042");
      seller.dialogButton("Create portal link").click();
      assertThat(page.getByText("Name what makes a license one of this customer’s")).isVisible();
      seller.field("Customer e-mail addresses").fill("ada@example.com");
      seller.dialogButton("Create portal link").click();
      assertThat(seller.heading("Portal link created")).isVisible();
      String url = page.locator(".secret code").textContent();
      assertThat(url).startsWith(keyhook.node().uri() + "/portal#");
      seller.dialogButton("I’ve copied the link").click();
      assertThat(page.locator("tbody")).containsText("customer-1042");
      try (Tab customer = open()) {
        customer.page().navigate(url);
        assertThat(customer.heading("Webhooks")).isVisible();
        seller.button("Revoke the link of customer-1042").click();
        seller.dialogButton("Revoke portal link").click();
        assertThat(seller.heading("No portal links")).isVisible();
        customer.page().reload();
        assertThat(customer.heading("You are not logged in")).isVisible();
        assertThat(customer.complaints()).isEmpty();
      }
      assertThat(seller.complaints()).isEmpty();
    }
  }

  @Test
  void aCustomerCreatesAndTestsAWebhookAndSeesNoOthers() {
    JsonObject link = link(new JsonObject().put("events", new JsonArray().add("license.created").add("license.expired")));
    try (Tab tab = open()) {
      Page page = tab.page();
      page.navigate(url(link));
      assertThat(tab.heading("No webhooks yet")).isVisible();
      assertThat(page.url()).as("the token is in no history").doesNotContain(link.getString("token"));
      assertThat(page.locator("nav")).hasCount(0);
      tab.button("Create webhook").first().click();
      tab.field("URL").fill(receiver.url());
      assertThat(tab.dialog().locator("input[name=events]")).hasCount(2);
      page.locator("label", new Page.LocatorOptions().setHasText("license.created")).click();
      tab.field("Format").selectOption("discord");
      assertThat(tab.field("preview")).containsText("License activated");
      assertThat(tab.field("Text for").locator("option")).hasCount(4); // all others, its two, and the test
      tab.field("Format").selectOption("keyhook");
      tab.dialogButton("Create webhook").click();
      receiver.trust(page.locator(".secret code").textContent());
      tab.dialogButton("I’ve copied the secret").click();
      tab.button("Send test event").click();
      assertThat(page.getByText("Test succeeded")).isVisible();
      assertThat(receiver.take().event()).isEqualTo("webhook.test");
      String id = keyhook.license(new JsonObject().put("name", "Editor").put("customerEmail", "ada@example.com")).id();
      keyhook.license(new JsonObject().put("name", "Other").put("customerEmail", "bob@example.com"));
      Delivery delivery = receiver.take();
      assertThat(delivery.data().getString("licenseId")).isEqualTo(id);
      page.reload();
      page.getByRole(com.microsoft.playwright.options.AriaRole.LINK, new Page.GetByRoleOptions().setName("license.created")).click();
      assertThat(page.getByText("Attempt 1")).isVisible();
      tab.button("Redeliver").click();
      receiver.take();
      page.evaluate("() => { location.hash = '/'; }");
      assertThat(page.locator("tbody tr")).hasCount(1);
      assertThat(page.locator("tbody")).not().containsText("of-the-seller");
      for (String path : List.of("/licenses", "/api-keys", "/people", "/settings", "/audit")) {
        page.evaluate("path => { location.hash = path; }", path);
        assertThat(tab.heading("Not found")).isVisible();
      }
      assertThat(tab.complaints()).isEmpty();
      assertThat(tab.refusals()).isEmpty();
      keyhook.api().delete("/api/portal-links/" + link.getString("id")).expect(204);
      page.evaluate("() => { location.hash = '/'; }");
      assertThat(tab.heading("Your session has ended")).isVisible();
    }
  }

  @Test
  void aFailingWebhookIsNoActiveOneInTheListAndOnItsPage() {
    JsonObject link = link(new JsonObject().put("events", new JsonArray().add("license.created")));
    try (Tab tab = open()) {
      Page page = tab.page();
      page.navigate(url(link));
      tab.button("Create webhook").first().click();
      tab.field("URL").fill(receiver.url());
      page.locator("label", new Page.LocatorOptions().setHasText("license.created")).click();
      tab.dialogButton("Create webhook").click();
      receiver.trust(page.locator(".secret code").textContent());
      tab.dialogButton("I’ve copied the secret").click();
      assertThat(page.locator(".page-head").getByText("Active")).isVisible();
      receiver.answer(Answer.status(500, "no"));
      keyhook.license(new JsonObject().put("name", "Editor").put("customerEmail", "ada@example.com"));
      receiver.take();
      assertThat(page.locator(".page-head").getByText("Failing")).isVisible(new LocatorAssertions.IsVisibleOptions().setTimeout(30_000));
      page.evaluate("() => { location.hash = '/'; }");
      assertThat(page.locator("tbody tr").getByText("Failing")).isVisible();
      assertThat(tab.complaints()).isEmpty();
    }
  }

  @Test
  void aLinkOpensInOneBrowserAndThereAgain() {
    JsonObject link = link(new JsonObject().put("canManage", false));
    try (Tab early = open()) {
      early.page().navigate(url(link(new JsonObject().put("canManage", false))));
      assertThat(early.page().getByText("You can see webhooks here, but not create them.")).isVisible();
      assertThat(early.page().getByText("Enter a URL")).hasCount(0);
    }
    keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url()).put("events", new JsonArray().add("license.created"))
        .put("customer", "acme").put("customerFilters", new JsonObject().put("customerEmails", new JsonArray().add("ada@example.com")))).expect(201);
    try (Tab first = open(); Tab second = open()) {
      first.page().navigate(url(link));
      assertThat(first.page().locator("tbody tr")).hasCount(1);
      assertThat(first.button("Create webhook")).hasCount(0);
      first.page().locator("tbody a").click();
      assertThat(first.page().locator("h1")).hasText(Pattern.compile("127\\.0\\.0\\.1.*"));
      assertThat(first.button("Edit")).hasCount(0);
      assertThat(first.button("Send test event")).hasCount(0);
      first.page().navigate("about:blank");
      first.page().navigate(url(link));
      assertThat(first.heading("Webhooks")).isVisible();
      second.page().navigate(url(link));
      assertThat(second.heading("This link no longer works")).isVisible();
      first.button("Log out").click();
      assertThat(first.dialog()).containsText("Your link works only once");
      first.page().route("**/api/portal/logout", route -> route.fulfill(new Route.FulfillOptions().setStatus(502).setContentType("text/html")
          .setBody("<html>Bad gateway</html>")));
      first.dialogButton("Log out").click();
      assertThat(first.dialog()).containsText("Keyhook returned 502");
      first.page().unroute("**/api/portal/logout");
      first.page().route("**/api/portal/logout", Route::abort);
      first.dialogButton("Log out").click();
      assertThat(first.dialog()).containsText("Can’t reach Keyhook");
      first.page().unroute("**/api/portal/logout");
      first.dialogButton("Log out").click();
      assertThat(first.heading("You are logged out")).isVisible();
      first.page().reload();
      assertThat(first.heading("You are not logged in")).isVisible();
      assertThat(first.complaints()).isEmpty();
      assertThat(second.complaints()).isEmpty();
    }
  }

  /** A browser has one cookie for all portals, that of the link which it opened last. */
  @Test
  void aCustomerLogsOutOfAllTabsOfTheirLinkAndOfNoOther() {
    JsonObject link = link(new JsonObject());
    try (Tab one = open()) {
      Tab same = new Tab(one.page().context());
      Tab other = new Tab(one.page().context());
      one.page().navigate(url(link));
      assertThat(one.heading("Webhooks")).isVisible();
      same.page().navigate(url(link));
      assertThat(same.heading("Webhooks")).isVisible();
      JsonObject another = link(new JsonObject());
      other.page().navigate(url(another));
      assertThat(other.heading("Webhooks")).isVisible();
      one.button("Log out").click();
      one.dialogButton("Log out").click();
      assertThat(one.heading("You are logged out")).isVisible();
      assertThat(same.heading("You are logged out")).isVisible();
      other.page().reload();
      assertThat(other.heading("Webhooks")).isVisible();
      assertThat(keyhook.api().get("/api/portal-links").expect(200).data()).extracting(left -> left.getString("id"))
          .doesNotContain(link.getString("id"));
    }
  }
}
