package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The index that finds licenses by a part of their name, key or customer. It needs the extensions {@code pg_trgm} and
 * {@code btree_gin}, which come with PostgreSQL, but which not every role may create. Searches work without the index, within
 * the time that they are given; so it is no migration, and nothing fails where it cannot be created.
 *
 * <p>The account is the index's first column: a search reads the matches of one account only. The pending list is short,
 * because each search reads all of it, and whoever fills it waits until it is merged.
 */
public final class SearchIndex {
  /** What is searched: a match never spans two columns, unless somebody searches for U+001F. */
  public static final String TEXT = """
      (name || E'\\x1f' || (key COLLATE "default") || E'\\x1f' || coalesce(customer_name, '') || E'\\x1f' \
      || coalesce(customer_email, ''))""";

  private static final Logger log = LoggerFactory.getLogger(SearchIndex.class);
  private static final List<String> EXTENSIONS = List.of("pg_trgm", "btree_gin");
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private static final String EXISTS = """
      SELECT count(*) > 0 FROM pg_index WHERE indexrelid = to_regclass('keyhook.license_search') AND indisvalid""";
  // Whoever waits for a lock keeps a snapshot, which the node that builds the index would wait for: so nobody waits.
  private static final String TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('keyhook.license_search'))";
  private static final String EXTENSION_SCHEMA = """
      SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = '%s'""";
  // Where other applications of the database look for extensions, unless this role may not use it.
  private static final String PUBLIC_SERVES = """
      SELECT CASE WHEN to_regnamespace('public') IS NULL THEN false ELSE has_schema_privilege('public', 'USAGE') END""";
  private static final String CREATE_EXTENSION = "CREATE EXTENSION IF NOT EXISTS %s WITH SCHEMA %s";
  /** While it waits or builds, reads and writes go on; only vacuum and other changes of the table wait. */
  private static final String PATIENCE = "SET lock_timeout = '1min'; SET statement_timeout = 0";
  private static final String DROP = "DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_search";
  private static final String CREATE = "CREATE INDEX CONCURRENTLY license_search ON keyhook.license USING gin"
      + " (account_id %2$s.uuid_ops, " + TEXT + " %1$s.gin_trgm_ops) WITH (gin_pending_list_limit = 256)";
  private static final String ANALYZE = "ANALYZE keyhook.license"; // how common which texts are

  private SearchIndex() {}

  public static Future<Boolean> exists(SqlClient client) {
    return client.query(EXISTS).execute().map(rows -> rows.iterator().next().getBoolean(0));
  }

  /**
   * Creates the index unless it exists, and first the extensions that it needs. Logs a warning if that is not possible.
   * Blocks for about a minute and a half per million licenses. Does nothing while another node creates the index.
   */
  public static void create(URI uri) {
    try (Connection connection = Jdbc.of(uri).connect(); Statement statement = connection.createStatement()) {
      if (!isTrue(statement, EXISTS) && isTrue(statement, TRY_LOCK)) {
        create(statement);
      }
    } catch (SQLException | NoClassDefFoundError e) { // a host that migrates the database elsewhere may lack the driver
      log.warn("There is no index for searches of licenses: each search reads the account's licenses one by one, and is"
          + " refused after 2 s. Let a superuser run CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin; in the database,"
          + " and restart Keyhook as the owner of its tables. PostgreSQL says: {}", e.getMessage());
    }
  }

  private static void create(Statement statement) throws SQLException {
    List<String> schemas = new ArrayList<>();
    for (String extension : EXTENSIONS) {
      schemas.add(schemaOf(statement, extension));
    }
    statement.execute(PATIENCE);
    statement.execute(DROP); // a build that failed leaves an index that is kept up to date and never read
    statement.execute(CREATE.formatted(schemas.toArray()));
    statement.execute(ANALYZE);
  }

  private static String schemaOf(Statement statement, String extension) throws SQLException {
    List<String> found = column(statement, EXTENSION_SCHEMA.formatted(extension));
    if (found.isEmpty()) {
      createExtension(statement, extension);
      found = column(statement, EXTENSION_SCHEMA.formatted(extension));
    }
    return found.get(0);
  }

  private static void createExtension(Statement statement, String extension) throws SQLException {
    try {
      statement.execute(CREATE_EXTENSION.formatted(extension, isTrue(statement, PUBLIC_SERVES) ? "public" : "keyhook"));
    } catch (SQLException e) {
      if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
      statement.execute(CREATE_EXTENSION.formatted(extension, "keyhook")); // public may be closed to this role
    }
  }

  private static boolean isTrue(Statement statement, String query) throws SQLException {
    return column(statement, query).get(0).equals("t");
  }

  private static List<String> column(Statement statement, String query) throws SQLException {
    try (ResultSet rows = statement.executeQuery(query)) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }
}
