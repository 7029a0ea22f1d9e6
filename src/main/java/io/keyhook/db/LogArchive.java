package io.keyhook.db;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Cursor;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the partitions of the log to a directory before they are dropped: each as a gzip file of JSON lines, a row on a line, such
 * as {@code delivery_20261128.ndjson.gz}. A file gets its name when it is complete and on disk. Memory is bounded by a few
 * hundred rows. Any thread.
 */
public final class LogArchive {
  private static final Logger log = LoggerFactory.getLogger(LogArchive.class);
  /** The others are counts, which are derived. */
  private static final Set<String> TABLES = Set.of("event", "delivery");
  private static final String ROWS = "SELECT to_jsonb(kept)::text FROM keyhook.%s kept";
  /** Rows read at once: an event has up to a few KB, and a delivery up to four responses of 4 KB. */
  private static final int BATCH = 200;

  private final Vertx vertx;
  private final Path directory;
  private final Counter written;
  private final Counter failed;

  /**
   * @param directory is created if it does not exist
   */
  public LogArchive(Vertx vertx, Path directory, MeterRegistry meters) {
    this.vertx = vertx;
    this.directory = directory;
    this.written = Counter.builder("keyhook.log.archived").description("Partitions of the log written to delivery.logArchive")
        .register(meters);
    this.failed = Counter.builder("keyhook.log.archive.failures")
        .description("Partitions of the log that could not be archived, and are kept until they can").register(meters);
  }

  /**
   * Writes a partition; fails if it is not whole in the directory.
   *
   * @param connection without a transaction
   */
  Future<Void> write(SqlConnection connection, String table, String partition) {
    if (!TABLES.contains(table)) {
      return Future.succeededFuture();
    }
    Path file = directory.resolve(partition + ".ndjson.gz");
    return vertx.executeBlocking(() -> new Unnamed(file)).compose(unnamed ->
            copy(connection, partition, unnamed)
                .compose(rows -> vertx.executeBlocking(() -> {
                  unnamed.finish();
                  return rows;
                }))
                .onSuccess(rows -> log.info("Archived {} rows of {} in {}", rows, partition, file))
                .eventually(() -> vertx.executeBlocking(unnamed::discard)))
        .onComplete(done -> written.increment(), e -> failed.increment())
        .mapEmpty();
  }

  private Future<Long> copy(SqlConnection connection, String partition, Unnamed file) {
    return connection.begin().compose(transaction -> connection.prepare(ROWS.formatted(partition))
        .compose(statement -> {
          Cursor cursor = statement.cursor();
          return copy(cursor, file, 0L).eventually(cursor::close).eventually(statement::close);
        }).eventually(transaction::rollback)); // it only reads
  }

  private Future<Long> copy(Cursor cursor, Unnamed file, long before) {
    return cursor.read(BATCH).compose(rows -> vertx.executeBlocking(() -> file.append(rows)).compose(appended ->
        cursor.hasMore() ? copy(cursor, file, before + appended) : Future.succeededFuture(before + appended)));
  }

  /** A file that gets its name at the end. Its methods block, one at a time. */
  private static final class Unnamed {
    private final Path file;
    private final Path unfinished;
    private final FileChannel channel;
    private final GZIPOutputStream gzip;
    private final OutputStream out;

    Unnamed(Path file) throws IOException {
      this.file = file;
      unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
      Files.createDirectories(file.getParent());
      Files.deleteIfExists(unfinished); // of a node that was killed
      Files.createFile(unfinished, OwnerOnly.FILE);
      channel = FileChannel.open(unfinished, StandardOpenOption.WRITE);
      gzip = new GZIPOutputStream(Channels.newOutputStream(channel));
      out = new BufferedOutputStream(gzip);
    }

    long append(RowSet<Row> rows) throws IOException {
      for (Row row : rows) {
        out.write(row.getString(0).getBytes(StandardCharsets.UTF_8));
        out.write('\n');
      }
      return rows.size();
    }

    void finish() throws IOException {
      out.flush();
      gzip.finish();
      channel.force(true);
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    Void discard() throws IOException {
      channel.close();
      Files.deleteIfExists(unfinished);
      return null;
    }
  }
}
