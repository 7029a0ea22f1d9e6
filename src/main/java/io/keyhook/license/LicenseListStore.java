package io.keyhook.license;

import static io.keyhook.db.Rows.all;

import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Sort;
import io.keyhook.bus.Licenses.Status;
import io.keyhook.bus.Page;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;

/**
 * The SQL of lists of licenses: a statement for each order and filter, so that the planner knows what little of which index
 * is to be read. What stands as a parameter it does not know, and then it would rather sort the account's licenses.
 */
final class LicenseListStore {
  private static final String LIST = "SELECT " + LicenseStore.COLUMNS + """

      FROM keyhook.license WHERE account_id = $1%s ORDER BY %s LIMIT\s""" + (Page.MAX_LIMIT + 1);
  private static final String SEARCH =
      " AND (name ILIKE $2 OR key ILIKE $2 OR customer_name ILIKE $2 OR customer_email ILIKE $2)";
  private static final String ANYTHING = " AND $2::text IS NULL";
  /** Of any license; it lets the indexes by name and by expiry be used. */
  private static final String ANY_ID = " AND license_id > '00000000-0000-0000-0000-000000000000'";

  private LicenseListStore() {}

  static Future<Page<License>> list(SqlClient client, Licenses.List query) {
    Page.Position after = query.page().after();
    String pattern = pattern(query.search());
    Tuple parameters = Tuple.of(query.caller().accountId(), pattern);
    if (after != null) {
      parameters.addUUID(after.id());
      if (after.key() != null) {
        parameters.addString(after.key());
      }
    }
    return client.preparedQuery(statement(query.sort(), query.status(), pattern != null, after == null))
        .execute(parameters)
        .map(rows -> Page.sorted(all(rows, LicenseStore::license), query.page().limit(),
            license -> new Page.Position(Id.LICENSE.parse(license.id()), query.sort().key(license))));
  }

  /**
   * @param status null: any
   * @param first whether it is of a list's first page
   */
  static String statement(Sort sort, Status status, boolean search, boolean first) {
    String filter = (search ? SEARCH : ANYTHING) + filter(status);
    return switch (sort) {
      case CREATED_AT, CREATED_AT_DOWN -> statement(sort, filter, first, "license_id", "$3");
      case NAME, NAME_DOWN ->
          statement(sort, filter + ANY_ID, first, "lower(name), license_id", "lower($4::text), $3");
      case EXPIRES_AT, EXPIRES_AT_DOWN -> statement(sort, filter + ANY_ID, first,
          "coalesce(expires_at, 'infinity'::timestamptz), license_id", "$4::text::timestamptz, $3");
    };
  }

  private static String statement(Sort sort, String filter, boolean first, String columns, String last) {
    String after = first ? "" : " AND (" + columns + ") " + (sort.isDown() ? "<" : ">") + " (" + last + ")";
    return LIST.formatted(filter + after,
        sort.isDown() ? columns.replace(", license_id", " DESC, license_id") + " DESC" : columns);
  }

  private static String filter(Status status) {
    if (status == null) {
      return "";
    }
    return switch (status) {
      case ACTIVE -> " AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > now())";
      case EXPIRED -> " AND disabled_at IS NULL AND expires_at <= now()";
      case DISABLED -> " AND disabled_at IS NOT NULL";
    };
  }

  /** Null for all. */
  private static String pattern(String search) {
    return search == null || search.isBlank() ? null : "%" + search.strip().replaceAll("([\\\\%_])", "\\\\$1") + "%";
  }
}
