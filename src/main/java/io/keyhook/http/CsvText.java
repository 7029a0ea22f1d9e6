package io.keyhook.http;

import io.keyhook.bus.Check;
import io.keyhook.bus.FailureException;

/**
 * The text of a CSV file before it is split into cells, with its separator. Its quotes follow RFC 4180: FastCSV
 * reads the rest of a file as one cell if a quote is never closed, and does not say where it was opened.
 *
 * @param rows from the header line on; a line before it is left empty, so that lines keep their numbers
 */
record CsvText(String rows, char separator) {
  /** The byte order mark, by which Excel recognizes UTF-8. */
  static final String BYTE_ORDER_MARK = "\ufeff";

  private static final char QUOTE = '"';
  /** The separators of spreadsheets, which depend on the language. No column's name contains one. */
  private static final String SEPARATORS = ",;\t";
  /** The start of a first line that gives Excel the separator. LibreOffice also reads such a line in quotes. */
  private static final String NAMED = "sep=";

  /** The state of a cell while it is read. */
  private enum Cell { NOTHING, SPACES, TEXT, OPEN_QUOTE, CLOSED_QUOTE }

  /**
   * Finds the separator, and checks the quotes.
   *
   * @throws FailureException with the line of the first misplaced quote
   */
  static CsvText of(String text) {
    String plain = text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    int end = 0;
    while (end < plain.length() && plain.charAt(end) != '\n' && plain.charAt(end) != '\r') {
      end++;
    }
    String first = plain.substring(0, end);
    String line = first.length() > 1 && first.charAt(0) == QUOTE && first.charAt(end - 1) == QUOTE
        ? first.substring(1, end - 1) : first;
    CsvText csv = line.regionMatches(true, 0, NAMED, 0, NAMED.length())
        ? new CsvText(plain.substring(end), named(line.substring(NAMED.length())))
        : new CsvText(plain, mostFrequent(first));
    csv.checkQuotes();
    return csv;
  }

  private static char named(String separator) {
    if (separator.length() != 1 || SEPARATORS.indexOf(separator.charAt(0)) < 0) {
      throw Check.invalid("line 1", "names a separator that is not a comma, a semicolon or a tab");
    }
    return separator.charAt(0);
  }

  /** Returns the most frequent separator of the first line. */
  private static char mostFrequent(String first) {
    char separator = SEPARATORS.charAt(0);
    long most = 0;
    for (char candidate : SEPARATORS.toCharArray()) {
      long count = first.chars().filter(c -> c == candidate).count();
      if (count > most) {
        separator = candidate;
        most = count;
      }
    }
    return separator;
  }

  /**
   * Fails if a quote is never closed, or if a cell has text outside of its quotes. A quote within a cell that does not
   * start with one stands for itself: RFC 4180 does not allow it, but every spreadsheet reads it that way, and no line is lost.
   */
  private void checkQuotes() {
    Cell cell = Cell.NOTHING;
    int line = 1;
    int opened = 0;
    for (int i = 0; i < rows.length(); i++) {
      char c = rows.charAt(i);
      boolean ends = c == '\n' || c == '\r';
      if (cell == Cell.OPEN_QUOTE) {
        if (c == QUOTE && isAt(i + 1, QUOTE)) {
          i++;
        } else if (c == QUOTE) {
          cell = Cell.CLOSED_QUOTE;
        }
      } else if (ends || c == separator) {
        cell = Cell.NOTHING;
      } else if (cell == Cell.CLOSED_QUOTE) {
        throw Check.invalid("line " + line, "has text between a closing quote and the end of the cell; double a quote that"
            + " belongs to the cell");
      } else if (c == QUOTE && cell == Cell.SPACES) {
        throw Check.invalid("line " + line, "has spaces before the opening quote of a cell; remove them");
      } else if (c == QUOTE && cell == Cell.NOTHING) {
        cell = Cell.OPEN_QUOTE;
        opened = line;
      } else if (cell != Cell.TEXT) {
        cell = Character.isWhitespace(c) ? Cell.SPACES : Cell.TEXT;
      }
      if (ends && !(c == '\r' && isAt(i + 1, '\n'))) {
        line++;
      }
    }
    if (cell == Cell.OPEN_QUOTE) {
      throw Check.invalid("line " + opened, "opens a quote that is never closed");
    }
  }

  private boolean isAt(int index, char c) {
    return index < rows.length() && rows.charAt(index) == c;
  }
}
