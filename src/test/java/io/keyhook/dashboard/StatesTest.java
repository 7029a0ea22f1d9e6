package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** While it loads, when it fails, without a connection, and when the login is over: it says so, and goes on from there. */
class StatesTest extends Visit {
  private static final String LICENSES = "**/api/licenses?**";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    enterAsOwner();
  }

  @Test
  void whileItLoadsThereIsAShapeOfIt() {
    Tab.Held held = tab.hold(LICENSES);
    tab.visit("Licenses");
    assertThat(page.locator(".skeleton").first()).isVisible();
    held.release();
    assertThat(tab.heading("No licenses yet")).isVisible();
    assertThat(page.locator(".skeleton")).hasCount(0);
  }

  @Test
  void aRefusalIsToldAndCanBeTriedAgain() {
    refuse(LICENSES);
    tab.visit("Licenses");
    assertThat(page.getByText("Too much to do at the moment.")).isVisible();
    page.unroute(LICENSES);
    tab.button("Try again").click();
    assertThat(tab.heading("No licenses yet")).isVisible();
  }

  private void refuse(String url) {
    page.route(url, route -> route.fulfill(new Route.FulfillOptions().setStatus(503)
        .setContentType("application/problem+json").setBody("""
            {"code": "OVERLOADED", "detail": "Too much to do at the moment."}""")));
  }

  @Test
  void whatIsOutOfDateIsNotShownAsIfItWereNot() {
    refuse("**/api/stats?**");
    page.getByLabel("30 days").check();
    assertThat(page.getByText("Couldn’t refresh this")).isVisible();
    assertThat(tab.heading("Validations")).isVisible();
    page.unroute("**/api/stats?**");
    tab.button("Try again").click();
    assertThat(page.getByText("Couldn’t refresh this")).hasCount(0);
  }

  @Test
  void aRefusalAtTheStartIsNoLogout() {
    refuse("**/api/auth/refresh");
    page.reload();
    assertThat(page.getByText("Keyhook is not ready")).isVisible();
    assertThat(page.getByText("Too much to do at the moment.")).isVisible();
    page.unroute("**/api/auth/refresh");
    assertThat(tab.heading("Overview")).isVisible();
  }

  @Test
  void aDeliveryIsFollowedPastARefusal() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    keyhook.webhook(receiver, "license.validated");
    keyhook.api().anonymous().validate(keyhook.license(1).key(), "device-1").expect(200);
    String id = receiver.take().id();
    page.evaluate("path => { location.hash = path; }", "/deliveries/" + id);
    assertThat(page.getByText("Sending now")).isVisible();
    page.route("**/api/deliveries/" + id, route -> { // as it is while other deliveries take all places
      JsonObject delivery = new JsonObject(route.fetch().text());
      route.fulfill(new Route.FulfillOptions().setContentType("application/json")
          .setBody(delivery.put("nextAttemptAt", delivery.getValue("createdAt")).encode()));
    });
    assertThat(page.getByText("Due now")).isVisible();
    assertThat(page.locator(".notice")).containsText("Keyhook sends it as soon as earlier deliveries and the webhook’s rate limit leave room.");
    page.unroute("**/api/deliveries/" + id);
    refuse("**/api/deliveries/" + id);
    assertThat(page.getByText("Couldn’t refresh this")).isVisible();
    page.unroute("**/api/deliveries/" + id);
    held.release();
    assertThat(page.locator("header .badge").getByText("Delivered")).isVisible();
    assertThat(page.getByText("Couldn’t refresh this")).hasCount(0);
    keyhook.deleteWebhooks();
    deleteLicenses();
  }

  @Test
  void whatOneDoesIsInAllCards() {
    page.evaluate("path => { location.hash = path; }", "/licenses/" + keyhook.license(1).id());
    assertThat(tab.heading("A license")).isVisible();
    tab.field("Device fingerprint").fill("device-1");
    tab.button("Test").click();
    assertThat(page.getByText("Valid", new Page.GetByTextOptions().setExact(true))).isVisible();
    tab.button("Disable").click();
    tab.dialogButton("Disable license").click();
    assertThat(page.getByText("Disabled a license")).isVisible();
    assertThat(page.getByText("Valid", new Page.GetByTextOptions().setExact(true))).hasCount(0);
    deleteLicenses();
  }

  @Test
  void whenSomebodyElseLogsInInAnotherTabThisOneIsTheirsToo() {
    String email = "grace@example.com";
    keyhook.node().operator().post("/api/admin/accounts", new JsonObject().put("name", "Grace’s").put("email", email)
        .put("password", Node.PASSWORD).put("plan", "enterprise")).expect(201);
    Tab other = new Tab(page.context());
    other.page().navigate(keyhook.node().uri().toString());
    other.button("Log out").click();
    other.logIn(email, Node.PASSWORD);
    assertThat(other.page().getByText("Grace’s")).isVisible();
    page.route(LICENSES, StatesTest::tokenIsOver, new Page.RouteOptions().setTimes(1));
    tab.visit("Licenses");
    assertThat(page.getByText("Grace’s")).isVisible();
    assertThat(page.getByText(Node.EMAIL)).hasCount(0);
    page.context().clearCookies(); // the next test enters as the owner
  }

  @Test
  void whenTheConnectionIsBackItGoesOn() {
    page.context().setOffline(true);
    tab.visit("Licenses");
    assertThat(page.getByText("No connection to Keyhook")).isVisible();
    page.context().setOffline(false);
    assertThat(page.getByText("No connection to Keyhook")).hasCount(0);
    assertThat(tab.heading("No licenses yet")).isVisible();
  }

  @Test
  void whenTheLoginIsOverNothingThatWasTypedIsLost() {
    tab.visit("Licenses");
    tab.button("Create license").first().click();
    tab.field("Name").fill("Typed before");
    page.context().clearCookies();
    page.route("**/api/licenses", StatesTest::tokenIsOver);
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Log in again")).isVisible();
    page.keyboard().press("Escape");
    page.keyboard().press("Escape");
    assertThat(tab.heading("Log in again")).isVisible();
    page.unroute("**/api/licenses");
    assertThat(tab.field("E-mail")).hasValue(Node.EMAIL);
    tab.field("Password").fill(Node.PASSWORD);
    tab.dialogButton("Log in").click();
    assertThat(tab.heading("Log in again")).hasCount(0);
    assertThat(tab.field("Name")).hasValue("Typed before");
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Typed before")).isVisible();
    deleteLicenses();
  }

  @Test
  void whatSomebodyElseDeletedSaysSoAndHasNoButtons() {
    String license = keyhook.license(1).id();
    page.evaluate("path => { location.hash = path; }", "/licenses/" + license);
    assertThat(tab.heading("A license")).isVisible();
    keyhook.api().delete("/api/licenses/" + license).expect(204);
    page.route("**/api/licenses/*/check", StatesTest::tokenIsOver, new Page.RouteOptions().setTimes(1)); // so it takes a second request
    tab.field("Device fingerprint").fill("device-1");
    tab.button("Test").click();
    assertThat(tab.heading("This license was deleted")).isVisible();
    assertThat(tab.button("Edit")).hasCount(0);
    page.getByText("Go to licenses").click();
    assertThat(tab.heading("No licenses yet")).isVisible();

    String webhook = keyhook.webhook(keyhook.receiver(), "license.validated").id();
    page.evaluate("path => { location.hash = path; }", "/webhooks/" + webhook);
    tab.button("Deactivate").click();
    keyhook.api().delete("/api/webhooks/" + webhook).expect(204);
    tab.dialogButton("Deactivate").click();
    assertThat(tab.heading("This webhook was deleted")).isVisible();
    assertThat(tab.button("Pause")).hasCount(0);
    page.getByText("Go to webhooks").click();
    assertThat(tab.heading("No webhooks yet")).isVisible();

    // in a list, its row goes, and what somebody else has deleted is deleted
    String product = keyhook.api().post("/api/products", new JsonObject().put("name", "Studio")).expect(201).json().getString("id");
    tab.visit("Policies");
    tab.button("Delete Studio").click();
    keyhook.api().delete("/api/products/" + product).expect(204);
    tab.dialogButton("Delete product").click();
    assertThat(tab.heading("No products yet")).isVisible();
  }

  /** As it will be, 15 minutes later. */
  private static void tokenIsOver(Route route) {
    route.fulfill(new Route.FulfillOptions().setStatus(401).setContentType("application/problem+json").setBody("""
        {"code": "UNAUTHORIZED", "detail": "The token is over."}"""));
  }

  private static void deleteLicenses() {
    keyhook.api().get("/api/licenses").data().forEach(license -> keyhook.api().delete("/api/licenses/" + license.getString("id")));
  }
}
