package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.Installation;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What Keyhook knows of a distributed PostgreSQL without one. */
@ExtendWith(VertxExtension.class)
class ShardsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @Test
  void accountsAreHashedAsPostgresqlDoes() {
    List<UUID> ids = Stream.concat(Stream.of(new UUID(0, 0), new UUID(-1, -1)),
        Stream.generate(UUID::randomUUID).limit(200)).toList();
    assertThat(ids).allSatisfy(id ->
        assertThat(Shards.hash(id)).isEqualTo((int) keyhook.database().number("SELECT uuid_hash(?)", id)));
  }

  @Test
  void onPostgresqlItselfAllAccountsShareBatches(Vertx vertx, VertxTestContext context) {
    Database database = Database.of(vertx, keyhook.database().uri(), 1);
    Shards shards = database.shards();
    database.readShards().onComplete(context.succeeding(read -> context.verify(() -> {
      assertThat(shards.areMany()).isFalse();
      assertThat(shards.group(UUID.randomUUID())).isEqualTo(shards.group("anybody"));
      assertThat(shards.split(List.of(1, 2), i -> UUID.randomUUID())).containsExactly(List.of(1, 2));
      database.close().onComplete(context.succeedingThenComplete());
    })));
  }

  @Test
  void postgresqlItselfIsNotDistributed() {
    assertThatThrownBy(() -> Distribution.run(keyhook.database().uri())).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the extension citus does not exist");
  }
}
