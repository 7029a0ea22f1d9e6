package io.keyhook.testing;

import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;

/** What a node does every day, for tests that restrict what it may do. */
public final class DailyWork {
  private DailyWork() {}

  /** Validates, sends, lists and deletes; fails where one of these fails. */
  public static void of(Installation keyhook) {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated", "license.activated", "license.disabled");
    License license = keyhook.license(2);
    Api api = keyhook.api();
    api.validate(license.key(), "a").expect(200);
    api.validate(license.key(), "a").expect(200);
    api.post("/api/licenses/" + license.id() + "/disable").expect(200);
    keyhook.awaitEmptyQueue();
    api.get("/api/licenses?search=license").expect(200);
    api.get("/api/deliveries").expect(200);
    api.get("/api/webhooks/" + webhook.id() + "/deliveries").expect(200);
    api.get("/api/stats").expect(200);
    api.get("/api/audit").expect(200);
    api.delete("/api/webhooks/" + webhook.id()).expect(204);
    api.get("/health/ready").expect(200);
  }
}
