package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Times are told by the server's clock, whatever the computer's says, and the past is never told as the future. */
class ClockTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT10M"))));

  @Override
  Installation installation() {
    return keyhook;
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
  }

  @ParameterizedTest
  @ValueSource(ints = {-5, 5})
  void aComputerWhoseClockIsHoursOffShowsTheServersTimes(int hours) {
    page.addInitScript("{ const real = Date.now; Date.now = () => real() + %d * 3_600_000; }".formatted(hours));
    page.reload();
    enterAsOwner();
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(500, "no"));
    keyhook.webhook(receiver, "license.validated");
    keyhook.api().anonymous().validate(keyhook.license(1).key(), "device-1").expect(200);
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    tab.visit("Deliveries");
    assertThat(page.locator("tbody tr", new Page.LocatorOptions().setHas(page.locator("a[href$='" + id + "']"))))
        .containsText(Pattern.compile("just now|seconds ago"));
    page.locator("tbody a[href$='" + id + "']").click();
    assertThat(page.getByRole(AriaRole.TIMER)).hasText(Pattern.compile("^(9:[0-9]{2}|10:00)$"));
    page.locator(".back").click();
    page.getByLabel("Time", new Page.GetByLabelOptions().setExact(true)).selectOption("1h");
    assertThat(page.locator("tbody a[href$='" + id + "']")).isVisible();
  }

  @Test
  void thePastIsNeverToldAsTheFuture() {
    enterAsOwner();
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(receiver, "license.validated").id();
    Instant soon = Instant.now().plus(Duration.ofSeconds(28));
    page.route("**/api/webhooks/" + webhook + "/health", route -> {
      JsonObject health = keyhook.api().get("/api/webhooks/" + webhook + "/health").json()
          .put("lastSuccessAt", soon.toString());
      route.fulfill(new Route.FulfillOptions().setContentType("application/json").setBody(health.encode()));
    });
    page.evaluate("path => { location.hash = path; }", "/webhooks/" + webhook);
    assertThat(page.locator("time[datetime='" + soon + "']")).hasText("just now");
  }

  @Test
  void anHourIsNeverToldAsSixtyMinutes() {
    Object told = page.evaluate("""
        async () => {
          const { ago } = await import(new URL('format.js', document.querySelector('script[src$="/main.js"]').src));
          const around = seconds => [...Array(201).keys()]
            .map(i => ago(new Date(Date.now() - seconds * (950 + i / 2))));
          return [60, 3600, 86_400, 7 * 86_400].flatMap(around).join('\\n');
        }""");
    assertThat(told.toString().lines()).contains("59 seconds ago", "1 minute ago", "1 hour ago", "yesterday")
        .noneMatch(line -> line.matches("(60 seconds|60 minutes|24 hours) ago"));
  }
}
