package io.keyhook.db;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keyhook.bus.Version;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A backup of a database in one file, which any PostgreSQL that Keyhook supports can be restored from: rows as text, and the
 * version of the schema that they are for. The programs of PostgreSQL that do the same are not among the embedded ones.
 *
 * <p>The file is a ZIP archive of {@code manifest.json}, {@code secrets.json} if the database is the embedded one, an entry
 * for each table in the text format of COPY, and {@code rows.json}, which is last and says how many rows each table has.
 */
public final class Backup {
  private static final Logger log = LoggerFactory.getLogger(Backup.class);
  private static final String MANIFEST = "manifest.json";
  private static final String SECRETS = "secrets.json";
  private static final String ROWS = "rows.json";
  private static final int FORMAT = 1;
  private static final int BUFFER = 1 << 16;
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String UNHURRIED = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";
  private static final String VERSION = """
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
  private static final String COPY_IN = "COPY keyhook.%1$s (%2$s) FROM STDIN";
  private static final String HAS_SCHEMA = "SELECT to_regclass('keyhook.account') IS NOT NULL";
  private static final String IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM keyhook.account)";
  private static final String MAKE_PARTITION = "SELECT keyhook.make_partition(?, ?::date)";
  /** The trigger would write rows that the backup has too. */
  private static final String WITHOUT_TRIGGERS = "ALTER TABLE keyhook.%s DISABLE TRIGGER USER";
  private static final String WITH_TRIGGERS = "ALTER TABLE keyhook.%s ENABLE TRIGGER USER";
  private static final String ANALYZE = "ANALYZE";
  /** A node that starts meanwhile waits with its first account. */
  private static final String LOCK_ACCOUNTS = "LOCK TABLE keyhook.account IN EXCLUSIVE MODE";
  private static final String HAS_CITUS = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')";
  /** What is sealed for long: a table, the column of its id, and the sealed one. Answers under idempotency keys live for a day. */
  private static final List<List<String>> SEALED = List.of(
      List.of("webhook", "webhook_id", "secret"), List.of("webhook", "webhook_id", "previous_secret"),
      List.of("webhook", "webhook_id", "interim_secret"), List.of("webhook", "webhook_id", "previous_secrets"),
      List.of("member", "user_id", "totp_secret"), List.of("member", "user_id", "totp_pending"));
  private static final String HAS_COLUMN = """
      SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('keyhook.%1$s') AND attname = '%3$s' AND NOT attisdropped)""";
  /** One of each master key: its ID follows the first byte, or there is none. */
  private static final String ONE_OF_EACH_KEY = """
      SELECT DISTINCT ON (key) account_id, %2$s, sealed,
        CASE WHEN get_byte(sealed, 0) = 2 THEN substring(sealed FROM 1 FOR 9) ELSE substring(sealed FROM 1 FOR 1) END AS key
      FROM keyhook.%1$s CROSS JOIN LATERAL unnest(ARRAY[%3$s]) sealed WHERE length(sealed) > 0 ORDER BY key, account_id""";

  /**
   * What was written or restored.
   *
   * @param rows of all tables
   */
  public record Result(String schemaVersion, long rows) {}

  /** What has to be on disk before the rows are. */
  public interface BeforeCommit {
    void run() throws IOException;
  }

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

  private static List<String[]> tables(Statement statement) throws SQLException {
    List<String[]> tables = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(TABLES)) {
      while (rows.next()) {
        tables.add(new String[] {rows.getString(1), rows.getString(2)});
      }
    }
    return tables;
  }

  private static String text(Statement statement, String sql) throws SQLException {
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

  /**
   * Fills a database without accounts: makes the schema of the backup, restores all rows in one transaction, and migrates to this
   * release's schema. Blocks.
   *
   * @param cipher of the nodes that will use the database: must open what is encrypted in it
   * @param beforeCommit runs when all rows are there and can be used; if it fails, none are restored
   * @throws IOException the file cannot be read, or is not a whole backup; or the database does not take it
   * @throws IllegalStateException the database has accounts, another schema, or is distributed (Citus); the backup is of a newer
   *     release; a master key is missing; or all is restored and only the migration failed, which the message says
   */
  public static Result restore(Path file, URI database, Cipher cipher, BeforeCommit beforeCommit) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return restore(zip, file, database, cipher, beforeCommit);
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Result restore(ZipFile zip, Path file, URI database, Cipher cipher, BeforeCommit beforeCommit)
      throws IOException, SQLException {
    JsonNode manifest = manifest(zip, file);
    String version = manifest.path("schemaVersion").asText();
    if (Integer.parseInt(version) > Integer.parseInt(SchemaVersion.NEWEST)) {
      throw new IllegalStateException("The backup is of Keyhook " + manifest.path("keyhook").asText()
          + ", which is newer than this one. Restore it with that release");
    }
    try (Connection connection = Jdbc.of(database).connect(); Statement statement = connection.createStatement()) {
      requireOneServer(statement);
      if ("t".equals(text(statement, HAS_SCHEMA))) {
        requireEmpty(statement);
      }
    }
    Migrations.run(database, version);
    long rows;
    try (Connection connection = Jdbc.of(database).connect(); Statement statement = connection.createStatement()) {
      statement.execute(UNHURRIED);
      connection.setAutoCommit(false);
      if (!version.equals(text(statement, VERSION))) {
        throw new IllegalStateException("The database has schema version " + text(statement, VERSION) + " and the backup "
            + version + ". Restore into an empty database");
      }
      statement.execute(LOCK_ACCOUNTS);
      requireEmpty(statement); // a node may have started meanwhile
      rows = restore(connection, statement, zip, manifest);
      requireKeys(statement, cipher);
      beforeCommit.run();
      connection.commit();
      analyze(connection, statement);
    }
    try {
      Migrations.run(database);
    } catch (RuntimeException e) {
      throw new IllegalStateException("all " + rows + " rows are restored, but the schema could not be migrated. Run the command"
          + " migrate, not restore. The reason: " + Migrations.reason(e), e);
    }
    return new Result(version, rows);
  }

  /** Autovacuum does it too, a little later. */
  private static void analyze(Connection connection, Statement statement) {
    try {
      connection.setAutoCommit(true);
      statement.execute(ANALYZE);
    } catch (SQLException e) {
      log.warn("The rows are restored, but ANALYZE failed; autovacuum will do it: {}", e.getMessage());
    }
  }

  private static void requireOneServer(Statement statement) throws SQLException {
    if ("t".equals(text(statement, HAS_CITUS))) {
      throw new IllegalStateException("The database is distributed (Citus), and its rows are not on one server. Use the backup of"
          + " its servers");
    }
  }

  private static void requireKeys(Statement statement, Cipher cipher) throws SQLException {
    Set<String> missing = new TreeSet<>();
    for (List<String> column : SEALED) {
      if ("t".equals(text(statement, HAS_COLUMN.formatted(column.toArray())))) {
        try (ResultSet rows = statement.executeQuery(ONE_OF_EACH_KEY.formatted(column.toArray()))) {
          while (rows.next()) {
            try {
              cipher.openBytes(rows.getBytes(3), rows.getObject(1, UUID.class), rows.getObject(2, UUID.class));
            } catch (UnreadableSecretException e) {
              missing.add(e.getMessage());
            }
          }
        }
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException("Secrets in the database are encrypted with another master key. " + String.join(". ", missing)
          + ". Add the missing key to secrets.previousMasterKeys. A generated one is secrets.masterKey in secrets.json, which is in"
          + " the directory of the embedded database and in its backups");
    }
  }

  private static void requireEmpty(Statement statement) throws SQLException {
    if (!"t".equals(text(statement, IS_EMPTY))) {
      throw new IllegalStateException("The database has accounts. Restore into an empty database");
    }
  }

  private static long restore(Connection connection, Statement statement, ZipFile zip, JsonNode manifest)
      throws IOException, SQLException {
    try (PreparedStatement make = connection.prepareStatement(MAKE_PARTITION)) {
      for (Map.Entry<String, JsonNode> table : manifest.path("partitions").properties()) {
        for (JsonNode day : table.getValue()) {
          make.setString(1, table.getKey());
          make.setString(2, day.asText());
          make.execute();
        }
      }
    }
    JsonNode counts = JSON.readTree(read(zip, ROWS));
    long all = 0;
    for (String[] table : tables(statement)) {
      if (!manifest.path("columns").path(table[0]).asText().equals(table[1])) {
        throw new IOException("the backup has other columns of the table " + table[0] + " than the database");
      }
      statement.execute(WITHOUT_TRIGGERS.formatted(table[0]));
      long rows;
      try (InputStream in = zip.getInputStream(zip.getEntry(table[0]))) {
        rows = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(COPY_IN.formatted(table[0], table[1]), in, BUFFER);
      }
      statement.execute(WITH_TRIGGERS.formatted(table[0]));
      if (rows != counts.path(table[0]).asLong(-1)) {
        throw new IOException("the backup is damaged: the table " + table[0] + " has " + rows + " rows and should have "
            + counts.path(table[0]).asText());
      }
      all += rows;
    }
    return all;
  }

  private static JsonNode manifest(ZipFile zip, Path file) throws IOException {
    if (zip.getEntry(MANIFEST) == null || zip.getEntry(ROWS) == null) {
      throw new IOException(file + " is not a backup of Keyhook");
    }
    JsonNode manifest = JSON.readTree(read(zip, MANIFEST));
    if (manifest.path("format").asInt() != FORMAT) {
      throw new IOException(file + " has a format that this release does not know");
    }
    return manifest;
  }

  private static byte[] read(ZipFile zip, String entry) throws IOException {
    try (InputStream in = zip.getInputStream(zip.getEntry(entry))) {
      return in.readAllBytes();
    }
  }
}
