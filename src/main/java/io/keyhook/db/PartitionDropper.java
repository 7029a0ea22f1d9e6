package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Drops single partitions of the log, and archives them before. Any thread. */
final class PartitionDropper {
  private static final Logger log = LoggerFactory.getLogger(PartitionDropper.class);
  /** For who does not own the table, or has no session: it may be refused while somebody reads the others. */
  private static final String DROP = "SELECT keyhook.drop_partition($1, $2)";
  /** The lock of {@link Partitions} for dropping, without a session, and whether the partition is still there. */
  private static final String TRY_LOCK_ARCHIVE = """
      SELECT pg_try_advisory_xact_lock(hashtext('keyhook.partitions.drop')) AND to_regclass('keyhook.%s') IS NOT NULL""";
  /** A large day takes its time, and a slow disk leaves the transaction idle. */
  private static final String UNHURRIED_HERE =
      "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
  /** Nobody writes to it from here on. */
  private static final String LOCK_TO_DROP = "LOCK TABLE keyhook.%s IN SHARE MODE";

  private final boolean sessions;
  private final Shards shards;
  private final Optional<LogArchive> archive;

  /**
   * @param sessions whether connections keep what is set on them, and their locks
   * @param archive that partitions are written to; empty: they are only dropped
   */
  PartitionDropper(boolean sessions, Shards shards, Optional<LogArchive> archive) {
    this.sessions = sessions;
    this.shards = shards;
    this.archive = archive;
  }

  /**
   * Archives and drops a partition. It is kept if it cannot be archived, or rows change meanwhile.
   *
   * @param connection without a transaction; without the statement timeout if it is a session, which holds the lock for dropping
   */
  Future<Void> drop(SqlConnection connection, Partition partition) {
    if (archive.isEmpty() || !archive.get().takes(partition.table())) {
      return isDroppedByFunction(partition) ? dropByFunction(connection, partition)
          : detach(connection, partition).compose(detached -> dropTable(connection, partition));
    }
    return isDroppedByFunction(partition) ? archiveInTransaction(connection, partition) : archiveInSession(connection, partition);
  }

  /** One transaction has a lock and does all of it, because there may be no session to hold one in. */
  private Future<Void> archiveInTransaction(SqlConnection connection, Partition partition) {
    return inTransaction(connection, () -> connection.query(TRY_LOCK_ARCHIVE.formatted(partition.name())).execute()
        .compose(locked -> !locked.iterator().next().getBoolean(0) ? Future.succeededFuture()
            : archive.orElseThrow().copy(connection, partition.name()).compose(copy -> check(connection, partition, copy)
                .compose(whole -> copy.publish())
                .compose(published -> dropByFunction(connection, partition))
                .recover(e -> withdraw(copy, e))
                .eventually(copy::discard))));
  }

  /** The session has the lock. Nobody waits while the rows are read: those written or changed meanwhile keep the partition from being dropped. */
  private Future<Void> archiveInSession(SqlConnection connection, Partition partition) {
    return inTransaction(connection, () -> archive.orElseThrow().copy(connection, partition.name()))
        .compose(copy -> copy.publish()
            .compose(published -> detach(connection, partition))
            .compose(detached -> inTransaction(connection, () -> check(connection, partition, copy)
                .compose(whole -> dropTable(connection, partition))))
            .recover(e -> withdraw(copy, e))
            .eventually(copy::discard));
  }

  private static Future<Void> check(SqlConnection connection, Partition partition, LogArchive.Copy copy) {
    return connection.query(LOCK_TO_DROP.formatted(partition.name())).execute()
        .compose(locked -> LogArchive.content(connection, partition.name()))
        .compose(content -> content.equals(copy.content()) ? Future.succeededFuture()
            : Future.failedFuture(new ChangedException(partition.name() + " has changed since it was archived: it has "
                + content.rows() + " rows now, and " + copy.content().rows() + " were archived")));
  }

  /** Where the server said no, the partition is there. After a lost connection it may not be, and the file is all there is. */
  private static Future<Void> withdraw(LogArchive.Copy copy, Throwable e) {
    return (e instanceof PgException || e instanceof ChangedException ? copy.withdraw() : Future.<Void>succeededFuture())
        .transform(withdrawn -> Future.failedFuture(e));
  }

  /** Rows were written or changed while a partition was archived. */
  private static final class ChangedException extends RuntimeException {
    ChangedException(String message) {
      super(message);
    }
  }

  private static <T> Future<T> inTransaction(SqlConnection connection, Supplier<Future<T>> work) {
    return connection.begin().compose(transaction -> connection.query(UNHURRIED_HERE).execute().compose(set -> work.get())
        .compose(result -> transaction.commit().map(result),
            e -> transaction.rollback().transform(rolledBack -> Future.failedFuture(e))));
  }

  /** Citus knows no CONCURRENTLY. */
  private boolean isDroppedByFunction(Partition partition) {
    return !sessions || !partition.own() || shards.areMany();
  }

  private static Future<Void> dropByFunction(SqlConnection connection, Partition partition) {
    log.info("Dropping {}: its retention has ended", partition.name());
    return connection.preparedQuery(DROP).execute(Tuple.of(partition.table(), partition.day())).mapEmpty();
  }

  private static Future<Void> detach(SqlConnection connection, Partition partition) {
    return !partition.attached() ? Future.succeededFuture()
        : connection.query("ALTER TABLE keyhook.%s DETACH PARTITION keyhook.%s %s".formatted(partition.table(),
            partition.name(), partition.pending() ? "FINALIZE" : "CONCURRENTLY")).execute().mapEmpty();
  }

  private static Future<Void> dropTable(SqlConnection connection, Partition partition) {
    log.info("Dropping {}: its retention has ended", partition.name());
    return connection.query("DROP TABLE keyhook." + partition.name()).execute().mapEmpty();
  }
}
