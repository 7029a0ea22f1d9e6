package io.keyhook.bench;

import java.util.List;

/**
 * What a scenario came to.
 *
 * @param title a line
 * @param how what was measured and how, in a sentence or a few
 * @param table the figures
 * @param notes below the table; may be empty
 */
public record Section(String title, String how, Table table, List<String> notes) {

  String markdown() {
    StringBuilder out = new StringBuilder("## ").append(title).append("\n\n").append(how).append("\n\n").append(table.markdown());
    if (!notes.isEmpty()) {
      out.append('\n');
      notes.forEach(note -> out.append("- ").append(note).append('\n'));
    }
    return out.toString();
  }
}
