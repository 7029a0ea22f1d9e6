package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Events;
import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code license.expired} once per expiry, whatever number of nodes run, and after an outage too. */
class ExpiryTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  /** For an account, how many licenses, and how many seconds ago they expired. */
  private static final String EXPIRED = """
      WITH made AS (
        INSERT INTO keyhook.license (account_id, key, name, max_activations, expires_at)
        SELECT '%1$s', 'MANY-' || gen_random_uuid(), 'One of many', 1, now() - make_interval(secs => %3$s)
        FROM generate_series(1, %2$s)
        RETURNING account_id, license_id, expires_at
      )
      INSERT INTO keyhook.license_expiry SELECT * FROM made""";

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
    keyhook.database().update("DELETE FROM keyhook.event");
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
  void whatIsTakenWhenTheDatabaseGoesAwayIsRaisedWhenItIsBack() {
    one.stop();
    two.stop();
    Proxy proxy = keyhook.proxy();
    one = keyhook.startBehind(proxy, new JsonObject());
    expire(account(keyhook.api()), 3000, 0);
    Waiting.until("the first are raised", () -> raised() > 0);
    proxy.cut();
    proxy.open();
    assertEachIsRaisedOnce(3000);
  }

  @Test
  void fiveThousandInTheSameSecondAreEachRaisedOnce() {
    expire(account(keyhook.api()), 5000, 0);
    assertThat(receiver.take(5000)).extracting(delivery -> delivery.data().getString("licenseKey"))
        .doesNotHaveDuplicates();
    assertThat(receiver.all()).extracting(Delivery::id).doesNotHaveDuplicates();
    assertNothingMore();
  }

  /** Locked rows stand for those that another node is taking. */
  @OnlyOnPostgresql
  @Test
  void whatAnotherNodeIsTakingHoldsUpNothingElse() throws SQLException {
    UUID account = account(keyhook.api());
    one.stop();
    two.stop();
    expire(account, 100, 9);
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SELECT FROM keyhook.license_expiry WHERE due_at <= now() FOR UPDATE");
      expire(account, 1000, 0);
      one = keyhook.start();
      receiver.take(1000);
      assertThat(receiver.untaken()).isZero();
      connection.rollback();
    }
    receiver.take(100);
    assertEachIsRaisedOnce(1100);
  }

  /** A locked log keeps the node in the middle of a batch. */
  @OnlyOnPostgresql
  @Test
  void whatAKilledNodeWasTakingIsRaisedByAnother(@TempDir Path directory) throws SQLException {
    two.stop();
    NodeProcess killed = keyhook.fork(keyhook.proxy(), new JsonObject(), Map.of(), directory.resolve("killed.log"));
    one.stop();
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE keyhook.event IN EXCLUSIVE MODE");
      expire(account(killed.api()), 1000, 0);
      Waiting.until("it waits for the lock", () -> keyhook.database().number("""
          SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'keyhook.event'::regclass""") > 0);
      killed.kill();
      one = keyhook.start();
      connection.rollback();
    }
    assertEachIsRaisedOnce(1000);
  }

  @OnlyOnPostgresql
  @Test
  void manyOfOneAccountDelayNoOther() throws SQLException {
    UUID greedy = account(keyhook.api());
    Api api = keyhook.account("enterprise");
    UUID modest = account(api);
    Receiver other = keyhook.receiver();
    keyhook.webhook(api, other, "license.expired");
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false); // they are due for all nodes at once
      statement.execute(EXPIRED.formatted(greedy, 5000, 60));
      statement.execute(EXPIRED.formatted(modest, 1, 0));
      connection.commit();
    }
    other.take();
    assertThat(keyhook.database().number("""
        SELECT count(*) FROM keyhook.event WHERE account_id = ? AND event_id < (
          SELECT event_id FROM keyhook.event WHERE account_id = ?)""", greedy, modest))
        .as("raised before it").isLessThan(1000);
    assertEachIsRaisedOnce(5001);
    keyhook.deleteWebhooks(api);
  }

  @Test
  void nothingIsWrittenWhereNoWebhookWantsIt() {
    Api silent = keyhook.account("enterprise");
    expire(account(silent), 1000, 0);
    awaitNoneIsDue();
    assertThat(raised()).isZero();
  }

  @Test
  void anApplicationThatSubscribesIsToldWhatNoWebhookWants() {
    one.stop();
    BlockingQueue<Events.Event> heard = new LinkedBlockingQueue<>();
    Events.Subscription subscription = two.keyhook().client().subscribe(heard::add);
    Api silent = Api.of(two.uri()).bearer(Node.API_KEY);
    keyhook.deleteWebhooks(silent);
    expire(account(silent), 1, 0);
    Events.Event event = Waiting.next(heard, "an event");
    assertThat(event.type()).isEqualTo("license.expired");
    assertThat(event.data().getString("licenseName")).isEqualTo("One of many");
    Waiting.on(subscription.close());
  }

  private static UUID account(Api api) {
    return Id.ACCOUNT.parse(api.get("/api/account").expect(200).json().getString("id"));
  }

  /** Creates licenses that expired so many seconds ago. */
  private static void expire(UUID account, int count, int seconds) {
    keyhook.database().update(EXPIRED.formatted(account, count, seconds));
  }

  private static long raised() {
    return keyhook.database().count("event");
  }

  private static void awaitNoneIsDue() {
    Waiting.until("none is due", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.license_expiry WHERE due_at <= now()") == 0);
  }

  private static void assertEachIsRaisedOnce(int count) {
    awaitNoneIsDue();
    assertThat(raised()).isEqualTo(count);
    assertThat(keyhook.database().number("SELECT count(DISTINCT data::json ->> 'licenseId') FROM keyhook.event"))
        .isEqualTo(count);
  }
}
