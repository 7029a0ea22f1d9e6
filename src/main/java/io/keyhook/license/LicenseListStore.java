package io.keyhook.license;

import static io.keyhook.db.Rows.all;

import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Sort;
import io.keyhook.bus.Page;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.EnumMap;
import java.util.Map;

/** The SQL of lists of licenses: a statement for each order, and the index to read it in. */
final class LicenseListStore {
  private static final String LIST = "SELECT " + LicenseStore.COLUMNS + """

      FROM keyhook.license
      WHERE account_id = $1
        AND ($2::text IS NULL OR name ILIKE $2 OR key ILIKE $2 OR customer_name ILIKE $2 OR customer_email ILIKE $2)
        AND ($3::text IS NULL OR $3 =\s""" + LicenseStore.STATUS + """
      )
        AND %s ORDER BY %s LIMIT $4""";
  /** Of any license; it lets the indexes by name and by expiry be used. */
  private static final String ANY_ID = "license_id > '00000000-0000-0000-0000-000000000000'";
  private static final Map<Sort, String> FIRST = new EnumMap<>(Sort.class);
  private static final Map<Sort, String> NEXT = new EnumMap<>(Sort.class);

  static {
    add(Sort.CREATED_AT, Sort.CREATED_AT_DOWN, "license_id", "$5::uuid");
    add(Sort.NAME, Sort.NAME_DOWN, "lower(name), license_id", "lower($6::text), $5::uuid");
    add(Sort.EXPIRES_AT, Sort.EXPIRES_AT_DOWN, "coalesce(expires_at, 'infinity'::timestamptz), license_id",
        "$6::text::timestamptz, $5::uuid");
  }

  private LicenseListStore() {}

  private static void add(Sort up, Sort down, String columns, String last) {
    FIRST.put(up, LIST.formatted(ANY_ID, columns));
    NEXT.put(up, LIST.formatted(ANY_ID + " AND (" + columns + ") > (" + last + ")", columns));
    String descending = columns.replace(", license_id", " DESC, license_id") + " DESC";
    FIRST.put(down, LIST.formatted(ANY_ID, descending));
    NEXT.put(down, LIST.formatted(ANY_ID + " AND (" + columns + ") < (" + last + ")", descending));
  }

  static Future<Page<License>> list(SqlClient client, Licenses.List query) {
    Page.Position after = query.page().after();
    Tuple parameters = Tuple.of(query.caller().accountId(), pattern(query.search()),
        query.status() == null ? null : query.status().name(), (long) query.page().limit() + 1);
    if (after != null) {
      parameters.addUUID(after.id());
      if (after.key() != null) {
        parameters.addString(after.key());
      }
    }
    return client.preparedQuery((after == null ? FIRST : NEXT).get(query.sort())).execute(parameters)
        .map(rows -> Page.sorted(all(rows, LicenseStore::license), query.page().limit(),
            license -> new Page.Position(Id.LICENSE.parse(license.id()), query.sort().key(license))));
  }

  /** Null for all. */
  private static String pattern(String search) {
    return search == null || search.isBlank() ? null : "%" + search.strip().replaceAll("([\\\\%_])", "\\\\$1") + "%";
  }
}
