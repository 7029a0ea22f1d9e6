package io.keyhook.http;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The frame of every page of the guide: the head, the list of pages, and the links to the previous and next page. A page
 * consists of its part of the head and its article; its title, table of contents and links to sections come from its
 * headings.
 */
public final class GuideFrame {
  /** The file's name in the directory of the pages. */
  public static final String FILE = "frame.html";

  private static final String HEAD = "<!-- head -->\n";
  private static final String ARTICLE = "<!-- article -->\n";
  private static final String CONTENTS = "<!-- contents -->\n";
  private static final Pattern ENTRY = Pattern.compile("<li><a href=\"([^\"]+)\">([^<]+)</a></li>");
  private static final Pattern TITLE = Pattern.compile("<h1>(.*?)</h1>");
  private static final Pattern HEADING = Pattern.compile("<(h[23]) id=\"([^\"]+)\">(.*?)</\\1>");
  /** Code that fits on one line of a phone. */
  private static final Pattern SHORT_CODE = Pattern.compile("(?<!<pre tabindex=\"0\">)<code>([^<]{1,34})</code>");

  private final String html;
  private final List<Entry> entries;

  /** A page in the list. */
  private record Entry(String href, String name) {
    String link(String relation, String label) {
      return "<a rel=\"" + relation + "\" href=\"" + href + "\"><span>" + label + "</span>" + name + "</a>\n";
    }
  }

  public GuideFrame(String html) {
    this.html = html;
    this.entries = ENTRY.matcher(html).results().map(entry -> new Entry(entry.group(1), entry.group(2))).toList();
  }

  /**
   * Returns a whole page.
   *
   * @param href of the page, as in the list of pages
   */
  public String around(String href, String page) {
    return frame(page, pager(href)).replace("<a href=\"" + href + "\">", "<a href=\"" + href + "\" aria-current=\"page\">");
  }

  /** Returns a whole page that is not in the list of pages. */
  public String aroundUnlisted(String page) {
    return frame(page, "");
  }

  private String frame(String page, String pager) {
    int article = page.indexOf("<article>");
    Matcher title = TITLE.matcher(page);
    if (article < 0 || !title.find()) {
      throw new IllegalArgumentException("A page of the guide has no article with a title: " + page);
    }
    return html.replace(HEAD, "<title>" + title.group(1) + " - Keyhook guide</title>\n" + page.substring(0, article))
        .replace(ARTICLE, article(page.substring(article)) + pager);
  }

  private static String article(String article) {
    String sections = HEADING.matcher(article).results().filter(heading -> heading.group(1).equals("h2"))
        .map(heading -> "<li><a href=\"#" + heading.group(2) + "\">" + heading.group(3) + "</a></li>\n")
        .collect(Collectors.joining("", "<nav class=\"toc\" aria-label=\"On this page\">\n<h2>On this page</h2>\n<ul>\n",
            "</ul>\n</nav>\n"));
    String linked = HEADING.matcher(article).replaceAll(heading -> Matcher.quoteReplacement(linked(heading)));
    return SHORT_CODE.matcher(linked).replaceAll("<code class=\"short\">$1</code>").replace(CONTENTS, sections);
  }

  private static String linked(MatchResult heading) {
    return "<%1$s id=\"%2$s\">%3$s<a class=\"anchor\" href=\"#%2$s\" aria-label=\"Link to this section\">#</a></%1$s>"
        .formatted(heading.group(1), heading.group(2), heading.group(3));
  }

  private String pager(String href) {
    int at = entries.stream().map(Entry::href).toList().indexOf(href);
    if (at < 0) {
      throw new IllegalArgumentException("The page " + href + " is not in the list of pages");
    }
    String before = at == 0 ? "" : entries.get(at - 1).link("prev", "Previous");
    String after = at + 1 == entries.size() ? "" : entries.get(at + 1).link("next", "Next");
    return "<nav class=\"pager\" aria-label=\"Previous and next page\">\n" + before + after + "</nav>\n";
  }
}
