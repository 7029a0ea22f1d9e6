package io.keyhook.format;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Reads a template once and refuses what it may not have: a template has values and sections of values, and nothing that would make it do
 * more work than it has characters, or reach for other things.
 */
final class TemplateRules {
  static final int MAX_TAGS = 100;
  private static final int DEEPEST = 8;
  private static final int LONGEST_SHOWN = 50;
  private static final String OPEN = "{{";
  private static final String KINDS = "!#^/{&><$=";
  private static final String RAW = "{{{" + Values.DATA + "}}}";

  private record Section(String name, int line) {}

  private final String text;
  private final Markup markup;
  private final Collection<String> names;
  private final Deque<Section> open = new ArrayDeque<>();
  private final Set<String> sections = new LinkedHashSet<>();
  private int at;
  private int line = 1;
  private boolean showsData;

  private TemplateRules(Markup markup, String text, Collection<String> names) {
    this.markup = markup;
    this.text = text;
    this.names = names;
  }

  /**
   * @param names of the values that there are; those inside of one are not checked
   * @return the values on which sections depend
   * @throws TemplateException the template breaks a rule
   */
  static Set<String> check(Markup markup, String text, Collection<String> names) throws TemplateException {
    TemplateRules rules = new TemplateRules(markup, text, names);
    rules.check();
    return rules.sections;
  }

  private void check() throws TemplateException {
    for (int tags = 1, begin; (begin = text.indexOf(OPEN, at)) >= 0; tags++) {
      moveTo(begin);
      if (tags > MAX_TAGS) {
        throw wrong("has more than " + MAX_TAGS + " tags");
      }
      if (text.startsWith(RAW, at)) {
        raw();
      } else {
        tag();
      }
    }
    if (!open.isEmpty()) {
      throw new TemplateException(open.peek().line, "the section {{#" + open.peek().name + "}} is not closed");
    }
  }

  private void moveTo(int next) {
    for (; at < next; at++) {
      if (text.charAt(at) == '\n') {
        line++;
      }
    }
  }

  private void raw() throws TemplateException {
    if (markup != Markup.JSON) {
      throw wrong(RAW + " is for JSON of the format generic only");
    }
    if (showsData) {
      throw wrong(RAW + " is there twice");
    }
    showsData = true;
    moveTo(at + RAW.length());
  }

  private void tag() throws TemplateException {
    int end = text.indexOf("}}", at);
    if (end < 0) {
      throw wrong("a tag that begins with {{ does not end with }}");
    }
    String written = text.substring(at + OPEN.length(), end);
    String inside = written.strip();
    char kind = inside.isEmpty() ? ' ' : inside.charAt(0);
    // the renderer reads these otherwise: it takes a kind only where it stands first, and begins anew at each {{
    if (written.contains(OPEN)) {
      throw wrong("a tag that begins with {{ has another {{ inside");
    }
    if (KINDS.indexOf(kind) >= 0 && written.charAt(0) != kind) {
      throw wrong("the character " + kind + " has to follow {{ directly");
    }
    String name = inside.isEmpty() ? "" : inside.substring(1).strip();
    switch (kind) {
      case '!' -> { }
      case '#', '^' -> {
        if (open.size() == DEEPEST) {
          throw wrong("sections are nested more than " + DEEPEST + " deep");
        }
        value(name);
        open.push(new Section(name, line));
        if (!name.equals(".")) {
          sections.add(name);
        }
      }
      case '/' -> {
        if (open.isEmpty() || !open.peek().name.equals(name)) {
          throw wrong("{{/" + shown(name) + "}} closes " + (open.isEmpty() ? "no section"
              : "the section {{#" + open.peek().name + "}} of line " + open.peek().line));
        }
        open.pop();
      }
      case '{', '&' -> throw wrong("values are always escaped: use {{" + shown(name) + "}}");
      case '>', '<', '$', '=' -> throw wrong("{{" + kind + "}} is not supported: a template has only values, sections and comments");
      default -> value(inside);
    }
    moveTo(end + 2);
  }

  private void value(String name) throws TemplateException {
    if (name.equals(".") && !open.isEmpty()) {
      return;
    }
    int dot = name.indexOf('.');
    String first = dot < 0 ? name : name.substring(0, dot);
    if (!names.contains(first) || !isPath(name)) {
      throw wrong("{{" + shown(name) + "}} is not a value of this event; choose from " + String.join(", ", names));
    }
  }

  private static boolean isPath(String name) {
    return !name.endsWith(".") && !name.contains("..") && name.chars().noneMatch(c -> c == '{' || c == '}' || Character.isWhitespace(c));
  }

  private TemplateException wrong(String problem) {
    return new TemplateException(line, problem);
  }

  private static String shown(String name) {
    return name.length() > LONGEST_SHOWN ? name.substring(0, LONGEST_SHOWN) + "…" : name;
  }
}
