package io.keyhook.config;

import java.util.ArrayList;
import java.util.List;

/** Gathers what is wrong, so that one start shows all of it. */
final class Errors {
  private final List<String> lines = new ArrayList<>();

  void add(String subject, String origin, String problem) {
    add(subject + " (" + origin + "): " + problem);
  }

  void add(String line) {
    // Names and values are the operator's: a line break in one must not make two lines of an error.
    lines.add(line.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", " "));
  }

  void throwIfAny() {
    if (!lines.isEmpty()) {
      throw new ConfigurationException(lines);
    }
  }
}
