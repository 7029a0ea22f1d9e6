package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A license's deliveries among very many others. */
class LicenseLogTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Api api;
  private Receiver receiver;
  private Webhook webhook;

  @BeforeEach
  void begin() {
    api = keyhook.account("enterprise");
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(api, receiver, "license.validated");
  }

  private License license() {
    return keyhook.license(api, new JsonObject().put("name", "L").put("customerEmail", "rare@example.com"));
  }

  private String validated(License license) {
    api.validate(license.key(), "device").expect(200);
    String id = receiver.take().id();
    keyhook.awaitEmptyQueueOf(api);
    return id;
  }

  /** As if other licenses had been validated: the events are written, and their deliveries if there are to be any. */
  private void others(int events, boolean delivered) {
    keyhook.database().update("""
        WITH one AS MATERIALIZED (SELECT account_id, webhook_id, keep_until FROM keyhook.delivery WHERE webhook_id = ? LIMIT 1),
        events AS (
          INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
          SELECT account_id, keyhook.uuid_v7(), keep_until,
            '{"licenseId":"lic_01jhsqm7r3fwdb1n9y2c5x8g4k","licenseKey":"OTHER-1234","licenseName":"O"}'
          FROM one, generate_series(1, ?) RETURNING event_id
        )
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, 1, 1, '[{"at":1,"ms":1,"status":200}]'
        FROM one, events WHERE ?""", Id.WEBHOOK.parse(webhook.id()), events, delivered);
  }

  private JsonObject page(String query) {
    return api.get("/api/deliveries?" + query).expect(200).json();
  }

  private static List<String> ids(JsonObject page) {
    return page.getJsonArray("data").stream().map(one -> ((JsonObject) one).getString("id")).toList();
  }

  @Test
  void theDeliveriesOfALicenseAreFoundAtOnceBehindManyOthers() {
    License rare = license();
    String older = validated(rare);
    String newer = validated(rare);
    others(40_000, true);
    for (String query : List.of("licenseId=" + rare.id(), "search=rare@example.com", "search=" + rare.key(),
        "licenseId=" + rare.id() + "&status=delivered&event=license.validated")) {
      JsonObject page = page(query);
      assertThat(ids(page)).as(query).containsExactly(newer, older);
      assertThat(page.getString("nextCursor")).as(query).isNull();
    }
  }

  @Test
  void aLongerLogIsSearchedPageByPage() {
    License rare = license();
    String found = validated(rare);
    others(LicenseLogStore.MAX_SELECTED + 10, true);
    String query = "licenseId=" + rare.id() + "&webhookId=" + webhook.id();
    JsonObject page = page(query);
    assertThat(ids(page)).isEmpty();
    JsonObject next = page(query + "&cursor=" + page.getString("nextCursor"));
    assertThat(ids(next)).containsExactly(found);
    assertThat(next.getString("nextCursor")).isNull();
  }

  @Test
  void nothingIsSearchedFromBeforeTheLicenseWasCreated() {
    validated(license());
    others(LicenseLogStore.MAX_SELECTED + 10, true);
    keyhook.database().update("""
        UPDATE keyhook.delivery SET delivery_id = overlay(delivery_id::text PLACING
          overlay(lpad(to_hex(floor(extract(epoch FROM now() - interval '1 hour') * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0)
          FROM 1 FOR 13)::uuid
        WHERE webhook_id = ?""", Id.WEBHOOK.parse(webhook.id()));
    assertThat(page("webhookId=" + webhook.id()).getString("nextCursor")).as("they are shown").isNotNull();
    License fresh = license();
    String found = validated(fresh);
    JsonObject page = page("licenseId=" + fresh.id() + "&webhookId=" + webhook.id());
    assertThat(ids(page)).containsExactly(found);
    assertThat(page.getString("nextCursor")).isNull();
  }

  @Test
  void aDeliveryIsFoundWhereverItsEventIs() {
    License rare = license();
    String first = validated(rare);
    others(2 * LicenseLogStore.MAX_SELECTED + 10, false);
    String last = validated(rare);
    assertThat(ids(page("licenseId=" + rare.id() + "&webhookId=" + webhook.id()))).containsExactly(last, first);
  }

  @Test
  void theSearchGoesOnWhereTheBusiestWebhookHasHadItsShare() {
    License rare = license();
    String found = validated(rare);
    keyhook.webhook(api, keyhook.receiver(), "license.disabled");
    int share = (int) Math.ceil(LicenseLogStore.MAX_SCANNED / Math.sqrt(2));
    others(share + 10, true);
    JsonObject page = page("licenseId=" + rare.id());
    assertThat(ids(page)).isEmpty();
    assertThat(ids(page("licenseId=" + rare.id() + "&cursor=" + page.getString("nextCursor")))).containsExactly(found);
  }
}
