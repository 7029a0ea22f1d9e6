package io.keyhook.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A Markdown table, and how figures are written in one. */
public final class Table {
  private final List<String[]> rows = new ArrayList<>();

  public Table(String... head) {
    rows.add(head);
  }

  public Table row(Object... cells) {
    rows.add(Arrays.stream(cells).map(String::valueOf).toArray(String[]::new));
    return this;
  }

  String markdown() {
    int columns = rows.get(0).length;
    int[] widths = new int[columns];
    rows.forEach(row -> Arrays.setAll(widths, i -> Math.max(widths[i], row[i].length())));
    StringBuilder out = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      line(out, rows.get(r), widths, ' ');
      if (r == 0) {
        String[] rule = new String[columns];
        Arrays.setAll(rule, i -> "-".repeat(widths[i]));
        line(out, rule, widths, '-');
      }
    }
    return out.toString();
  }

  private static void line(StringBuilder out, String[] cells, int[] widths, char pad) {
    out.append('|');
    for (int i = 0; i < cells.length; i++) {
      out.append(pad).append(cells[i]).append(" ".repeat(widths[i] - cells[i].length())).append(pad).append('|');
    }
    out.append('\n');
  }

  /** Such as {@code 12,345}. */
  public static String count(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }

  /** Milliseconds out of microseconds, with three digits that count. */
  public static String millis(double micros) {
    double millis = micros / 1e3;
    return String.format(Locale.ROOT, millis < 10 ? "%.2f" : millis < 100 ? "%.1f" : "%,.0f", millis);
  }

  public static String megabytes(double bytes) {
    return String.format(Locale.ROOT, bytes < 10e6 ? "%.1f" : "%,.0f", bytes / 1e6);
  }

  public static String number(double value, int decimals) {
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }
}
