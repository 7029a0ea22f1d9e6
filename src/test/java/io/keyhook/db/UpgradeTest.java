package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.Keyhook;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.TestDatabase;
import io.keyhook.testing.Waiting;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.PGConnection;

/**
 * A filled database of each earlier version is upgraded while an old node serves, none of whose calls fails.
 *
 * <p>Calls may wait. Two landed migrations lock what they work on until they are done, and no time limit shortens that: V2
 * rebuilds the primary keys of the log and of the queue, so that nothing is delivered and no event written meanwhile, and V5
 * builds two indexes of licenses, so that no license is changed meanwhile. A node gives up on a statement after 10 s. An
 * upgrade from V1 with a log that takes longer to index, or from V4 with as many licenses, does fail calls.
 */
class UpgradeTest {
  /** What the node's account has: its one webhook is the receiver's. */
  private static final UUID OWNER = UUID.fromString("01900000-0000-7000-8000-000000000001");
  private static final UUID WEBHOOK = UUID.fromString("01900000-0000-7000-8000-000000000002");
  private static final UUID LICENSE = UUID.fromString("01900000-0000-7000-8000-000000000003");
  private static final UUID QUEUED = UUID.fromString("01900000-0000-7000-8000-000000000004");
  private static final String KEY = "KEEP-2345-6789-ABCD";
  private static final String SECRET =
      "whsec_" + Base64.getEncoder().encodeToString("secret-of-an-old-webhook".getBytes(StandardCharsets.UTF_8));

  private static final int STATEMENT_TIMEOUT_SECONDS = 10;

  /** In each of the tables that a node divides by days. */
  private static final String DAYS = """
      DO $$
      DECLARE parent text;
      BEGIN
        FOR parent IN SELECT relname FROM pg_class WHERE relnamespace = 'keyhook'::regnamespace AND relkind = 'p' LOOP
          EXECUTE format('CREATE TABLE keyhook.%I PARTITION OF keyhook.%I FOR VALUES FROM (%L) TO (%L)',
            parent || to_char((now() AT TIME ZONE 'UTC')::date + 7, '_YYYYMMDD'), parent,
            (now() AT TIME ZONE 'UTC')::date + 7, (now() AT TIME ZONE 'UTC')::date + 8);
        END LOOP;
      END $$""";

  /** Another account with 2,000 licenses, 2,000 log entries and 500 deliveries that are not due for long. */
  private static final List<String> FILL = List.of(
      "INSERT INTO keyhook.account (account_id, name, plan) VALUES (%1$s, 'Other', 'enterprise')",
      """
      INSERT INTO keyhook.member (account_id, email, password_hash)
        SELECT %1$s, 'member' || i || '@example.org', 'none' FROM generate_series(1, 100) i""",
      """
      INSERT INTO keyhook.webhook (account_id, webhook_id, url, events, is_active, secret)
        VALUES (%1$s, %1$s, 'https://hooks.example.org/', '{1,2,3}', true, '\\x01')""",
      """
      INSERT INTO keyhook.license (account_id, license_id, key, name, max_activations, activations, expires_at)
        SELECT %1$s, md5('license' || i)::uuid, 'OLD-' || i, 'License ' || i, 1000000, 1, now() + make_interval(days => i)
        FROM generate_series(1, 2000) i""",
      """
      INSERT INTO keyhook.license_expiry (account_id, license_id, due_at)
        SELECT account_id, license_id, expires_at FROM keyhook.license WHERE account_id = %1$s""",
      """
      INSERT INTO keyhook.activation (account_id, license_id, fingerprint)
        SELECT account_id, license_id, 'first' FROM keyhook.license WHERE account_id = %1$s""",
      """
      INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT %1$s, md5('event' || i)::uuid, %2$s, '{}' FROM generate_series(1, 2500) i""",
      """
      INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT %1$s, md5('delivery' || i)::uuid, %1$s, md5('event' || i)::uuid, %2$s, 1, 1 + i %% 2, '[]'
        FROM generate_series(1, 2000) i""",
      """
      INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT %1$s, md5('delivery' || i)::uuid, %1$s, md5('event' || i)::uuid, %2$s, 1, false, now() + interval '1 day'
        FROM generate_series(2001, 2500) i""",
      """
      INSERT INTO keyhook.attempt_count (account_id, webhook_id, minute, keep_until, succeeded, failed, failed_since)
        SELECT %1$s, %1$s, date_trunc('minute', now()) - make_interval(mins => i), %2$s, 1, 0, 0 FROM generate_series(1, 500) i""");

  private static final String SOME_LICENSE = "(SELECT 'OLD-' || 1 + floor(random() * 2000)::int)";

  /** What the version before looks a key up by. */
  private static final String BY_KEY = "upper(l.key) = upper(" + SOME_LICENSE + ")";
  private static final String BY_FORM =
      "upper(replace(l.key, '-', '')) = (SELECT 'OLD' || 1 + floor(random() * 2000)::int)";

  private static final String LOOK_UP = """
      SELECT l.account_id, l.license_id, l.key, l.name, l.activations, l.max_activations, l.expires_at,
        l.disabled_at IS NOT NULL, a.fingerprint IS NOT NULL, a.device_name,
        EXISTS (SELECT FROM keyhook.webhook w WHERE w.account_id = l.account_id AND w.is_active AND 1::smallint = ANY (w.events))
      FROM keyhook.license l
      LEFT JOIN keyhook.activation a
        ON a.account_id = l.account_id AND a.license_id = l.license_id AND a.fingerprint = 'first'
      WHERE %s""";
  private static final String ACTIVATE = """
      INSERT INTO keyhook.activation (account_id, license_id, fingerprint)
      SELECT l.account_id, l.license_id, 'device-' || floor(random() * 10) FROM keyhook.license l
      WHERE upper(l.key) = %s ON CONFLICT DO NOTHING RETURNING license_id""".formatted(SOME_LICENSE);
  private static final String COUNT_UP = """
      UPDATE keyhook.license l SET activations = l.activations + 1 WHERE upper(l.key) = %s
      RETURNING l.license_id, l.activations""".formatted(SOME_LICENSE);
  private static final String WRITE_EVENT = """
      WITH fan AS MATERIALIZED (
        SELECT w.account_id, w.webhook_id, keyhook.uuid_v7() AS event_id, keyhook.uuid_v7() AS delivery_id, %2$s AS keep_until
        FROM keyhook.account a
        JOIN keyhook.webhook w ON w.account_id = a.account_id AND w.is_active AND 1::smallint = ANY (w.events)
        WHERE a.account_id = %1$s
      ), stored AS (
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT account_id, event_id, keep_until, '{}' FROM fan
      ), queued AS (
        INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, 1, true, clock_timestamp() + interval '30 s' FROM fan
      )
      SELECT delivery_id, webhook_id FROM fan""";
  private static final String CLAIM = """
      WITH due AS MATERIALIZED (
        SELECT q.account_id, q.webhook_id, q.delivery_id FROM keyhook.delivery_queue q
        WHERE q.account_id = %1$s AND q.webhook_id = %1$s AND q.due_at > '-infinity' AND q.due_at <= now() + interval '1 min'
        ORDER BY q.due_at LIMIT 20 FOR UPDATE SKIP LOCKED
      ), claimed AS (
        UPDATE keyhook.delivery_queue q SET leased = true, fence = q.fence + 1, due_at = clock_timestamp() + interval '20 s'
        FROM due WHERE q.account_id = due.account_id AND q.webhook_id = due.webhook_id AND q.delivery_id = due.delivery_id
        RETURNING q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type, q.fence, q.tries
      )
      SELECT c.*, e.data FROM claimed c
      JOIN keyhook.event e ON e.account_id = %1$s AND e.event_id = c.event_id AND e.keep_until = c.keep_until""";
  private static final String DELIVERED = """
      WITH over AS (
        DELETE FROM keyhook.delivery_queue q
        WHERE q.account_id = %1$s AND q.webhook_id = %1$s AND q.due_at > '-infinity' AND q.due_at <= now() + interval '25 s'
        RETURNING q.account_id, q.delivery_id, q.webhook_id, q.event_id, q.keep_until, q.type
      ), logged AS (
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, 1, '[]' FROM over
      ), counts AS (
        INSERT INTO keyhook.attempt_count AS t (account_id, webhook_id, minute, keep_until, succeeded, failed, failed_since)
        SELECT account_id, webhook_id, date_trunc('minute', now()), %2$s, count(*), 0, 0 FROM over GROUP BY 1, 2
        ON CONFLICT (account_id, webhook_id, minute, keep_until) DO UPDATE SET succeeded = t.succeeded + excluded.succeeded
      )
      SELECT count(*) FROM over""";

  /** Of the API: each is a transaction of its own. */
  private static final List<Since> MANAGE = List.of(
      new Since(1, "SELECT user_id, password_hash FROM keyhook.member WHERE lower(email) = 'member7@example.org'"),
      new Since(1, """
          SELECT license_id, key, name, activations, expires_at FROM keyhook.license
          WHERE account_id = %1$s ORDER BY license_id DESC LIMIT 20"""),
      new Since(1, """
          UPDATE keyhook.webhook SET previous_secret = secret, previous_secret_until = now() + interval '1 day',
            secret = decode(md5(random()::text), 'hex'), version = version + 1, updated_at = now()
          WHERE account_id = %1$s AND webhook_id = %1$s RETURNING version, url"""),
      new Since(1, """
          INSERT INTO keyhook.license (account_id, key, name, max_activations)
          VALUES (%1$s, 'NEW-' || gen_random_uuid(), 'New', 1) RETURNING license_id, created_at"""),
      new Since(1, """
          DELETE FROM keyhook.license_expiry x USING (SELECT account_id, license_id FROM keyhook.license_expiry
            WHERE due_at <= now() + interval '1500 days' ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) due
          WHERE x.account_id = due.account_id AND x.license_id = due.license_id RETURNING x.license_id"""),
      new Since(1, """
          SELECT delivery_id, event_id, status, attempts FROM keyhook.delivery
          WHERE account_id = %1$s AND webhook_id = %1$s ORDER BY delivery_id DESC LIMIT 20"""),
      new Since(1, """
          WITH again AS (
            SELECT d.account_id, keyhook.uuid_v7() AS delivery_id, d.webhook_id, d.event_id, d.keep_until, d.type
            FROM keyhook.delivery d WHERE d.account_id = %1$s AND d.webhook_id = %1$s AND d.status <> 1 LIMIT 1
          )
          INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
          SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, false, now() FROM again"""),
      new Since(3, """
          INSERT INTO keyhook.audit (account_id, action, subject_id, changed, actor)
          VALUES (%1$s, 'license.create', 'lic_1', '{}', 'user')"""),
      new Since(4, """
          INSERT INTO keyhook.account_count AS t
            (account_id, seconds, at, keep_until, valid, refused, activations, succeeded, failed, times)
          VALUES (%1$s, 60, date_trunc('minute', now()), %2$s, 1, 0, 0, 1, 0, '{}')
          ON CONFLICT (account_id, seconds, at, keep_until) DO UPDATE SET valid = t.valid + 1"""),
      new Since(5, """
          INSERT INTO keyhook.session (account_id, user_id, secret_hash, expires_at)
          VALUES (%1$s, %1$s, '\\x00', now()) RETURNING session_id"""),
      new Since(5, "UPDATE keyhook.member SET last_login_at = now() WHERE lower(email) = 'member7@example.org'"),
      new Since(7, """
          INSERT INTO keyhook.idempotency (account_id, key_id, request, token, leased_until, expires_at)
          VALUES (%1$s, gen_random_uuid(), '\\x00', gen_random_uuid(), now(), now())"""),
      new Since(12, "SELECT keyhook.make_partition('event', (now() AT TIME ZONE 'UTC')::date + 7)"));

  /** A statement of nodes from a version on. */
  private record Since(int version, String sql) {}

  @RegisterExtension
  static final Installation keyhook = Installation.withoutSchema();
  /** Has the schema of the earlier versions, one after the other. */
  @RegisterExtension
  static final Installation earlier = Installation.withoutSchema();

  /** Not all numbers are taken. */
  static IntStream earlierVersions() {
    String[] files = new File("src/main/resources/io/keyhook/db/migration").list();
    return Arrays.stream(files).filter(name -> name.endsWith(".sql"))
        .mapToInt(name -> Integer.parseInt(name.substring(1, name.indexOf("__"))))
        .filter(version -> version < Integer.parseInt(SchemaVersion.NEWEST)).sorted();
  }

  private static String complete(String sql) {
    return sql.formatted("'01900000-0000-7000-8000-0000000000ff'::uuid", "((now() AT TIME ZONE 'UTC')::date + 7)");
  }

  private static void fill(TestDatabase database, Receiver receiver) throws Exception {
    database.update(DAYS);
    FILL.forEach(sql -> database.update(complete(sql)));
    byte[] keyHash = MessageDigest.getInstance("SHA-256").digest(Node.API_KEY.getBytes(StandardCharsets.UTF_8));
    database.update("INSERT INTO keyhook.account (account_id, name, plan) VALUES (?, 'Owner', 'enterprise')", OWNER);
    database.update("INSERT INTO keyhook.api_key (account_id, name, hint, key_hash) VALUES (?, 'Key', 'kh', ?)", OWNER, keyHash);
    database.update("""
        INSERT INTO keyhook.webhook (account_id, webhook_id, url, events, is_active, secret) VALUES (?, ?, ?, '{1}', true, ?)""",
        OWNER, WEBHOOK, receiver.url(), new Cipher(Node.MASTER_KEY, List.of()).seal(SECRET, OWNER, WEBHOOK));
    database.update("""
        INSERT INTO keyhook.license (account_id, license_id, key, name, max_activations) VALUES (?, ?, ?, 'Kept', 2)""",
        OWNER, LICENSE, KEY);
    database.update(complete("INSERT INTO keyhook.event (account_id, event_id, keep_until, data) VALUES (?, ?, %2$s, ?)"),
        OWNER, QUEUED, "{\"licenseKey\":\"" + KEY + "\",\"fingerprint\":\"old\"}");
    database.update(complete("""
        INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        VALUES (?, ?, ?, ?, %2$s, 1, false, now())"""), OWNER, QUEUED, WEBHOOK, QUEUED);
  }

  /** What an old node does at the same time, each over a connection of its own: transactions of statements. */
  private static List<List<List<String>>> work(int version) {
    List<String> validation = List.of(ACTIVATE, COUNT_UP, WRITE_EVENT);
    List<String> lookUp = List.of(LOOK_UP.formatted(version < 8 ? BY_KEY : BY_FORM));
    return List.of(
        List.of(lookUp, validation),
        List.of(lookUp, validation),
        List.of(List.of(CLAIM), List.of(DELIVERED)),
        MANAGE.stream().filter(since -> since.version <= version).map(since -> List.of(since.sql)).toList());
  }

  /** Repeats transactions, with statements that stay prepared, until the upgrade is over and once more; fails if one does. */
  private static int serve(List<List<String>> transactions, CountDownLatch serving, CompletableFuture<?> upgraded) {
    try (Connection connection = keyhook.database().connect()) {
      connection.setAutoCommit(false);
      connection.unwrap(PGConnection.class).setPrepareThreshold(1);
      List<List<PreparedStatement>> prepared = new ArrayList<>();
      for (List<String> transaction : transactions) {
        List<PreparedStatement> statements = new ArrayList<>();
        for (String sql : transaction) {
          PreparedStatement statement = connection.prepareStatement(complete(sql));
          statement.setQueryTimeout(STATEMENT_TIMEOUT_SECONDS);
          statements.add(statement);
        }
        prepared.add(statements);
      }
      int rounds = 0;
      for (boolean last = false; !last; rounds++) {
        last = upgraded.isDone();
        for (List<PreparedStatement> transaction : prepared) {
          for (PreparedStatement statement : transaction) {
            statement.execute();
          }
          connection.commit();
        }
        serving.countDown();
      }
      return rounds;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("earlierVersions")
  void anUpgradeFailsNoCallOfAnOldNode(int version) throws Exception {
    TestDatabase database = keyhook.database();
    Migrations.configuration(earlier.database().uri()).target(String.valueOf(version)).load().migrate();
    database.become(earlier.database());
    Receiver receiver = keyhook.receiver();
    receiver.trust(SECRET);
    fill(database, receiver);

    List<List<List<String>>> work = work(version);
    CountDownLatch serving = new CountDownLatch(work.size());
    CompletableFuture<Void> upgraded = new CompletableFuture<>();
    List<CompletableFuture<Integer>> callers = work.stream()
        .map(transactions -> CompletableFuture.supplyAsync(() -> serve(transactions, serving, upgraded),
            task -> new Thread(task, "old-node").start()))
        .toList();
    try {
      Waiting.until("the old node serves",
          () -> serving.getCount() == 0 || callers.stream().anyMatch(CompletableFuture::isDone));
      Keyhook.migrate(database.uri());
    } finally {
      upgraded.complete(null);
    }
    for (CompletableFuture<Integer> caller : callers) {
      assertThat(caller.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)).as("rounds").isGreaterThan(1);
    }
    assertThat(database.number("""
        SELECT count(*) FROM keyhook.license l FULL JOIN keyhook.license_key k
          ON k.key = upper(replace(l.key, '-', '')) AND k.account_id = l.account_id AND k.license_id = l.license_id
        WHERE k.key IS NULL OR l.key IS NULL""")).as("licenses and keys without each other").isZero();
    assertServes(database, receiver);
    keyhook.retire(receiver);
  }

  /** A new node finds what the old one left, and goes on with it. */
  private static void assertServes(TestDatabase database, Receiver receiver) {
    database.update(complete("UPDATE keyhook.webhook SET is_active = false WHERE account_id = %1$s"));
    Node node = keyhook.start();
    try {
      Delivery left = receiver.take();
      assertThat(left.event()).isEqualTo("license.validated");
      assertThat(left.data().getString("fingerprint")).isEqualTo("old");
      assertThat(node.api().validate(KEY, "device").expect(200).json().getBoolean("valid")).isTrue();
      Delivery fresh = receiver.take();
      assertThat(fresh.data().getString("licenseKey")).isEqualTo(KEY);
      assertThat(fresh.data().getString("fingerprint")).isEqualTo("device");
      Waiting.until("both are in the log", () -> database.number(
          "SELECT count(*) FROM keyhook.delivery WHERE account_id = ? AND status = 1", OWNER) == 2);
      assertThat(node.api().get("/api/deliveries/" + fresh.id()).expect(200).json().getString("status"))
          .isEqualTo("delivered");
    } finally {
      node.stop();
    }
  }
}
