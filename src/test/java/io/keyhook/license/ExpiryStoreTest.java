package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Database;
import io.keyhook.license.ExpiryStore.DueAccount;
import io.keyhook.license.ExpiryStore.Found;
import io.keyhook.license.ExpiryStore.Position;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Accounts with due expiries are found beside a backlog of any size. */
class ExpiryStoreTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private Vertx vertx;
  private Database database;

  @BeforeEach
  void connect() {
    vertx = Vertx.vertx();
    database = keyhook.database().open(vertx, 1);
    keyhook.database().update("DELETE FROM keyhook.license_expiry");
  }

  @AfterEach
  void close() {
    Waiting.on(database.close());
    Waiting.on(vertx.close());
  }

  /** Licenses of an account that expired from so many seconds ago on, each a moment later. */
  private static void expire(long account, int count, int seconds, double apart) {
    keyhook.database().update("""
        INSERT INTO keyhook.license_expiry (account_id, license_id, due_at)
        SELECT ?, gen_random_uuid(), date_trunc('hour', now()) - make_interval(secs => ? - n * ?)
        FROM generate_series(0, ? - 1) n""", id(account), (double) seconds, apart, count);
  }

  private static UUID id(long account) {
    return new UUID(0, account);
  }

  private Found find(Position after) {
    return Waiting.on(ExpiryStore.due(database.pool(), after, 100));
  }

  private static Set<UUID> accounts(Found found) {
    return new HashSet<>(found.accounts().stream().map(DueAccount::accountId).toList());
  }

  private static Set<UUID> ids(long... accounts) {
    return new HashSet<>(LongStream.of(accounts).mapToObj(ExpiryStoreTest::id).toList());
  }

  @Test
  void nothingIsFoundWhereNothingIsDue() {
    assertThat(find(Position.START)).isEqualTo(new Found(List.of(), java.util.Optional.empty(), java.util.Optional.empty()));
    expire(1, 1, -7200, 0);
    Found found = find(Position.START);
    assertThat(found.accounts()).isEmpty();
    assertThat(found.next()).hasValueSatisfying(next ->
        assertThat(next).isBetween(Duration.ofHours(1), Duration.ofHours(2)));
  }

  @Test
  void whatExpiredLastIsFoundBesideABacklog() {
    expire(1, 1000, 2000, 1);
    expire(2, 1, 10, 0);
    Found found = find(Position.START);
    assertThat(accounts(found)).isEqualTo(ids(1, 2));
    assertThat(found.end()).isPresent();
  }

  @Test
  void whatExpiredInTheMiddleOfABacklogIsFoundByAPage() {
    expire(1, 1000, 2000, 1);
    expire(2, 1, 1500, 0);
    Set<UUID> all = new HashSet<>();
    Position after = Position.START;
    int pages = 0;
    while (after != null) {
      Found found = find(after);
      all.addAll(accounts(found));
      after = found.end().orElse(null);
      assertThat(++pages).isLessThanOrEqualTo(11);
    }
    assertThat(all).isEqualTo(ids(1, 2));
  }

  @Test
  void whatExpiredAtTheInstantOfManyOthersIsFoundByTheNextPage() {
    expire(1, 1000, 60, 0);
    expire(2, 1, 60, 0);
    expire(3, 1000, 60, 0);
    Found first = find(Position.START);
    assertThat(accounts(first)).contains(id(1)).doesNotContain(id(2));
    assertThat(accounts(find(first.end().orElseThrow()))).isEqualTo(ids(2, 3));
  }

  @Test
  void anAccountIsFoundWithItsEarliest() {
    expire(1, 50, 500, 1);
    List<DueAccount> found = find(Position.START).accounts();
    assertThat(found).hasSize(1);
    assertThat(keyhook.database().value("SELECT min(due_at) = ?::timestamptz FROM keyhook.license_expiry",
        found.get(0).since().toString())).isEqualTo("t");
  }
}
