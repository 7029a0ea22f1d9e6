package io.keyhook.license;

import static io.keyhook.db.Rows.all;

import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Sort;
import io.keyhook.bus.Licenses.Status;
import io.keyhook.bus.Page;
import io.keyhook.db.SearchIndex;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.UUID;

/**
 * The SQL of lists of licenses: a statement for each order and filter, so that the planner knows which small part of which
 * index to read. It does not know a parameter's value, and would rather sort the account's licenses.
 */
final class LicenseListStore {
  /** Rows that a search reads in the list's order before it uses the index. Most searches find none or many among them. */
  private static final int FIRST = 200;
  /** The same if a few of the first rows match: the index would then return so many that sorting them takes longer. */
  private static final int RECENT = 5000;
  private static final int LIMIT = Page.MAX_LIMIT + 1;

  private static final String LIST = "SELECT " + LicenseStore.COLUMNS + """

      FROM keyhook.license WHERE account_id = $1%s ORDER BY %s LIMIT\s""" + LIMIT;
  /** Matches among the first ones of the list. */
  private static final String RECENT_MATCHES = "SELECT " + LicenseStore.COLUMNS + """

      FROM (SELECT * FROM keyhook.license WHERE account_id = $1%1$s ORDER BY %2$s LIMIT %4$d) l WHERE\s""" + SearchIndex.TEXT
      + " ILIKE %3$s ORDER BY %2$s LIMIT " + LIMIT;
  /** All matches, sorted: OFFSET 0 keeps the planner from reading the account's licenses in order until it has enough. */
  private static final String INDEXED_MATCHES = "SELECT " + LicenseStore.COLUMNS + """

      FROM (SELECT * FROM keyhook.license WHERE account_id = $1%1$s AND\s""" + SearchIndex.TEXT
      + " ILIKE %3$s OFFSET 0) l ORDER BY %2$s LIMIT " + LIMIT;
  /** Spelled as the search index is not: without trigrams, PostgreSQL would read the whole index, across all accounts. */
  private static final String MATCHES =
      " AND (name ILIKE %1$s OR key ILIKE %1$s OR customer_name ILIKE %1$s OR customer_email ILIKE %1$s)";

  private static final String OF_POLICY = " AND policy_id = %s";
  /** Of the license, or of its policy if it has none itself. */
  private static final String OF_PRODUCT = """
      \sAND (product_id = %1$s OR product_id IS NULL AND policy_id = ANY (ARRAY(
        SELECT p.policy_id FROM keyhook.policy p WHERE p.account_id = $1 AND p.product_id = %1$s)))""";

  /** True for every license; each allows one kind of index (see V2 and V6). */
  private static final String ANY_ID = " AND license_id > '00000000-0000-0000-0000-000000000000'";
  private static final String ANY_TIME = " AND created_at > '-infinity'";
  private static final String EXPIRES = "coalesce(expires_at, 'infinity'::timestamptz)";
  private static final String VALID_UNTIL =
      "(CASE WHEN disabled_at IS NOT NULL THEN '-infinity' ELSE coalesce(expires_at, 'infinity') END)";

  /**
   * Stored keys of a form. All that have it are read first, whoever has them (they are few), so that the planner never reads
   * an account's licenses instead: it knows how common a form is only once the table has been analyzed.
   */
  static final String KEYS = """
      SELECT key FROM (SELECT account_id, key FROM keyhook.license WHERE upper(replace(key, '-', '')) = $2 OFFSET 0) l
      WHERE account_id = $1""";

  private static final String LIMIT_SEARCH = """
      SET LOCAL statement_timeout = %d; SET LOCAL plan_cache_mode = force_custom_plan""";

  private LicenseListStore() {}

  /** Without a search. */
  static Future<Page<License>> list(SqlClient client, Licenses.List query) {
    return client.preparedQuery(Shape.of(query, List.of()).list()).execute(filters(query, parameters(query)))
        .map(rows -> page(query, all(rows, LicenseStore::license)));
  }

  /**
   * Bounds each statement of a transaction that searches. They are planned for their values: how many matches an account and
   * a text have differs too much for one plan.
   */
  static Future<Void> limit(SqlClient tx, long millis) {
    return tx.query(LIMIT_SEARCH.formatted(millis)).execute().mapEmpty();
  }

  /** Keys of the account's licenses that are looked up by this form. */
  static Future<List<String>> keys(SqlClient tx, UUID accountId, String form) {
    return tx.preparedQuery(KEYS).execute(Tuple.of(accountId, form)).map(rows -> all(rows, row -> row.getString(0)));
  }

  /**
   * Reads the account's licenses in order until it has a page of matches.
   *
   * @param patterns of {@code ILIKE}, any of which a match has
   */
  static Future<Page<License>> scan(SqlClient tx, Licenses.List query, List<String> patterns) {
    return matches(tx, Shape.of(query, patterns).scan(), query, patterns).map(found -> page(query, found));
  }

  /** Takes a page from the first rows of the list if they hold one, and otherwise from the index. */
  static Future<Page<License>> search(SqlClient tx, Licenses.List query, List<String> patterns) {
    Shape shape = Shape.of(query, patterns);
    return matches(tx, shape.recent(FIRST), query, patterns)
        .compose(found -> isPage(found, query) || found.isEmpty() ? Future.succeededFuture(found)
            : matches(tx, shape.recent(RECENT), query, patterns))
        .compose(found -> isPage(found, query) ? Future.succeededFuture(found)
            : matches(tx, shape.indexed(), query, patterns))
        .map(found -> page(query, found));
  }

  private static boolean isPage(List<License> found, Licenses.List query) {
    return found.size() > query.page().limit();
  }

  private static Future<List<License>> matches(
      SqlClient tx, String statement, Licenses.List query, List<String> patterns) {
    Tuple parameters = parameters(query);
    if (patterns.size() == 1) {
      parameters.addString(patterns.get(0));
    } else {
      parameters.addArrayOfString(patterns.toArray(String[]::new));
    }
    return tx.preparedQuery(statement).execute(filters(query, parameters)).map(rows -> all(rows, LicenseStore::license));
  }

  /** Each filter adds its id, after all others. */
  private static Tuple filters(Licenses.List query, Tuple parameters) {
    if (query.policyId() != null) {
      parameters.addUUID(Id.POLICY.parse(query.policyId()));
    }
    if (query.productId() != null) {
      parameters.addUUID(Id.PRODUCT.parse(query.productId()));
    }
    return parameters;
  }

  /** The account and the position; a search adds its pattern. */
  private static Tuple parameters(Licenses.List query) {
    Tuple parameters = Tuple.of(query.caller().accountId());
    Page.Position after = query.page().after();
    if (after != null) {
      parameters.addUUID(after.id());
      if (after.key() != null) {
        parameters.addString(after.key());
      }
    }
    return parameters;
  }

  private static Page<License> page(Licenses.List query, List<License> rows) {
    return Page.sorted(rows, query.page().limit(),
        license -> new Page.Position(Id.LICENSE.parse(license.id()), query.sort().key(license)));
  }

  /**
   * The key of a prepared statement.
   *
   * @param status null: any
   * @param first whether it reads a list's first page
   * @param several whether it searches for one of several patterns
   * @param ofPolicy whether it lists the licenses of one policy
   * @param ofProduct whether it lists the licenses of one product
   */
  record Shape(Sort sort, Status status, boolean first, boolean several, boolean ofPolicy, boolean ofProduct) {
    Shape(Sort sort, Status status, boolean first, boolean several) {
      this(sort, status, first, several, false, false);
    }

    static Shape of(Licenses.List query, List<String> patterns) {
      return new Shape(query.sort(), query.status(), query.page().after() == null, patterns.size() > 1,
          query.policyId() != null, query.productId() != null);
    }

    String list() {
      return LIST.formatted(where(false), order());
    }

    String scan() {
      return LIST.formatted(where(true) + MATCHES.formatted(pattern()), order());
    }

    /** Of so many rows. */
    String recent(int rows) {
      return RECENT_MATCHES.formatted(where(true), order(), pattern(), rows);
    }

    String indexed() {
      return INDEXED_MATCHES.formatted(where(true), order(), pattern());
    }

    private String pattern() {
      String parameter = parameter(0);
      return several ? "ANY (" + parameter + "::text[])" : parameter;
    }

    /** One of those that follow the position. */
    private String parameter(int n) {
      return "$" + ((first ? 2 : columns().equals("license_id") ? 3 : 4) + n);
    }

    private String columns() {
      return switch (sort) {
        case CREATED_AT, CREATED_AT_DOWN -> "license_id";
        case NAME, NAME_DOWN -> "lower(name), license_id";
        case EXPIRES_AT, EXPIRES_AT_DOWN -> EXPIRES + ", license_id";
      };
    }

    private String order() {
      return sort.isDown() ? columns().replace(", license_id", " DESC, license_id") + " DESC" : columns();
    }

    private String where(boolean searched) {
      return where() + (ofPolicy ? OF_POLICY.formatted(parameter(searched ? 1 : 0)) : "")
          + (ofProduct ? OF_PRODUCT.formatted(parameter((searched ? 1 : 0) + (ofPolicy ? 1 : 0))) : "");
    }

    private String where() {
      return switch (sort) {
        case CREATED_AT, CREATED_AT_DOWN -> (status == null ? "" : ANY_TIME + ofStatus()) + after("$2");
        case NAME, NAME_DOWN -> ANY_ID + ofStatus() + after("lower($3::text), $2");
        case EXPIRES_AT, EXPIRES_AT_DOWN -> ANY_ID + ofStatusByExpiry() + after("$3::text::timestamptz, $2");
      };
    }

    private String after(String position) {
      return first ? "" : " AND (" + columns() + ") " + (sort.isDown() ? "<" : ">") + " (" + position + ")";
    }

    private String ofStatus() {
      return status == null ? "" : switch (status) {
        case ACTIVE -> " AND " + VALID_UNTIL + " > now()";
        case EXPIRED -> " AND " + VALID_UNTIL + " > '-infinity' AND " + VALID_UNTIL + " <= now()";
        case DISABLED -> " AND " + VALID_UNTIL + " = '-infinity'";
      };
    }

    private String ofStatusByExpiry() {
      return status == null ? "" : switch (status) {
        case ACTIVE -> " AND disabled_at IS NULL AND " + EXPIRES + " > now()";
        case EXPIRED -> " AND disabled_at IS NULL AND " + EXPIRES + " <= now()";
        case DISABLED -> " AND disabled_at IS NOT NULL";
      };
    }
  }
}
