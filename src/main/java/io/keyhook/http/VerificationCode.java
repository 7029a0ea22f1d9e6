package io.keyhook.http;

import io.keyhook.bus.JsonText;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Extracts the code that verifies signatures from the guide for the dashboard, so that both show the
 * same code, which the guide's tests run.
 */
final class VerificationCode {
  /** The page of the guide, among the files of {@code web/}. */
  static final String PAGE = "docs/security.html";
  /** The dashboard's module, likewise. */
  static final String MODULE = "app/snippets.js";

  /** The file of one language: the language's key and name, and the text. */
  private static final Pattern FILE = Pattern.compile("""
      <figure class="code" data-language="([^"]+)" data-label="([^"]+)" data-file="[Kk]eyhook[.][a-z]+">
      <figcaption>.*</figcaption>
      <pre tabindex="0"><code>([^<]+)</code></pre>""");

  private VerificationCode() {}

  /** Returns a module that exports {@code SNIPPETS}: key, language and code of each. */
  static String module(String html) {
    List<List<String>> snippets = FILE.matcher(html).results()
        .map(file -> List.of(file.group(1), file.group(2), text(file.group(3)))).toList();
    if (snippets.isEmpty()) {
      throw new IllegalArgumentException(PAGE + " shows no code");
    }
    return "export const SNIPPETS = " + JsonText.of(snippets) + ";\n";
  }

  private static String text(String html) {
    return html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
  }
}
