package io.keyhook.bench;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;

/**
 * Bytes of a database, and of the server's write-ahead log so far.
 *
 * @param tables by name, the partitions of one together; with their TOAST
 */
public record Disk(long wal, Map<String, Size> tables) {
  private static final String WAL = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn";
  private static final String SIZES = """
      SELECT regexp_replace(relname, '_[0-9]{8}$', ''), sum(pg_table_size(oid)), sum(pg_indexes_size(oid))
      FROM pg_class WHERE relnamespace = 'keyhook'::regnamespace AND relkind = 'r' GROUP BY 1""";

  /** Of one table, in bytes. */
  public record Size(long table, long indexes) {
    Size minus(Size other) {
      return new Size(table - other.table, indexes - other.indexes);
    }
  }

  public static Disk of(PostgresServer.Database database) throws SQLException {
    Map<String, Size> tables = new TreeMap<>();
    for (Object[] row : database.rows(SIZES)) {
      tables.put(row[0].toString(), new Size(((BigDecimal) row[1]).longValue(), ((BigDecimal) row[2]).longValue()));
    }
    return new Disk(database.number(WAL), tables);
  }

  public Disk since(Disk before) {
    Map<String, Size> grown = new TreeMap<>();
    tables.forEach((name, size) -> grown.put(name, size.minus(before.tables.getOrDefault(name, new Size(0, 0)))));
    return new Disk(wal - before.wal, grown);
  }

  public long tableBytes() {
    return tables.values().stream().mapToLong(Size::table).sum();
  }

  public long indexBytes() {
    return tables.values().stream().mapToLong(Size::indexes).sum();
  }
}
