package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code license.expired} once per expiry, whatever number of nodes run, and after an outage too. */
class ExpiryTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private Node one;
  private Node two;
  private Receiver receiver;

  @BeforeEach
  void startTwo() {
    one = keyhook.start();
    two = keyhook.start();
    receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.expired");
  }

  @AfterEach
  void stopBoth() {
    if (one.isRunning() || two.isRunning()) {
      keyhook.deleteWebhooks();
    }
    one.stop();
    two.stop();
  }

  private static License expiringTomorrow() {
    return keyhook.license(new JsonObject().put("name", "Trial")
        .put("expiresAt", Instant.now().plus(Duration.ofDays(1)).toString()));
  }

  private void assertNothingMore() {
    keyhook.awaitEmptyQueue();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.license_expiry WHERE due_at <= now()")).isZero();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void itIsRaisedOnceThoughTwoNodesRun() {
    License license = expiringTomorrow();
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(1));
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.id());
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getString("status")).isEqualTo("expired");
    assertNothingMore();
  }

  @Test
  void aLicenseThatIsExtendedAndExpiresAgainRaisesItAgain() {
    License license = expiringTomorrow();
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(1));
    receiver.take();
    keyhook.api().patch("/api/licenses/" + license.id(),
        new JsonObject().put("expiresAt", Instant.now().plus(Duration.ofDays(2)).toString())).expect(200);
    two.api().validate(license.key(), "device").expect(200);
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(2));
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.id());
    assertNothingMore();
  }

  @Test
  void anExpiryThatIsTakenAwayRaisesNothing() {
    License license = expiringTomorrow();
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().putNull("expiresAt")).expect(200);
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(9));
    License marker = expiringTomorrow();
    keyhook.clock().advanceExpiry(marker.id(), Duration.ofDays(1));
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(marker.id());
    assertNothingMore();
  }

  @Test
  void whatExpiredWhileNoNodeRanIsRaisedAtTheNextStart() {
    License license = expiringTomorrow();
    one.stop();
    two.stop();
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(3));
    one = keyhook.start();
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.id());
    assertNothingMore();
  }

  @Test
  void fiveThousandInTheSameSecondAreEachRaisedOnce() {
    keyhook.database().update("""
        WITH made AS (
          INSERT INTO keyhook.license (account_id, key, name, max_activations, expires_at)
          SELECT a.account_id, 'MANY-' || lpad(n::text, 12, '0'), 'One of many', 1, now()
          FROM (SELECT account_id FROM keyhook.account ORDER BY created_at LIMIT 1) a, generate_series(1, 5000) n
          RETURNING account_id, license_id, expires_at
        )
        INSERT INTO keyhook.license_expiry SELECT * FROM made""");
    assertThat(receiver.take(5000)).extracting(delivery -> delivery.data().getString("licenseKey"))
        .doesNotHaveDuplicates();
    assertThat(receiver.all()).extracting(Delivery::id).doesNotHaveDuplicates();
    assertNothingMore();
  }
}
