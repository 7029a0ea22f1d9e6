package io.keyhook.http;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.FieldErrors;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Line;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Licenses as CSV (RFC 4180). A cell that a spreadsheet would interpret as a formula gets a leading apostrophe
 * in an export, and loses it in an import (OWASP, "CSV Injection").
 */
final class LicenseCsv {
  private static final List<String> COLUMNS = List.of("name", "key", "status", "maxActivations", "currentActivations",
      "expiresAt", "customerName", "customerEmail", "createdAt", "metadata", "disabledAt",
      "policyId", "productId", "heartbeatSeconds", "entitlements", "leaseSeconds", "inherited", "firstActivatedAt");
  /** One that is kept from being one, too: it gets one more apostrophe, or would lose its own on the way back. */
  private static final Pattern FORMULA = Pattern.compile("'*+[=+@\t\r-]");
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,30}");
  private static final int SHOWN_NAME = 100;
  /** No separator of cells. */
  private static final String BETWEEN = " ";

  private final Caller caller;
  private final FieldErrors errors = new FieldErrors("body");
  private List<String> header;

  private LicenseCsv(Caller caller) {
    this.caller = caller;
  }

  static String header() {
    return text(List.of(COLUMNS));
  }

  static String rows(List<License> licenses) {
    return text(licenses.stream().map(LicenseCsv::cells).toList());
  }

  private static String text(List<List<String>> rows) {
    StringWriter text = new StringWriter();
    CsvWriter writer = CsvWriter.builder().bufferSize(0).build(text);
    rows.forEach(writer::writeRecord);
    return text.toString();
  }

  private static List<String> cells(License license) {
    List<String> cells = new ArrayList<>();
    for (Object value : new Object[] {license.name(), license.key(), license.status().name().toLowerCase(Locale.ROOT),
        license.maxActivations(), license.currentActivations(), license.expiresAt(), license.customerName(),
        license.customerEmail(), license.createdAt(), json(license.metadata()), license.disabledAt(), license.policyId(),
        license.productId(), license.heartbeatSeconds(), json(license.entitlements()), license.leaseSeconds(),
        String.join(BETWEEN, license.inherited()), license.firstActivatedAt()}) {
      cells.add(value == null ? "" : value instanceof Instant time ? JsonText.time(time) : harmless(value.toString()));
    }
    return cells;
  }

  private static String json(Map<String, Object> object) {
    return object.isEmpty() ? null : JsonText.of(object);
  }

  private static String harmless(String cell) {
    return FORMULA.matcher(cell).lookingAt() ? "'" + cell : cell;
  }

  /** Returns whether a file may contain more licenses than one statement creates. Does not parse it. */
  static boolean isLong(String text) {
    return text.lines().limit(Licenses.MAX_AT_ONCE + 2).count() > Licenses.MAX_AT_ONCE + 1;
  }

  /**
   * Reads a file with a header line.
   *
   * @throws FailureException with all problems and their lines
   */
  static Licenses.Import read(Caller caller, String text) {
    LicenseCsv csv = new LicenseCsv(caller);
    List<Line> lines = new ArrayList<>();
    int read = 0;
    CsvText file = CsvText.of(text);
    try (CsvReader<CsvRecord> reader = CsvReader.builder().fieldSeparator(file.separator())
        .allowExtraFields(true).allowMissingFields(true).ofCsvRecord(file.rows())) {
      for (CsvRecord record : reader) {
        if (csv.header == null) {
          csv.readHeader(record);
        } else if (read++ <= Licenses.MAX_LINES) {
          csv.read(record, lines);
        }
      }
    } catch (CsvParseException e) {
      throw Check.invalid("body", "is not CSV as in RFC 4180, with a comma, a semicolon or a tab between cells");
    } catch (IOException e) { // of a text in memory
      throw new UncheckedIOException(e);
    }
    if (csv.header == null) {
      throw Check.invalid("line 1: name", "is missing; the first line must name the columns, including name");
    }
    csv.errors.refuse();
    return new Licenses.Import(caller, lines);
  }

  private void readHeader(CsvRecord record) {
    header = record.getFields();
    Set<String> seen = new HashSet<>();
    String unknown = "is unknown; the columns are " + String.join(", ", COLUMNS);
    for (String column : header) {
      if (!COLUMNS.contains(column)) {
        error(record, shown(column), unknown);
      } else if (!seen.add(column)) {
        error(record, column, "appears twice");
      }
    }
    if (!seen.contains("name")) {
      error(record, "name", "is missing; the first line must name the columns, including name");
    }
    errors.refuse();
  }

  private void read(CsvRecord record, List<Line> lines) {
    if (record.getFieldCount() != header.size()) {
      errors.add("line " + record.getStartingLineNumber(),
          "has " + record.getFieldCount() + " cells, and the first line " + header.size());
      return;
    }
    long before = errors.count();
    Licenses.Terms terms = part(record, () -> new Licenses.Terms(integer(record, "maxActivations"), time(record, "expiresAt"),
        cell(record, "policyId"), cell(record, "productId"), integer(record, "heartbeatSeconds"), integer(record, "leaseSeconds"),
        object(record, "entitlements")));
    Licenses.Status status = status(record);
    Instant disabledAt = time(record, "disabledAt");
    Instant createdAt = header.contains("inherited") ? time(record, "createdAt") : null;
    Instant firstActivatedAt = time(record, "firstActivatedAt");
    Licenses.Create license = part(record, () -> new Licenses.Create(caller, cell(record, "name"), cell(record, "key"),
        cell(record, "customerName"), cell(record, "customerEmail"), object(record, "metadata"), terms));
    Line line = license == null ? null : part(record, () -> new Line((int) record.getStartingLineNumber(), license, status, disabledAt,
        inherited(record), createdAt, firstActivatedAt));
    if (errors.count() == before) {
      lines.add(line);
    }
  }

  /** Creates a part of a line. Null if the part refuses its cells, whose problems are reported. */
  private <T> T part(CsvRecord record, Supplier<T> part) {
    try {
      return part.get();
    } catch (FailureException e) {
      if (!(e.failure() instanceof Failure.Invalid invalid)) {
        throw e;
      }
      invalid.errors().forEach(error -> error(record, error.field(), error.message()));
      return null;
    }
  }

  /** Null in a file of before, which does not say: a license then takes from its policy what it does not state. */
  private List<String> inherited(CsvRecord record) {
    if (!header.contains("inherited")) {
      return null;
    }
    String cell = cell(record, "inherited");
    return cell == null ? List.of() : List.of(cell.split(BETWEEN));
  }

  /** Returns null for an empty cell. */
  private String cell(CsvRecord record, String column) {
    int at = header.indexOf(column);
    String cell = at < 0 ? "" : record.getField(at);
    String plain = cell.startsWith("'") && FORMULA.matcher(cell).lookingAt() ? cell.substring(1) : cell;
    return plain.isEmpty() ? null : plain;
  }

  private Integer integer(CsvRecord record, String column) {
    String cell = cell(record, column);
    if (cell == null) {
      return null;
    }
    if (!INTEGER.matcher(cell).matches()) {
      error(record, column, "is not a whole number");
      return null;
    }
    return Input.saturated(new BigDecimal(cell));
  }

  private Instant time(CsvRecord record, String column) {
    String cell = cell(record, column);
    Instant time = cell == null ? null : Input.parseTime(cell);
    if (cell != null && time == null) {
      error(record, column, "is not a time such as 2030-01-31T12:00:00Z");
    }
    return time;
  }

  /** Returns null for an empty cell. */
  private Licenses.Status status(CsvRecord record) {
    String cell = cell(record, "status");
    Optional<Licenses.Status> status = Arrays.stream(Licenses.Status.values())
        .filter(known -> known.name().equalsIgnoreCase(cell)).findAny();
    if (cell != null && status.isEmpty()) {
      error(record, "status", "is not active, disabled or expired");
    }
    return status.orElse(null);
  }

  private Map<String, Object> object(CsvRecord record, String column) {
    String cell = cell(record, column);
    Map<String, Object> object = cell == null ? null : Input.parseObject(cell);
    if (cell != null && object == null) {
      error(record, column, "is not a JSON object, with numbers that a double can hold");
    }
    return object;
  }

  private void error(CsvRecord record, String column, String message) {
    errors.add(Line.field(record.getStartingLineNumber(), column), message);
  }

  private static String shown(String column) {
    return column.length() > SHOWN_NAME ? column.substring(0, SHOWN_NAME) : column;
  }
}
