package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;

/**
 * Finds out whether the database accepts writes, and leaves no row behind. In one transaction that costs about 3 ms and 200 bytes
 * of WAL it
 *
 * <ul>
 *   <li>updates no row of a table, which a standby and a server with {@code default_transaction_read_only} refuse;
 *   <li>writes a message to the WAL that nobody reads, so that its commit waits for the disk, and for a synchronous standby;
 *   <li>writes a temporary file of 512 kB, as much as PostgreSQL adds to a table at once, which a full disk refuses.
 * </ul>
 */
public final class WriteProbe {
  /** A function's rows are written to disk once they exceed {@code work_mem}: 24 bytes each. */
  private static final String PROBE = """
      SET LOCAL work_mem = '64kB';
      UPDATE keyhook.delivery_queue SET leased = leased WHERE false;
      SELECT pg_logical_emit_message(true, 'keyhook', '');
      SELECT count(*) FROM generate_series(1, 22000)""";

  private WriteProbe() {}

  /** Fails with the error of the database where it accepts no writes. */
  public static Future<Void> run(SqlClient client) {
    return client.query(PROBE).execute().mapEmpty();
  }
}
