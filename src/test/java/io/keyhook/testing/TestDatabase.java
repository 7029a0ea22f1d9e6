package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Database;
import io.vertx.core.Vertx;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/** One database, and what tests look up and turn in it, beside Keyhook's own connections. */
public final class TestDatabase implements AutoCloseable {
  private static final int VALID_SECONDS = 10;
  /** Which Citus refuses, as it depends on the session's zone. */
  private static final Pattern COLUMN_AND_INTERVAL = Pattern.compile("_(at|until) [-+] (interval '|make_interval\\()");

  /** Null: the database is an administrator's. */
  private final Postgres postgres;
  private final String name;
  /** Of a database that is an administrator's. */
  private URI superuser;
  private Connection connection;
  /** Where that connection leads. */
  private URI connected;

  TestDatabase(Postgres postgres, String name) {
    this.postgres = postgres;
    this.name = name;
  }

  /** One that is there and stays. */
  static TestDatabase at(URI uri, URI superuser) {
    TestDatabase database = new TestDatabase(null, null);
    database.connected = uri;
    database.superuser = superuser;
    return database;
  }

  /** On the server that is the primary now. */
  public URI uri() {
    if (postgres == null) {
      return connected;
    }
    return URI.create(postgres.uri().toString().replaceFirst("/keyhook$", "/" + name));
  }

  static Connection connect(URI uri) throws SQLException {
    String[] user = uri.getUserInfo().split(":", 2);
    return DriverManager.getConnection("jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath(),
        user[0], user.length > 1 ? user[1] : "");
  }

  /** A connection of the caller's own. */
  public Connection connect() throws SQLException {
    return connect(uri());
  }

  /** Connections as a node has them, which the caller closes. */
  public Database open(Vertx vertx, int poolSize) {
    Database database = Database.of(vertx, uri(), poolSize);
    Waiting.on(database.readShards());
    return database;
  }

  /** A transaction that holds what a table has of a webhook. The caller ends it. */
  public Connection lock(String table, UUID webhookId) throws SQLException {
    String accountId = value("SELECT account_id FROM keyhook.webhook WHERE webhook_id = ?", webhookId);
    Connection connection = connect();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT FROM keyhook.%s WHERE account_id = '%s' AND webhook_id = '%s' FOR UPDATE"
          .formatted(table, accountId, webhookId));
    }
    return connection;
  }

  /** The rows' first columns as text. */
  public synchronized List<String> column(String sql, Object... parameters) {
    try (PreparedStatement statement = prepare(sql, parameters); ResultSet rows = statement.executeQuery()) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The one value that a query gives, as text. */
  public String value(String sql, Object... parameters) {
    List<String> values = column(sql, parameters);
    if (values.size() != 1) {
      throw new AssertionError(values.size() + " rows from " + sql);
    }
    return values.get(0);
  }

  public long number(String sql, Object... parameters) {
    return Long.parseLong(value(sql, parameters));
  }

  /** How many rows a table of Keyhook's has. */
  public long count(String table) {
    return number("SELECT count(*) FROM keyhook." + table);
  }

  /** The number of rows changed. */
  public synchronized int update(String sql, Object... parameters) {
    if (sql.stripLeading().startsWith("UPDATE")) {
      assertThat(sql).as("Citus refuses it: use Clock.earlier").doesNotContainPattern(COLUMN_AND_INTERVAL);
    }
    try (PreparedStatement statement = prepare(sql, parameters)) {
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** As the superuser, in this database. */
  public void administer(String sql) {
    if (postgres == null) {
      Postgres.administer(superuser, sql);
    } else {
      postgres.administer(name, sql);
    }
  }

  private PreparedStatement prepare(String sql, Object... parameters) throws SQLException {
    URI uri = uri();
    if (connection == null || !uri.equals(connected) || !connection.isValid(VALID_SECONDS)) { // the server may have died
      connection = connect(uri);
      connected = uri;
    }
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
    return statement;
  }

  /** Cuts every connection to this database but the test's own; tells how many. */
  public long terminateConnections() {
    return number("""
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'""");
  }

  /** Connections of the same role to this database beside the test's own. */
  public long connections() {
    return number("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
          AND backend_type = 'client backend'""");
  }

  /** Takes the state of another database of the server, to which nothing is connected. */
  public synchronized void become(TestDatabase other) throws SQLException {
    close();
    postgres.create(name, other.name);
  }

  @Override
  public synchronized void close() throws SQLException {
    if (connection != null) {
      connection.close();
      connection = null;
    }
    if (postgres != null) {
      postgres.administer("DROP DATABASE " + name + " WITH (FORCE)");
    }
  }
}
