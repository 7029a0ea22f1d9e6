package io.keyhook.log;

import java.util.List;
import java.util.Locale;

/** What the response to a failed attempt says went wrong, as one line. Takes time linear in the length of the response. */
final class FailureText {
  static final int MAX_LENGTH = 160;
  /** Members of a JSON object in the order in which they are preferred. */
  private static final List<String> MEMBERS = List.of("\"message\"", "\"detail\"", "\"error\"", "\"title\"", "\"reason\"");
  private static final String PYTHON = "Traceback (most recent call last)";
  /** A word with a digit is an ID, a time or a hash from this length on. */
  private static final int ID_LENGTH = 8;

  private FailureText() {}

  /**
   * Returns the message of a JSON object, the title or text of an HTML page, the exception of a Python traceback, or the first line.
   *
   * @param body the start of the response, which may be cut anywhere; null: there was no response
   * @return null if it says nothing
   */
  static String of(String body) {
    if (body == null || body.isBlank()) {
      return null;
    }
    String text = body.strip();
    String found = text.startsWith("{") ? member(text) : text.startsWith("<") ? heading(text)
        : text.startsWith(PYTHON) ? text.substring(text.lastIndexOf('\n') + 1) : null;
    String line = oneLine(found == null ? text.lines().findFirst().orElse("") : found);
    return line.isEmpty() ? null : line;
  }

  private static String member(String json) {
    for (String name : MEMBERS) {
      int at = json.indexOf(name);
      if (at >= 0) {
        int start = skip(json, skip(json, at + name.length(), ':'), '"');
        String value = json.charAt(Math.min(start, json.length()) - 1) == '"' ? string(json, start) : "";
        if (!value.isBlank()) {
          return value;
        }
      }
    }
    return null;
  }

  /** Returns the index after spaces and then the character, if it is there. */
  private static int skip(String text, int from, char next) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() && text.charAt(at) == next ? at + 1 : at;
  }

  /** The characters of a JSON string; of escapes, only those of quotes and backslashes are resolved. */
  private static String string(String json, int start) {
    StringBuilder value = new StringBuilder();
    for (int i = start; i < json.length() && json.charAt(i) != '"'; i++) {
      char c = json.charAt(i);
      if (c == '\\' && i + 1 < json.length()) {
        char escaped = json.charAt(++i);
        value.append(escaped == 'n' || escaped == 'r' || escaped == 't' ? ' ' : escaped);
      } else {
        value.append(c);
      }
    }
    return value.toString();
  }

  private static String heading(String html) {
    String anyCase = html.toLowerCase(Locale.ROOT);
    for (String element : List.of("<title", "<h1")) {
      int at = anyCase.indexOf(element);
      int start = at < 0 ? -1 : html.indexOf('>', at) + 1;
      int end = start <= 0 ? -1 : html.indexOf('<', start);
      if (end > start) {
        return html.substring(start, end);
      }
    }
    return withoutTags(html);
  }

  private static String withoutTags(String html) {
    StringBuilder text = new StringBuilder();
    boolean inTag = false;
    for (int i = 0; i < html.length(); i++) {
      char c = html.charAt(i);
      if (c == '<') {
        inTag = true;
        text.append(' ');
      } else if (c == '>') {
        inTag = false;
      } else if (!inTag) {
        text.append(c);
      }
    }
    return text.toString();
  }

  /** Spaces become one, and what is too long is cut. */
  private static String oneLine(String text) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < text.length() && line.length() <= MAX_LENGTH; i++) {
      char c = text.charAt(i);
      if (c > ' ' && c != 0x7f) {
        line.append(c);
      } else if (line.length() > 0 && line.charAt(line.length() - 1) != ' ') {
        line.append(' ');
      }
    }
    String found = line.toString().strip();
    if (found.length() <= MAX_LENGTH) {
      return found;
    }
    int end = Character.isHighSurrogate(found.charAt(MAX_LENGTH - 2)) ? MAX_LENGTH - 2 : MAX_LENGTH - 1;
    return found.substring(0, end) + "…";
  }

  /** The text without what differs between two failures of one cause: numbers, and long words with a digit such as IDs and times. */
  static String masked(String text) {
    StringBuilder masked = new StringBuilder();
    for (int i = 0; i < text.length(); ) {
      int end = i;
      int digits = 0;
      while (end < text.length() && (isLetterOrDigit(text.charAt(end)) || end > i && isJoint(text.charAt(end)))) {
        digits += Character.isDigit(text.charAt(end)) ? 1 : 0;
        end++;
      }
      if (end == i) {
        masked.append(text.charAt(i++));
      } else {
        boolean differs = digits > 0 && (end - i >= ID_LENGTH || digits == end - i);
        masked.append(differs ? "…" : text.substring(i, end));
        i = end;
      }
    }
    return masked.toString();
  }

  private static boolean isLetterOrDigit(char c) {
    return Character.isLetterOrDigit(c);
  }

  private static boolean isJoint(char c) {
    return c == '-' || c == '_';
  }
}
