package io.keyhook.license;

import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Failure;
import io.keyhook.bus.LicenseKeys;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Page;
import io.keyhook.db.Database;
import io.keyhook.db.SearchIndex;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Lists licenses, and searches them within bounds: a search that finds no index, or too many matches, may read every license
 * of an account. It takes none of the connections that other calls need, and ends after two seconds with what to do.
 */
final class LicenseSearch {
  /** Of each of a search's statements, two at most. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  /** The number of consecutive letters and digits from which a trigram index is selective. */
  private static final int TRIGRAM = 3;
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
    this.searches = database.connections(admission.atOnce(), "searches");
  }

  /** Fails with {@link Failure.Invalid} where a search takes too long. */
  Future<Page<License>> list(Licenses.List query) {
    if (!query.isSearch()) {
      return LicenseListStore.list(database.pool(), query);
    }
    String search = query.search().strip();
    UUID accountId = query.caller().accountId();
    return admission.run(accountId, () -> searches.withTransaction(tx -> LicenseListStore.limit(tx, TIMEOUT.toMillis())
            .compose(limited -> keys(tx, accountId, search))
            .compose(keys -> {
              List<String> texts = texts(search, keys);
              List<String> indexed = texts.stream().filter(LicenseSearch::hasTrigram).toList();
              return indexed.isEmpty() ? LicenseListStore.scan(tx, query, patterns(texts))
                  : LicenseListStore.search(tx, query, patterns(indexed));
            })))
        .recover(e -> DatabaseError.of(e) == DatabaseError.TIMEOUT
            ? tookTooLong() : Future.failedFuture(e));
  }

  /** Keys that are meant if the text is a whole key, in any form that a validation finds. */
  private static Future<List<String>> keys(SqlClient tx, UUID accountId, String search) {
    String form = LicenseKeys.form(search);
    return form.isEmpty() || form.length() > Licenses.KEY_MAX ? Future.succeededFuture(List.of())
        : LicenseListStore.keys(tx, accountId, form);
  }

  /** What to search for: the text as it is and as a keyboard gives it, and the keys that it means, or may be a part of. */
  private static List<String> texts(String search, List<String> keys) {
    List<String> meant = keys.isEmpty() && hasTrigram(search) ? LicenseKeys.parts(search) : keys;
    return Stream.concat(Stream.of(search, LicenseKeys.typed(search)), meant.stream()).filter(text -> !text.isEmpty())
        .filter(text -> text.equals(search) || !containsIgnoringCase(text, search)).distinct().toList();
  }

  private static boolean containsIgnoringCase(String text, String part) {
    return text.toUpperCase(Locale.ROOT).contains(part.toUpperCase(Locale.ROOT));
  }

  private static List<String> patterns(List<String> texts) {
    return texts.stream()
        .map(text -> "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%").toList();
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
