package io.keyhook.db;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keyhook.bus.Version;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.postgresql.PGConnection;

/**
 * A backup of a database in one file, which any PostgreSQL that Keyhook supports can be restored from: rows as text, and the
 * version of the schema that they are for. {@link Restore} fills a database from it. The programs of PostgreSQL that do the same are not among the embedded ones.
 *
 * <p>The file is a ZIP archive of {@code manifest.json}, {@code secrets.json} if the database is the embedded one, an entry
 * for each table in the text format of COPY, and {@code rows.json}, which is last and says how many rows each table has.
 */
public final class Backup {
  private static final String MANIFEST = "manifest.json";
  private static final String SECRETS = "secrets.json";
  static final String ROWS = "rows.json";
  private static final int FORMAT = 1;
  static final ObjectMapper JSON = new ObjectMapper();

  static final String UNHURRIED = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";
  static final String VERSION = """
      SELECT version FROM keyhook.flyway_schema_history WHERE success AND version IS NOT NULL
      ORDER BY installed_rank DESC LIMIT 1""";
  /** Rows of partitions are read through their parents. */
  private static final String TABLES = """
      SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'flyway_schema_history' AND c.relname !~ '^(event|delivery|attempt_count|account_count)_[0-9]{8}$'
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      GROUP BY c.relname ORDER BY c.relname""";
  private static final String PARTITIONS = """
      SELECT p.relname, right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relnamespace = 'keyhook'::regnamespace AND p.relname IN ('event', 'delivery', 'attempt_count', 'account_count')
        AND c.relname ~ '_[0-9]{8}$' ORDER BY c.relname""";
  private static final String COPY_OUT = "COPY (SELECT %2$s FROM keyhook.%1$s) TO STDOUT";
  private static final String HAS_CITUS = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')";

  /**
   * What was written or restored.
   *
   * @param rows of all tables
   */
  public record Result(String schemaVersion, long rows) {}

  private Backup() {}

  /**
   * Writes all rows as they are at one moment, while nodes go on. Blocks.
   *
   * @param file must not exist; gets its name when it is complete, and only this user may read it
   * @param secrets those of the embedded database; empty: there are none
   * @throws IOException also if the file exists, or the database cannot be read
   * @throws IllegalStateException the database is distributed (Citus)
   */
  public static Result write(URI database, Path file, Optional<String> secrets) throws IOException {
    if (Files.exists(file)) {
      throw new FileAlreadyExistsException(file + " exists already");
    }
    try {
      return writeNew(database, file, secrets);
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Result writeNew(URI database, Path file, Optional<String> secrets) throws IOException, SQLException {
    Path unfinished = Files.createTempFile(file.toAbsolutePath().getParent(), file.getFileName() + "-", ".unfinished", OwnerOnly.FILE);
    unfinished.toFile().deleteOnExit(); // where the command is stopped
    try (Connection connection = Jdbc.of(database).connect();
        FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE);
        Statement statement = connection.createStatement()) {
      requireOneServer(statement);
      statement.execute(UNHURRIED);
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      ZipOutputStream zip = new ZipOutputStream(Channels.newOutputStream(channel));
      Result result = write(connection, statement, zip, secrets);
      zip.finish();
      channel.force(true);
      NewName.give(unfinished, file);
      return result;
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static Result write(Connection connection, Statement statement, ZipOutputStream zip, Optional<String> secrets)
      throws IOException, SQLException {
    String version = text(statement, VERSION);
    ObjectNode manifest = JSON.createObjectNode().put("format", FORMAT).put("keyhook", Version.VERSION)
        .put("schemaVersion", version).put("createdAt", Instant.now().toString());
    ObjectNode partitions = manifest.putObject("partitions");
    try (ResultSet rows = statement.executeQuery(PARTITIONS)) {
      while (rows.next()) {
        partitions.withArray("/" + rows.getString(1)).add(rows.getString(2));
      }
    }
    List<String[]> tables = tables(statement);
    ObjectNode columns = manifest.putObject("columns");
    tables.forEach(table -> columns.put(table[0], table[1]));
    entry(zip, MANIFEST, JSON.writeValueAsBytes(manifest));
    if (secrets.isPresent()) {
      entry(zip, SECRETS, secrets.get().getBytes(StandardCharsets.UTF_8));
    }
    ObjectNode counts = JSON.createObjectNode();
    long all = 0;
    for (String[] table : tables) {
      zip.putNextEntry(new ZipEntry(table[0]));
      long rows = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(COPY_OUT.formatted(table[0], table[1]),
          new FilterOutputStream(zip) {
            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
              out.write(bytes, from, length);
            }

            @Override
            public void close() {} // the archive goes on
          });
      zip.closeEntry();
      counts.put(table[0], rows);
      all += rows;
    }
    entry(zip, ROWS, JSON.writeValueAsBytes(counts));
    return new Result(version, all);
  }

  private static void entry(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  static List<String[]> tables(Statement statement) throws SQLException {
    List<String[]> tables = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(TABLES)) {
      while (rows.next()) {
        tables.add(new String[] {rows.getString(1), rows.getString(2)});
      }
    }
    return tables;
  }

  static String text(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? row.getString(1) : null;
    }
  }

  /**
   * Returns the secrets in a backup of the embedded database; empty: it is of another one.
   *
   * @throws IOException the file cannot be read, or is not a backup
   */
  public static Optional<String> secrets(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      manifest(zip, file);
      return zip.getEntry(SECRETS) == null ? Optional.empty()
          : Optional.of(new String(read(zip, SECRETS), StandardCharsets.UTF_8));
    }
  }

  static void requireOneServer(Statement statement) throws SQLException {
    if ("t".equals(text(statement, HAS_CITUS))) {
      throw new IllegalStateException("The database is distributed (Citus), and its rows are not on one server. Use the backup of"
          + " its servers");
    }
  }

  static JsonNode manifest(ZipFile zip, Path file) throws IOException {
    if (zip.getEntry(MANIFEST) == null || zip.getEntry(ROWS) == null) {
      throw new IOException(file + " is not a backup of Keyhook");
    }
    JsonNode manifest = JSON.readTree(read(zip, MANIFEST));
    if (manifest.path("format").asInt() != FORMAT) {
      throw new IOException(file + " has a format that this release does not know");
    }
    return manifest;
  }

  static byte[] read(ZipFile zip, String entry) throws IOException {
    try (InputStream in = zip.getInputStream(zip.getEntry(entry))) {
      return in.readAllBytes();
    }
  }
}
