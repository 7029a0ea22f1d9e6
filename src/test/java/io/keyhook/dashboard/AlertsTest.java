package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.SlackServer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A team member chooses alerts under Settings, and tries them. */
class AlertsTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  private Locator check(String label) {
    return page.getByRole(AriaRole.CHECKBOX, new Page.GetByRoleOptions().setName(label));
  }

  private static JsonObject settings() {
    String token = keyhook.api().anonymous().post("/api/auth/login",
        new JsonObject().put("email", Node.EMAIL).put("password", Node.PASSWORD)).expect(200).json().getString("token");
    Api user = keyhook.api().anonymous().bearer(token);
    return user.get("/api/alerts").expect(200).json();
  }

  @Test
  void alertsAreChosenTriedAndTurnedOff() throws Exception {
    try (SlackServer slack = new SlackServer()) {
      enterAsOwner();
      page.evaluate("() => { location.hash = '/settings'; }");
      tab.settle();
      assertThat(tab.button("Send test message")).hasCount(0);
      assertThat(check("To " + Node.EMAIL)).isDisabled(); // this server sends no mail
      check("A webhook starts to fail").check();
      check("A license expires soon").check();
      assertThat(page.getByText("Turn on mail or enter a Slack URL to receive these alerts.")).isVisible();
      tab.field("Slack URL").fill("ftp://chat.example.com/");
      tab.button("Save alerts").click();
      assertThat(page.getByText("Must be http or https")).isVisible();
      tab.field("Slack URL").fill(slack.url());
      tab.button("Save alerts").click();
      tab.button("Send test message").click();
      assertThat(page.getByText("Slack: sent")).isVisible();
      assertThat(slack.take()).startsWith("*Test*");
      assertThat(settings().getJsonArray("causes")).containsExactly("license.expiring", "webhook.failing");

      check("A failing webhook succeeds again").check();
      tab.field("Slack URL").fill(slack.url() + "other");
      List<Route> again = new ArrayList<>();
      AtomicBoolean isLost = new AtomicBoolean();
      page.route("**/api/alerts", route -> {
        if (route.request().method().equals("PATCH")) { // its response is lost
          isLost.set(true);
          route.fetch();
          route.abort();
        } else if (isLost.get()) {
          again.add(route);
        } else {
          route.resume();
        }
      });
      tab.button("Save alerts").click();
      assertThat(page.getByText("Can’t reach Keyhook. Check your connection.")).isVisible();
      page.waitForCondition(() -> !again.isEmpty()); // loaded again once there is a connection
      page.waitForResponse("**/api/alerts", () -> {
        page.unroute("**/api/alerts"); // from here on, the browser continues by itself what was held
        again.forEach(Route::resume);
      });
      tab.drawn();
      assertThat(tab.field("Slack URL")).hasValue(slack.url() + "other");
      tab.field("Slack URL").fill(slack.url());
      tab.button("Save alerts").click();
      assertThat(tab.field("Slack URL")).hasValue("");
      assertThat(settings().getJsonArray("causes")).hasSize(3);
      check("A failing webhook succeeds again").uncheck();
      tab.button("Save alerts").click();
      assertThat(page.getByText("Alerts saved")).isVisible();

      page.route("**/api/alerts/test", route -> route.abort());
      tab.button("Send test message").click();
      assertThat(page.getByText("Test message: no response")).isVisible();
      page.unroute("**/api/alerts/test");

      slack.refuseNext(404);
      tab.button("Send test message").click();
      assertThat(page.getByText("Slack: not sent")).isVisible();
      assertThat(page.getByText("The Slack URL returned HTTP 404")).isVisible();
      assertThat(tab.field("Slack URL")).hasValue("");
      page.route("**/api/alerts", Route::abort);
      tab.button("Remove Slack URL").click();
      assertThat(page.getByText("Can’t reach Keyhook").first()).isVisible();
      page.unroute("**/api/alerts");
      tab.button("Remove Slack URL").click();
      assertThat(tab.button("Remove Slack URL")).hasCount(0);
      assertThat(settings().getString("slackHost")).isNull();
      assertThat(settings().getJsonArray("causes")).hasSize(2);
    }
  }
}
