package io.keyhook.license;

import io.keyhook.bus.Failure;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Page;
import io.keyhook.db.Database;
import io.keyhook.db.SearchIndex;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Lists licenses, and searches them within bounds: a search that finds no index, or too many matches, may read every license
 * of an account. It takes none of the connections that other calls need, and ends after two seconds with what to do.
 */
final class LicenseSearch {
  /** Of each of a search's statements, two at most. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  /** Letters and digits in a row from which an index of trigrams can tell licenses apart. */
  private static final int TRIGRAM = 3;
  private static final String QUERY_CANCELED = "57014";
  private static final String TAKES_TOO_LONG = "took longer than " + TIMEOUT.toSeconds() + " s: ";

  private final Database database;
  private final Admission<UUID> admission;
  private final Pool searches;

  /**
   * @param admission admits searches, by account: each has a connection of its own
   */
  LicenseSearch(Database database, Admission<UUID> admission) {
    this.database = database;
    this.admission = admission;
    this.searches = database.connections(admission.atOnce());
  }

  /** Fails with {@link Failure.Invalid} where a search takes too long. */
  Future<Page<License>> list(Licenses.List query) {
    if (!query.isSearch()) {
      return LicenseListStore.list(database.pool(), query);
    }
    String search = query.search().strip();
    String pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
    return admission.run(query.caller().accountId(), () ->
            searches.withTransaction(tx -> LicenseListStore.limit(tx, TIMEOUT.toMillis()).compose(limited ->
                hasTrigram(search) ? LicenseListStore.search(tx, query, pattern) : LicenseListStore.scan(tx, query, pattern))))
        .recover(e -> e instanceof PgException pg && QUERY_CANCELED.equals(pg.getSqlState())
            ? tookTooLong() : Future.failedFuture(e));
  }

  private static boolean hasTrigram(String text) {
    int run = 0;
    for (int i = 0; i < text.length() && run < TRIGRAM; i++) {
      run = Character.isLetterOrDigit(text.charAt(i)) ? run + 1 : 0;
    }
    return run == TRIGRAM;
  }

  private Future<Page<License>> tookTooLong() {
    return SearchIndex.exists(database.pool()).compose(exists -> Future.failedFuture(new Failure.Invalid(List.of(
        new Failure.FieldError("search", TAKES_TOO_LONG + (exists
            ? "search for a longer part, with at least " + TRIGRAM + " letters or digits in a row"
            : "this database has no index for searches; ask your administrator to create the extensions pg_trgm and"
                + " btree_gin and to restart Keyhook")))).exception()));
  }

  Future<Void> close() {
    return database.release(searches);
  }
}
