package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlConnection;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables of the log, one a day: made a week ahead, dropped when their day is over. What is written today is kept
 * until today plus its account's retention, so there are tables for each retention in use and none between.
 */
public final class Partitions {
  /** How long the minutes behind a webhook's health are kept, in days. */
  public static final int COUNT_DAYS = 31;

  private static final Logger log = LoggerFactory.getLogger(Partitions.class);
  private static final List<String> TABLES = List.of("event", "delivery", "attempt_count");
  private static final int DAYS_AHEAD = 7;
  private static final String LOCK = "SELECT pg_advisory_lock(hashtext('keyhook.partitions'))";
  private static final String UNLOCK = "SELECT pg_advisory_unlock(hashtext('keyhook.partitions'))";
  private static final String TODAY = "SELECT (now() AT TIME ZONE 'UTC')::date";
  private static final String EXISTING = """
      SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = ANY(ARRAY['keyhook.event', 'keyhook.delivery', 'keyhook.attempt_count']::regclass[])""";

  private final Pool pool;
  private final Collection<Integer> retentions;

  /**
   * @param retentions of the plans, in days
   */
  public Partitions(Pool pool, Collection<Integer> retentions) {
    this.pool = pool;
    this.retentions = new TreeSet<>(retentions);
    this.retentions.add(COUNT_DAYS);
  }

  /** Makes and drops what is due. One node at a time. */
  public Future<Void> maintain() {
    return pool.withConnection(connection -> connection.query(LOCK).execute()
        .compose(locked -> underLock(connection)
            .eventually(() -> connection.query(UNLOCK).execute())));
  }

  private Future<Void> underLock(SqlConnection connection) {
    return connection.query(TODAY).execute()
        .compose(today -> connection.query(EXISTING).execute()
            .compose(rows -> {
              TreeSet<String> existing = new TreeSet<>();
              rows.forEach(row -> existing.add(row.getString(0)));
              return change(connection, today.iterator().next().getLocalDate(0), existing);
            }));
  }

  private Future<Void> change(SqlConnection connection, LocalDate today, TreeSet<String> existing) {
    Future<Void> done = Future.succeededFuture();
    for (String table : TABLES) {
      TreeSet<LocalDate> days = new TreeSet<>();
      for (int retention : retentions) {
        for (int ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
          days.add(today.plusDays(ahead + retention));
        }
      }
      for (LocalDate day : days) {
        String name = name(table, day);
        if (!existing.contains(name)) {
          done = done.compose(v -> make(connection, table, name, day));
        }
      }
      for (String name : existing.subSet(table + "_0", name(table, today))) {
        done = done.compose(v -> drop(connection, table, name));
      }
    }
    return done;
  }

  /** Attaching an empty table, unlike making a partition, does not wait for those who use the others. */
  private static Future<Void> make(SqlConnection connection, String table, String name, LocalDate day) {
    String settings = table.equals("attempt_count") ? " WITH (fillfactor = 50)" : "";
    return connection.query("""
        CREATE TABLE IF NOT EXISTS keyhook.%2$s (LIKE keyhook.%1$s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)%5$s;
        ALTER TABLE keyhook.%1$s ATTACH PARTITION keyhook.%2$s FOR VALUES FROM ('%3$s') TO ('%4$s')"""
        .formatted(table, name, day, day.plusDays(1), settings)).execute().mapEmpty();
  }

  private static Future<Void> drop(SqlConnection connection, String table, String name) {
    log.info("Dropping {}: the last day on which it was to be kept is over", name);
    return connection.query("ALTER TABLE keyhook.%s DETACH PARTITION keyhook.%s CONCURRENTLY".formatted(table, name))
        .execute()
        .compose(detached -> connection.query("DROP TABLE keyhook." + name).execute())
        .mapEmpty();
  }

  private static String name(String table, LocalDate day) {
    return table + "_" + day.toString().replace("-", "");
  }
}
