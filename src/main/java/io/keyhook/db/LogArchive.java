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
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the partitions of the log to a directory before they are dropped: each as a gzip file of JSON lines, a row on a line, such
 * as {@code delivery_20261128.ndjson.gz}. A file gets its name when it is complete and on disk, and never replaces another: a
 * partition of the same name that is written later gets {@code delivery_20261128-2.ndjson.gz}. Memory is bounded by a few hundred
 * rows. Any thread.
 */
public final class LogArchive {
  private static final Logger log = LoggerFactory.getLogger(LogArchive.class);
  /** The others are counts, which are derived. */
  private static final Set<String> TABLES = Set.of("event", "delivery");
  /** Nobody drops it while it is read. */
  private static final String LOCK = "LOCK TABLE keyhook.%s IN ACCESS SHARE MODE";
  private static final String ROWS = """
      SELECT text, hashtext(text) FROM (SELECT to_jsonb(kept)::text AS text FROM keyhook.%s kept) kept""";
  private static final String CONTENT = """
      SELECT count(*), coalesce(sum(hashtext(to_jsonb(kept)::text)), 0) FROM keyhook.%s kept""";
  /** Rows read at once: an event has up to a few KB, and a delivery up to four responses of 4 KB. */
  private static final int BATCH = 200;
  private static final String SUFFIX = ".ndjson.gz";

  private final Vertx vertx;
  private final Path directory;
  private final Counter written;
  private final Counter failed;

  /**
   * @param directory exists: see {@link #check}
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
   * Checks that a directory can be written to. It is not created: what is missing may be a mount, and the archive would fill the
   * disk under it. Blocks.
   *
   * @throws IOException it is not a directory, or this user may not write to it
   */
  public static void check(Path directory) throws IOException {
    if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
      throw new IOException("delivery.logArchive: " + directory + (Files.isDirectory(directory)
          ? " cannot be written to by the user that runs Keyhook" : " is not a directory. Create it, or mount it"));
    }
  }

  /** Whether partitions of the table are archived. */
  boolean takes(String table) {
    return TABLES.contains(table);
  }

  /**
   * What a partition has: another number of rows, or the same number with other values, is something else.
   *
   * @param hashes the sum of the rows' hashes
   */
  record Content(long rows, long hashes) {}

  /**
   * Returns what a partition has now. Reads all of it.
   *
   * @param connection the same that it is copied by: values as text depend on settings of the session
   */
  static Future<Content> content(SqlConnection connection, String partition) {
    return connection.query(CONTENT.formatted(partition)).execute().map(rows -> {
      Row row = rows.iterator().next();
      return new Content(row.getLong(0), row.getLong(1));
    });
  }

  /**
   * Writes the rows of a partition to a file without a name.
   *
   * @param connection in a transaction, which may be idle while the disk is slow
   * @return what is to be published or discarded
   */
  Future<Copy> copy(SqlConnection connection, String partition) {
    return vertx.executeBlocking(() -> new Copy(partition)).compose(copy -> connection.query(LOCK.formatted(partition)).execute()
            .compose(locked -> connection.prepare(ROWS.formatted(partition)))
            .compose(statement -> {
              Cursor cursor = statement.cursor();
              return append(cursor, copy).eventually(cursor::close).eventually(statement::close);
            })
            .map(copy)
            .recover(e -> copy.discard().transform(discarded -> Future.failedFuture(e))))
        .onFailure(e -> failed.increment());
  }

  private Future<Void> append(Cursor cursor, Copy copy) {
    return cursor.read(BATCH).compose(rows -> vertx.executeBlocking(() -> copy.append(rows)))
        .compose(appended -> cursor.hasMore() ? append(cursor, copy) : Future.succeededFuture());
  }

  /** The rows of one partition in a file of their own. One method at a time. */
  final class Copy {
    private final String partition;
    private final Path unfinished;
    private final FileChannel channel;
    private final GZIPOutputStream gzip;
    private final OutputStream out;
    private long rows;
    private long hashes;
    private Path file;

    private Copy(String partition) throws IOException {
      this.partition = partition;
      check(directory);
      unfinished = Files.createTempFile(directory, partition + "-", ".unfinished", OwnerOnly.FILE);
      channel = FileChannel.open(unfinished, StandardOpenOption.WRITE);
      gzip = new GZIPOutputStream(Channels.newOutputStream(channel));
      out = new BufferedOutputStream(gzip);
    }

    Content content() {
      return new Content(rows, hashes);
    }

    private Void append(RowSet<Row> more) throws IOException {
      for (Row row : more) {
        out.write(row.getString(0).getBytes(StandardCharsets.UTF_8));
        out.write('\n');
        hashes += row.getInteger(1);
      }
      rows += more.size();
      return null;
    }

    /** Gives the file its name. Then it is on disk, whatever happens. */
    Future<Void> publish() {
      return vertx.executeBlocking(this::finish)
          .onSuccess(done -> {
            written.increment();
            log.info("Archived {} rows of {} in {}", rows, partition, file);
          })
          .onFailure(e -> failed.increment());
    }

    private Void finish() throws IOException {
      out.flush();
      gzip.finish();
      channel.force(true);
      file = name();
      return null;
    }

    private Path name() throws IOException {
      for (int number = 1;; number++) {
        Path free = directory.resolve(partition + (number == 1 ? "" : "-" + number) + SUFFIX);
        try {
          NewName.give(unfinished, free);
          return free;
        } catch (FileAlreadyExistsException e) {
          log.warn("{} exists already, and is kept beside the archive of more rows", free);
        }
      }
    }

    /** Deletes the named file too: the partition is still there, and is archived again. */
    Future<Void> withdraw() {
      return vertx.executeBlocking(() -> {
        if (file != null) {
          Files.deleteIfExists(file);
        }
        return null;
      });
    }

    /** Deletes what has no name. */
    Future<Void> discard() {
      return vertx.executeBlocking(() -> {
        channel.close();
        Files.deleteIfExists(unfinished);
        return null;
      });
    }
  }
}
