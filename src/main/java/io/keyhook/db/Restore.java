package io.keyhook.db;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.zip.ZipFile;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fills an empty database from a {@link Backup} of this release or an earlier one. */
public final class Restore {
  private static final Logger log = LoggerFactory.getLogger(Restore.class);
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
  /** What is sealed for long: a table, the column of its id, and the sealed one. Answers under idempotency keys live for a day. */
  private static final List<List<String>> SEALED = List.of(
      List.of("webhook", "webhook_id", "secret"), List.of("webhook", "webhook_id", "previous_secret"),
      List.of("webhook", "webhook_id", "interim_secret"), List.of("webhook", "webhook_id", "previous_secrets"),
      List.of("webhook", "webhook_id", "request_headers"),
      List.of("member", "user_id", "totp_secret"), List.of("member", "user_id", "totp_pending"),
      List.of("alert_setting", "user_id", "slack_url"), List.of("signing_key", "key_id", "private_key"));
  private static final String HAS_COLUMN = """
      SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('keyhook.%1$s') AND attname = '%3$s' AND NOT attisdropped)""";
  /** One of each master key: its ID follows the first byte, or there is none. */
  private static final String ONE_OF_EACH_KEY = """
      SELECT DISTINCT ON (key) account_id, %2$s, sealed,
        CASE WHEN get_byte(sealed, 0) = 2 THEN substring(sealed FROM 1 FOR 9) ELSE substring(sealed FROM 1 FOR 1) END AS key
      FROM keyhook.%1$s CROSS JOIN LATERAL unnest(ARRAY[%3$s]) sealed WHERE length(sealed) > 0 ORDER BY key, account_id""";
  private static final int BUFFER = 1 << 16;

  /** What has to be on disk before the rows are. */
  public interface BeforeCommit {
    void run() throws IOException;
  }

  private Restore() {}

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
  public static Backup.Result run(Path file, URI database, Cipher cipher, BeforeCommit beforeCommit) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return run(zip, file, database, cipher, beforeCommit);
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Backup.Result run(ZipFile zip, Path file, URI database, Cipher cipher, BeforeCommit beforeCommit)
      throws IOException, SQLException {
    JsonNode manifest = Backup.manifest(zip, file);
    String version = manifest.path("schemaVersion").asText();
    if (Integer.parseInt(version) > Integer.parseInt(SchemaVersion.NEWEST)) {
      throw new IllegalStateException("The backup is of Keyhook " + manifest.path("keyhook").asText()
          + ", which is newer than this one. Restore it with that release");
    }
    try (Connection connection = Jdbc.of(database).connect(); Statement statement = connection.createStatement()) {
      Backup.requireOneServer(statement);
      if ("t".equals(Backup.text(statement, HAS_SCHEMA))) {
        requireEmpty(statement);
      }
    }
    Migrations.run(database, version);
    long rows;
    try (Connection connection = Jdbc.of(database).connect(); Statement statement = connection.createStatement()) {
      statement.execute(Backup.UNHURRIED);
      connection.setAutoCommit(false);
      if (!version.equals(Backup.text(statement, Backup.VERSION))) {
        throw new IllegalStateException("The database has schema version " + Backup.text(statement, Backup.VERSION) + " and the backup "
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
    return new Backup.Result(version, rows);
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

  private static void requireKeys(Statement statement, Cipher cipher) throws SQLException {
    Set<String> missing = new TreeSet<>();
    for (List<String> column : SEALED) {
      if ("t".equals(Backup.text(statement, HAS_COLUMN.formatted(column.toArray())))) {
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
    if (!"t".equals(Backup.text(statement, IS_EMPTY))) {
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
    JsonNode counts = Backup.JSON.readTree(Backup.read(zip, Backup.ROWS));
    long all = 0;
    for (String[] table : Backup.tables(statement)) {
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
}
