package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From a bar of a chart to its deliveries, whose they are, and what an attempt got that another did not. */
class AttemptsTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private String webhook;
  private String delivery;

  @Override
  Installation installation() {
    return keyhook;
  }

  /** One that failed twice in different ways, and was then delivered. */
  @BeforeEach
  void deliver() {
    keyhook.deleteWebhooks();
    Receiver receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated").id();
    receiver.answer(request -> request.response().setStatusCode(503).putHeader("Server", "nginx").putHeader("X-Request-Id", "first")
        .putHeader("Set-Cookie", "session=s3cret").end("{\"error\":\"busy\",\"code\":7,\"retry\":true}"));
    String key = keyhook.license(new JsonObject().put("name", "Studio Pro").put("customerName", "Ada Lovelace")).key();
    keyhook.api().anonymous().validate(key, "device").expect(200);
    delivery = receiver.take().id();
    keyhook.awaitAttempts(delivery, 1);
    receiver.answer(request -> request.response().setStatusCode(500).putHeader("Server", "nginx").putHeader("X-Request-Id", "second")
        .end("{\"error\":\"crashed\",\"code\":7,\"retry\":true}"));
    keyhook.clock().advance(delivery, Duration.ofMinutes(2));
    receiver.take();
    keyhook.awaitAttempts(delivery, 2);
    receiver.answer(Answer.status(200, "ok"));
    keyhook.clock().advance(delivery, Duration.ofMinutes(6));
    receiver.take();
    keyhook.awaitStatus(delivery, "delivered");
    enterAsOwner();
  }

  private void openDelivery() {
    page.navigate(keyhook.node().uri() + "/#/deliveries/" + delivery);
    assertThat(tab.heading("license.activated")).isVisible();
  }

  private Locator difference(String of) {
    return tab.dialog().getByLabel("Difference of the response " + of);
  }

  private Locator rows() {
    return page.locator("tbody tr");
  }

  private Locator chart(String name) {
    return page.getByRole(AriaRole.SLIDER, new Page.GetByRoleOptions().setName(Pattern.compile("^" + name)));
  }

  @Test
  void theHeadersOfAResponseAreInItsAttempt() {
    openDelivery();
    Locator attempt = page.locator(".timeline > li").nth(0);
    assertThat(attempt.getByText("x-request-id")).isHidden();
    attempt.getByText("Response headers").click();
    assertThat(attempt.getByText("x-request-id")).isVisible();
    assertThat(attempt.locator(".headers")).containsText("first");
    assertThat(attempt.locator(".headers")).containsText("[hidden]");
    assertThat(page.getByText("s3cret")).hasCount(0);
  }

  @Test
  void twoAttemptsAreComparedByKeyboard() {
    openDelivery();
    tab.button("Compare attempts").focus();
    page.keyboard().press("Enter");
    assertThat(tab.dialog()).isVisible();
    assertThat(tab.dialog().locator(".compare thead")).containsText("Attempt 3");
    tab.dialog().getByLabel("From", new Locator.GetByLabelOptions().setExact(true)).selectOption("1");
    tab.dialog().getByLabel("To", new Locator.GetByLabelOptions().setExact(true)).selectOption("2");
    assertThat(tab.dialog().locator("tr.changed").nth(0)).containsText("HTTP 503");
    assertThat(tab.dialog().locator("tr.changed").nth(0)).containsText("HTTP 500");
    assertThat(difference("headers").locator("del")).hasCount(3); // with the cookie and the length
    assertThat(difference("headers").getByText("− x-request-id: first")).isVisible();
    assertThat(difference("headers").getByText("+ x-request-id: second")).isVisible();
    assertThat(difference("headers").locator("> span").nth(0)).containsText("server: nginx");
    assertThat(difference("body").locator("del")).hasText(List.of(Pattern.compile("\"error\": \"busy\"")).toArray(Pattern[]::new));
    assertThat(difference("body").locator("ins")).containsText("\"error\": \"crashed\"");
    assertThat(difference("body")).containsText("\"code\": 7");
    tab.dialog().getByLabel("To", new Locator.GetByLabelOptions().setExact(true)).selectOption("1");
    assertThat(tab.dialog().getByText("No difference.")).hasCount(2);
    page.keyboard().press("Escape");
    assertThat(tab.dialog()).hasCount(0);
    assertThat(tab.button("Compare attempts")).isFocused();
  }

  @Test
  void aDialogThatCannotBeLoadedSaysSo() {
    openDelivery();
    page.route("**/later/compare.js", route -> route.abort());
    tab.button("Compare attempts").click();
    assertThat(page.getByText("Couldn’t load this dialog. Check your connection, then reload the page.")).isVisible();
    assertThat(tab.dialog()).hasCount(0);
    page.unroute("**/later/compare.js");
    page.reload();
    tab.button("Compare attempts").click();
    assertThat(tab.dialog()).isVisible();
  }

  @Test
  void theListNamesLicenseAndCustomer() {
    page.navigate(keyhook.node().uri() + "/#/deliveries?webhookId=" + webhook);
    assertThat(rows()).hasCount(1);
    assertThat(rows()).containsText("Studio Pro");
    assertThat(rows()).containsText("Ada Lovelace");
  }

  @Test
  void aBarLeadsToTheDeliveriesBehindIt() {
    page.reload();
    Locator plot = chart("Delivery attempts");
    plot.locator("rect.fill").last().hover();
    plot.focus();
    page.keyboard().press("Enter");
    assertThat(tab.heading("Deliveries")).isVisible();
    assertThat(page.getByText(Pattern.compile("^Deliveries with an attempt from .* until "))).isVisible();
    assertThat(page.locator("tbody a[href$='" + delivery + "']")).isVisible();
    page.navigate(keyhook.node().uri() + "/#/deliveries?attemptedTo=2020-01-01T00:00:00Z");
    assertThat(page.getByText("No matches")).isVisible();
    tab.button("Show all times").click();
    assertThat(page.locator("tbody a[href$='" + delivery + "']")).isVisible();

    page.navigate(keyhook.node().uri() + "/#/webhooks/" + webhook);
    Locator ofWebhook = chart("Attempts in the last 24 hours");
    Locator bar = ofWebhook.locator("rect.fill").last();
    bar.click();
    assertThat(tab.heading("Deliveries")).isVisible();
    assertThat(page.getByLabel("Webhook")).hasValue(webhook);
    assertThat(rows()).hasCount(1);
  }

  @Test
  void theDeliveriesBehindAPointAreALinkBesideIt() {
    page.navigate(keyhook.node().uri() + "/#/webhooks/" + webhook);
    Locator plot = chart("Attempts in the last 24 hours");
    Locator link = page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(Pattern.compile("^Show deliveries of ")));
    plot.focus();
    assertThat(link).hasCount(0);
    plot.locator("rect.fill").last().hover();
    assertThat(link).isVisible();
    page.keyboard().press("Tab");
    assertThat(link).isFocused();
    page.keyboard().press("Enter");
    assertThat(tab.heading("Deliveries")).isVisible();
    assertThat(page.getByLabel("Webhook")).hasValue(webhook);
    assertThat(rows()).hasCount(1);
    page.goBack();
    plot.focus();
    plot.locator("rect.fill").last().hover();
    assertThat(link).isVisible();
    page.keyboard().press("Shift+Tab");
    assertThat(link).hasCount(0);
  }

  @Test
  void onATouchScreenATapShowsTheValuesAndTheNextOneTheDeliveries() {
    Tab phone = chromium.open(new Browser.NewContextOptions().setViewportSize(360, 760).setHasTouch(true).setIsMobile(true));
    try {
      page = phone.page();
      page.navigate(keyhook.node().uri().toString());
      phone.logIn(Node.EMAIL, Node.PASSWORD);
      assertThat(phone.heading("Overview")).isVisible();
      page.navigate(keyhook.node().uri() + "/#/webhooks/" + webhook);
      Locator bar = chart("Attempts in the last 24 hours").locator("rect.fill").last();
      bar.tap();
      assertThat(page.locator(".tip")).containsText("Failed");
      assertThat(phone.heading("Deliveries")).hasCount(0);
      bar.tap();
      assertThat(phone.heading("Deliveries")).isVisible();
      page.goBack();
      bar.tap();
      page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(Pattern.compile("^Show deliveries"))).tap();
      assertThat(phone.heading("Deliveries")).isVisible();
    } finally {
      phone.close();
    }
  }

  @Test
  void whatIsSelectedStaysSelectedWhenTheHourEnds() {
    page.navigate(keyhook.node().uri() + "/#/webhooks/" + webhook);
    Locator plot = chart("Attempts in the last 24 hours");
    plot.locator("rect.fill").last().hover();
    String selected = page.locator(".tip strong").textContent();
    int index = Integer.parseInt(plot.getAttribute("aria-valuenow"));
    page.route("**/api/stats/webhooks", route -> {
      JsonObject stats = new JsonObject(route.fetch().text());
      stats.getJsonArray("data").forEach(of -> nextHour(((JsonObject) of).getJsonArray("hours")));
      route.fulfill(new Route.FulfillOptions().setContentType("application/json").setBody(stats.encode()));
    });
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200);
    assertThat(plot).hasAttribute("aria-valuenow", String.valueOf(index - 1));
    assertThat(page.locator(".tip strong")).hasText(selected);
    page.unroute("**/api/stats/webhooks");
  }

  private static void nextHour(JsonArray hours) {
    Instant last = Instant.parse(hours.getJsonObject(hours.size() - 1).getString("at"));
    hours.remove(0);
    hours.add(new JsonObject().put("at", last.plus(1, ChronoUnit.HOURS).toString()).put("succeeded", 0).put("failed", 0));
  }
}
