package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Route;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import java.util.ArrayList;
import java.util.List;
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
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
  }

  @Test
  void whileItLoadsThereIsAShapeOfIt() {
    List<Route> held = new ArrayList<>();
    page.route(LICENSES, held::add);
    tab.visit("Licenses");
    assertThat(page.locator(".skeleton").first()).isVisible();
    assertThat(held).isNotEmpty();
    held.forEach(Route::resume);
    assertThat(tab.heading("No licenses yet")).isVisible();
    assertThat(page.locator(".skeleton")).hasCount(0);
  }

  @Test
  void aRefusalIsToldAndCanBeTriedAgain() {
    page.route(LICENSES, route -> route.fulfill(new Route.FulfillOptions().setStatus(503)
        .setContentType("application/problem+json").setBody("""
            {"code": "OVERLOADED", "detail": "Too much to do at the moment."}""")));
    tab.visit("Licenses");
    assertThat(page.getByText("Too much to do at the moment.")).isVisible();
    page.unroute(LICENSES);
    tab.button("Try again").click();
    assertThat(tab.heading("No licenses yet")).isVisible();
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
    page.route("**/api/licenses", route -> route.fulfill(new Route.FulfillOptions().setStatus(401)
        .setContentType("application/problem+json").setBody("""
            {"code": "UNAUTHORIZED", "detail": "The token is over."}"""))); // as it will be, 15 minutes later
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Log in again")).isVisible();
    page.unroute("**/api/licenses");
    assertThat(tab.field("E-mail")).hasValue(Node.EMAIL);
    tab.field("Password").fill(Node.PASSWORD);
    tab.dialogButton("Log in").click();
    assertThat(tab.heading("Log in again")).hasCount(0);
    assertThat(tab.field("Name")).hasValue("Typed before");
    tab.dialogButton("Create license").click();
    assertThat(tab.heading("Typed before")).isVisible();
    keyhook.api().get("/api/licenses").data().forEach(license -> keyhook.api().delete("/api/licenses/" + license.getString("id")));
  }
}
