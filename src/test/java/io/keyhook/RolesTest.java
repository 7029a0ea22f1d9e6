package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.db.Database;
import io.keyhook.db.Partitions;
import io.keyhook.guide.Guide;
import io.keyhook.testing.DailyWork;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A role owns the tables and migrates, another one runs the nodes: with the grants in the guide, and no others. */
class RolesTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutSchema();

  @BeforeAll
  static void startWithTheGrantsOfTheGuide() {
    String name = keyhook.database().uri().getPath().substring(1);
    keyhook.database().administer(sql("operating").replace("DATABASE keyhook", "DATABASE " + name));
    keyhook.database().administer(sql("configuration")); // the role's limits behind a pooler
    keyhook.database().administer("GRANT keyhook_owner TO keyhook"); // as which the test looks things up
    keyhook.start(new JsonObject().put("database", new JsonObject()
        .put("uri", as("keyhook_app").toString()).put("migrationUri", as("keyhook_owner").toString())));
  }

  /** The statements that a page shows. */
  private static String sql(String page) {
    List<Guide.Block> blocks = Guide.page(page).blocks().stream().filter(block -> block.language().equals("sql")).toList();
    assertThat(blocks).hasSize(1);
    return blocks.get(0).text();
  }

  @AfterAll
  static void dropRoles() {
    keyhook.node().stop();
    keyhook.database().administer("""
        DROP OWNED BY keyhook_app CASCADE; DROP OWNED BY keyhook_owner CASCADE; DROP ROLE keyhook_owner, keyhook_app""");
  }

  private static URI as(String role) {
    return URI.create(keyhook.database().uri().toString().replaceFirst("//[^@]*@", "//" + role + ":change-me@"));
  }

  private static void execute(String sql) throws SQLException {
    URI uri = as("keyhook_app");
    try (Connection connection = DriverManager.getConnection("jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort()
        + uri.getPath(), "keyhook_app", "change-me"); Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void theNodeDoesAllItsWork() {
    DailyWork.of(keyhook);
  }

  @Test
  void partitionsAreCreatedAndDroppedByARoleThatDoesNotOwnThem() {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    String yesterday = today.minusDays(1).format(DateTimeFormatter.BASIC_ISO_DATE);
    String later = today.plusDays(31).format(DateTimeFormatter.BASIC_ISO_DATE);
    keyhook.database().administer("SET ROLE keyhook_owner; CREATE TABLE keyhook.event_" + yesterday
        + " PARTITION OF keyhook.event FOR VALUES FROM ('" + today.minusDays(1) + "') TO ('" + today + "');"
        + " DROP TABLE keyhook.event_" + later);
    Vertx vertx = Vertx.vertx();
    try {
      Database database = Database.of(vertx, as("keyhook_app"), 1);
      Partitions partitions = new Partitions(database.pool(), Set.of(30));
      Waiting.on(partitions.make().compose(made -> partitions.drop()).eventually(database::close));
    } finally {
      Waiting.on(vertx.close());
    }
    assertThat(keyhook.database().column("SELECT relname FROM pg_class WHERE relname LIKE 'event\\_2%'"))
        .contains("event_" + later).doesNotContain("event_" + yesterday);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "DROP TABLE keyhook.license",
      "ALTER TABLE keyhook.license ADD COLUMN more int",
      "CREATE TABLE keyhook.more ()",
      "UPDATE keyhook.audit SET account_id = account_id",
      "DELETE FROM keyhook.audit",
      "DELETE FROM keyhook.flyway_schema_history",
      "SELECT keyhook.make_partition('license', current_date)",
      "SELECT keyhook.drop_partition('event', current_date + 40)"})
  void theNodesRoleCannotChangeTheSchemaNorTheAuditLog(String sql) {
    assertThatThrownBy(() -> execute(sql)).isInstanceOf(SQLException.class);
  }
}
