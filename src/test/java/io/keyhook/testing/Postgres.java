package io.keyhook.testing;

import io.keyhook.Keyhook;
import io.keyhook.config.Configuration;
import io.keyhook.db.EmbeddedServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The PostgreSQL of a whole test run: started by who asks first, stopped when the run is over. Its own database is
 * migrated once and is the template of all others, so that a class's own database costs little.
 */
public final class Postgres implements AutoCloseable {
  private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Postgres.class);

  private final Path directory;
  private final EmbeddedServer server;
  private final AtomicInteger databases = new AtomicInteger();

  private Postgres() {
    try {
      directory = Files.createTempDirectory("keyhook-test-");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    server = EmbeddedServer.start(directory);
    prepareTemplate();
  }

  static Postgres ofRun(ExtensionContext context) {
    return context.getRoot().getStore(NAMESPACE).getOrComputeIfAbsent(Postgres.class, key -> new Postgres(), Postgres.class);
  }

  /** A node without an account makes the schema and the partitions that every other finds. */
  private void prepareTemplate() {
    Keyhook.migrate(server.uri());
    Vertx vertx = Vertx.vertx();
    try {
      JsonObject options = Node.settings(server.uri())
          .put("http", new JsonObject().put("enabled", false))
          .put("bootstrap", new JsonObject());
      Waiting.on(vertx.deployVerticle(new Keyhook(Configuration.of(options))).compose(vertx::undeploy));
    } finally {
      Waiting.on(vertx.close());
    }
  }

  /** Makes a database with the schema and without accounts. */
  TestDatabase create() {
    String name = "test_" + databases.incrementAndGet();
    administer("CREATE DATABASE " + name + " TEMPLATE keyhook OWNER keyhook");
    return new TestDatabase(this, name, URI.create(server.uri().toString().replaceFirst("/keyhook$", "/" + name)));
  }

  /** Makes a database with nothing in it. */
  TestDatabase createEmpty() {
    String name = "test_" + databases.incrementAndGet();
    administer("CREATE DATABASE " + name + " OWNER keyhook");
    return new TestDatabase(this, name, URI.create(server.uri().toString().replaceFirst("/keyhook$", "/" + name)));
  }

  /** As the superuser. */
  void administer(String sql) {
    URI postgres = URI.create(server.uri().toString().replace("//keyhook:", "//postgres:").replaceFirst("/keyhook$", "/postgres"));
    try (Connection connection = TestDatabase.connect(postgres); Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
