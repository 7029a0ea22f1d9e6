package io.keyhook.db;

import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What every store does with rows. */
public final class Rows {
  private Rows() {}

  public static <T> List<T> all(RowSet<Row> rows, Function<Row, T> mapper) {
    List<T> list = new ArrayList<>(rows.size());
    rows.forEach(row -> list.add(mapper.apply(row)));
    return list;
  }

  /** The first row, where there is one. */
  public static <T> Optional<T> first(RowSet<Row> rows, Function<Row, T> mapper) {
    return rows.size() == 0 ? Optional.empty() : Optional.of(mapper.apply(rows.iterator().next()));
  }

  /** Null where the column is. */
  public static Instant instant(Row row, int column) {
    OffsetDateTime time = row.getOffsetDateTime(column);
    return time == null ? null : time.toInstant();
  }

  /** A column's value; null for null. */
  public static OffsetDateTime utc(Instant time) {
    return time == null ? null : time.atOffset(ZoneOffset.UTC);
  }

  /** A column of a batch, for {@code unnest}. */
  public static <T> String[] strings(List<T> items, Function<T, String> value) {
    return items.stream().map(value).toArray(String[]::new);
  }

  /** A column of a batch, for {@code unnest}. */
  public static <T> java.util.UUID[] uuids(List<T> items, Function<T, java.util.UUID> value) {
    return items.stream().map(value).toArray(java.util.UUID[]::new);
  }
}
