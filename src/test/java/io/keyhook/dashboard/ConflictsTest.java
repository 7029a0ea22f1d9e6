package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two people edit the same object at the same time: neither overwrites what the other one changed without seeing it. */
class ConflictsTest extends Visit {
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
  void anEditSendsOnlyWhatItChanges() {
    String path = editALicense();
    keyhook.api().patch(path, new JsonObject().put("customerName", "Ada")).expect(200);
    tab.field("Name").fill("After");
    tab.dialogButton("Save").click();
    assertThat(tab.heading("After")).isVisible();
    tab.button("Edit").click();
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(keyhook.api().get(path).json().getString("customerName")).isEqualTo("Ada");
    assertThat(keyhook.api().get("/api/audit?action=license.updated&subjectId=" + path.replaceAll(".*/", "")).data())
        .extracting(entry -> entry.getJsonArray("changed").getList())
        .containsExactly(List.of("name"), List.of("customerName"));
  }

  @Test
  void aLicenseThatBothChangedShowsTheirs() {
    String path = editALicense();
    tab.field("Name").fill("Mine");
    keyhook.api().patch(path, new JsonObject().put("name", "Theirs")).expect(200);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Someone changed this license while you were editing it");
    assertThat(tab.field("Name")).hasValue("Mine");
    tab.dialogButton("Use theirs: Name").click();
    tab.dialogButton("Save").click();
    assertThat(tab.heading("Theirs")).isVisible();
  }

  @Test
  void whatTheUserSavedUnawareIsNotCalledTheChangeOfSomeoneElse() {
    String path = editALicense();
    tab.field("Name").fill("Lost");
    page.route("**" + path, route -> {
      if (route.request().method().equals("PATCH")) { // its response is lost
        route.fetch();
        route.abort();
      } else {
        route.resume();
      }
    });
    tab.dialogButton("Save").click();
    assertThat(tab.dialog().getByText("Can’t reach Keyhook")).isVisible();
    page.unroute("**" + path);
    tab.field("Name").fill("Mine");
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("This may be your last request, whose response was lost.");
    assertThat(conflict()).containsText("Lost");
    tab.dialogButton("Save").click();
    assertThat(tab.heading("Mine")).isVisible();
  }

  @Test
  void whatWasTypedStaysWhenTheLicenseIsDeleted() {
    String path = editALicense();
    tab.field("Name").fill("Typed");
    page.waitForResponse(response -> response.url().endsWith(path) && response.status() == 404,
        () -> keyhook.api().delete(path).expect(204));
    assertThat(tab.dialog().getByText("This license was deleted. Copy what you want to keep.")).isVisible();
    assertThat(tab.field("Name")).hasValue("Typed");
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Someone deleted this while you were editing it");
    assertThat(tab.field("Name")).hasValue("Typed");
    tab.dialogButton("Cancel").click();
    assertThat(tab.heading("This license was deleted")).isVisible();
    assertThat(tab.button("Edit")).hasCount(0);
  }

  /** Opens the form of a new license, and returns the path of the license. */
  private String editALicense() {
    Installation.License license = keyhook.license(new JsonObject().put("name", "Before").put("expiresAt",
        "2031-01-31T12:00:07Z").put("metadata", new JsonObject().put("order", "A-1")));
    page.evaluate("path => { location.hash = path; }", "/licenses/" + license.id());
    tab.button("Edit").click();
    assertThat(tab.field("Name")).hasValue("Before");
    return "/api/licenses/" + license.id();
  }

  private Locator conflict() {
    return tab.dialog().getByRole(AriaRole.ALERT);
  }

  @Test
  void aWebhookThatBothChangedShowsTheirs() {
    String path = editAWebhook(keyhook.webhook(keyhook.receiver(), "license.activated").id());
    event("license.disabled").check();
    tab.field("Description").fill("Mine");
    keyhook.api().patch(path, new JsonObject().put("events", new JsonArray().add("license.activated").add("license.expired"))
        .put("description", "Theirs").put("rateLimit", 5)).expect(200);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Someone changed this webhook while you were editing it");
    assertThat(conflict()).containsText("license.activated, license.expired");
    assertThat(conflict()).isInViewport();
    assertThat(event("license.disabled")).isChecked();
    assertThat(tab.field("Rate limit")).hasValue("5");
    assertThat(eventsOf(path)).containsExactlyInAnyOrder("license.activated", "license.expired");
    tab.dialogButton("Use theirs: Description").click();
    assertThat(tab.field("Description")).hasValue("Theirs");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(eventsOf(path)).containsExactlyInAnyOrder("license.activated", "license.disabled");
    assertThat(page.getByText("5 attempts per second")).isVisible();
    assertThat(page.getByText("Theirs", new Page.GetByTextOptions().setExact(true))).isVisible();
  }

  private String editAWebhook(String id) {
    page.evaluate("path => { location.hash = path; }", "/webhooks/" + id);
    tab.button("Edit").click();
    return "/api/webhooks/" + id;
  }

  private static List<Object> eventsOf(String path) {
    return keyhook.api().get(path).json().getJsonArray("events").stream().toList();
  }

  @Test
  void aSecretIsNotReplacedUnseenAfterAChangeByOthers() {
    Receiver receiver = keyhook.receiver();
    String id = keyhook.webhook(receiver, "license.activated").id();
    keyhook.api().patch("/api/webhooks/" + id, secrets("first")).expect(200);
    String path = editAWebhook(id);
    tab.field("Token").fill("mine");
    tab.field("Value of X-Api-Key").fill("mine");
    keyhook.api().patch(path, secrets("theirs")).expect(200);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Someone changed this webhook while you were editing it");
    assertThat(conflict().getByText("May have another saved value, which Keyhook does not show")).hasCount(2);
    tab.dialogButton("Use theirs: Headers").click();
    assertThat(tab.field("Value of X-Api-Key")).hasValue("");
    assertThat(tab.field("Token")).hasValue("mine");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    tab.button("Send test event").click();
    Delivery delivery = receiver.take();
    assertThat(delivery.header("Authorization")).isEqualTo("Bearer mine");
    assertThat(delivery.header("X-Api-Key")).isEqualTo("theirs");
  }

  @Test
  void anAuthenticationThatBothChangedIsOneThing() {
    Receiver receiver = keyhook.receiver();
    String id = keyhook.webhook(receiver, "license.activated").id();
    keyhook.api().patch("/api/webhooks/" + id, secrets("first")).expect(200);
    String path = editAWebhook(id);
    tab.field("Token").fill("mine");
    keyhook.api().patch(path, new JsonObject().put("authentication", new JsonObject().put("type", "basic").put("username", "theirs")
        .put("password", "theirs"))).expect(200);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Basic");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    tab.button("Send test event").click();
    assertThat(receiver.take().header("Authorization")).isEqualTo("Bearer mine");
  }

  @Test
  void headersOfTwoPeopleAreMerged() {
    Receiver receiver = keyhook.receiver();
    String id = keyhook.webhook(receiver, "license.activated").id();
    keyhook.api().patch("/api/webhooks/" + id, new JsonObject().put("headers", new JsonObject().put("X-Kept", "first")
        .put("X-Mine-Gone", "first").put("X-Theirs-Gone", "first"))).expect(200);
    String path = editAWebhook(id);
    tab.button("Remove X-Mine-Gone").click();
    addHeader(3, "X-Mine");
    keyhook.api().patch(path, new JsonObject().put("headers", new JsonObject().put("X-Theirs", "theirs").putNull("X-Theirs-Gone")))
        .expect(200);
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(keyhook.api().get(path).json().getJsonObject("headers").fieldNames())
        .containsExactlyInAnyOrder("X-Kept", "X-Mine", "X-Theirs");

    editAWebhook(id);
    addHeader(4, "X-Both");
    tab.field("Description").fill("Mine");
    keyhook.api().patch(path, headers("X-Both", "theirs")).expect(200);
    keyhook.api().patch(path, headers("X-Another", "theirs")).expect(200);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("X-Both");
    assertThat(tab.field("Value of X-Both")).hasValue("mine");
    assertThat(tab.field("Value of X-Another")).hasAttribute("placeholder", "Saved; leave empty to keep it");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    tab.button("Send test event").click();
    Delivery delivery = receiver.take();
    assertThat(delivery.header("X-Both")).isEqualTo("mine");
    assertThat(delivery.header("X-Another")).isEqualTo("theirs");
    assertThat(delivery.header("X-Kept")).isEqualTo("first");
  }

  private void addHeader(int number, String name) {
    tab.button("Add header").click();
    tab.field("Name of header " + number).fill(name);
    tab.field("Value of " + name).fill("mine");
  }

  private static JsonObject headers(String name, String value) {
    return new JsonObject().put("headers", new JsonObject().put(name, value));
  }

  private static JsonObject secrets(String value) {
    return new JsonObject().put("headers", new JsonObject().put("X-Api-Key", value))
        .put("authentication", new JsonObject().put("type", "bearer").put("token", value));
  }

  @Test
  void aPolicyThatBothChangedShowsTheirs() {
    String path = "/api/policies/" + keyhook.api().post("/api/policies", new JsonObject().put("name", "Terms")).expect(201).json()
        .getString("id");
    tab.visit("Policies");
    tab.button("Edit Terms").click();
    tab.field("Activation limit").fill("3");
    keyhook.api().patch(path, new JsonObject().put("maxActivations", 5).put("graceSeconds", 86_400)).expect(200);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Activation limit");
    assertThat(tab.field("Grace period")).hasValue("1 day");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(keyhook.api().get(path).json().getInteger("maxActivations")).isEqualTo(3);
    assertThat(keyhook.api().get(path).json().getInteger("graceSeconds")).isEqualTo(86_400);

    tab.button("Edit Terms").click();
    tab.field("Name").fill("Typed");
    keyhook.api().delete(path).expect(204);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Someone deleted this while you were editing it");
    assertThat(tab.field("Name")).hasValue("Typed");
  }
}
