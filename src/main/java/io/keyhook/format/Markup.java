package io.keyhook.format;

import com.samskivert.mustache.MustacheException;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Webhooks.Format;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;

/**
 * How text is written for a service: what makes it bold, how a value is kept from being anything but text, and how much fits. All of it is
 * linear in the length of the text. Any thread.
 */
enum Markup {
  /** Slack's mrkdwn, in a section: 3,000 characters. */
  SLACK("*", 3_000) {
    @Override
    String escape(String value, int edition) {
      return edition < PLAIN_VALUES ? SlackText.escapeLinks(value) : SlackText.escape(value);
    }
  },
  /** Markdown of Discord. An embed takes 4,096 characters; 2,000 is the limit of what can be read at once. */
  DISCORD("**", 2_000) {
    @Override
    String escape(String value, int edition) {
      return backslashed(value, "\\*_~`|>#-[]()<@:");
    }
  },
  /** The Markdown of Adaptive Cards, which has no HTML. A message of Teams takes 28 KB. */
  TEAMS("**", 4_000) {
    @Override
    String escape(String value, int edition) {
      String escaped = backslashed(value, "\\*_~`[]#");
      return edition < PLAIN_VALUES ? escaped : withoutBullet(escaped);
    }
  },
  /** Inside a string of JSON. Its size follows from the limits of templates and values: at most 100 values of 1,000 characters each. */
  JSON("", Integer.MAX_VALUE) {
    @Override
    String escape(String value, int edition) {
      String quoted = JsonText.of(value);
      return quoted.substring(1, quoted.length() - 1);
    }
  },
  TEXT("", Integer.MAX_VALUE) {
    @Override
    String escape(String value, int edition) {
      return value;
    }
  };

  /** The edition from which on no value is bold in Slack, or an item of a list in Teams. */
  private static final int PLAIN_VALUES = 2;
  /** The edition from which on JSON may have comments and a byte order mark before it. */
  private static final int COMMENTS_BEFORE_JSON = 3;
  /** An editor may write it at the beginning of a file, and JSON has none (RFC 8259, 8.1). */
  static final String BYTE_ORDER_MARK = "\uFEFF";

  private final String bold;
  private final int limit;

  Markup(String bold, int limit) {
    this.bold = bold;
    this.limit = limit;
  }

  /**
   * The markup of a template. A generic one is JSON if it begins with an object, or is a list whatever its values are; which of the two
   * it is depends on the template alone, so that it is the same for all events.
   *
   * @param edition as {@link Messages#EDITION} counts
   */
  static Markup of(Format format, int edition, String template) {
    return switch (format) {
      case KEYHOOK -> throw new IllegalArgumentException("Keyhook's own format has no templates");
      case SLACK -> SLACK;
      case DISCORD -> DISCORD;
      case TEAMS -> TEAMS;
      case GENERIC -> {
        String text = edition < COMMENTS_BEFORE_JSON ? template.stripLeading() : template.substring(beginning(template));
        // a template of text may begin with a tag
        yield text.startsWith("{") && !text.startsWith("{{") || text.startsWith("[") && isList(edition, template) ? JSON : TEXT;
      }
    };
  }

  /** Returns where a template begins, after a byte order mark, white space and comments. */
  private static int beginning(String template) {
    int at = template.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
    while (at < template.length()) {
      int end = template.startsWith("{{!", at) ? template.indexOf("}}", at) : -1;
      if (end >= 0) {
        at = end + 2;
      } else if (Character.isWhitespace(template.charAt(at))) {
        at++;
      } else {
        return at;
      }
    }
    return at;
  }

  private static boolean isList(int edition, String template) {
    try {
      return Json.decodeValue(Template.of(JSON, edition, template).render(AnyValues.ALL)) instanceof JsonArray;
    } catch (DecodeException | MustacheException e) { // text in brackets, or a template that the rules refuse
      return false;
    }
  }

  /**
   * Writes a value so that the service shows it as it is.
   *
   * @param edition as {@link Messages#EDITION} counts
   */
  abstract String escape(String value, int edition);

  String bold() {
    return bold;
  }

  /** Whether the message is read by people, in the form that the service gives it. */
  boolean isChat() {
    return this != JSON && this != TEXT;
  }

  /** Cuts a text that is too long, but no character and no escape in two. */
  String cut(String text) {
    if (text.length() <= limit) {
      return text;
    }
    int end = limit - 1;
    if (Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    int entity = text.lastIndexOf('&', end - 1);
    if (this == SLACK && entity >= end - "&amp".length() && text.indexOf(';', entity) >= end) {
      end = entity;
    }
    int escapes = end;
    while (escapes > 0 && text.charAt(escapes - 1) == '\\') {
      escapes--;
    }
    return text.substring(0, (end - escapes) % 2 == 0 || this == SLACK ? end : end - 1) + "…";
  }

  /** Escapes what makes a line an item of a list, or a quotation, where a value is the start of its line. */
  private static String withoutBullet(String value) {
    int at = 0;
    while (at < value.length() && value.charAt(at) >= '0' && value.charAt(at) <= '9') {
      at++;
    }
    return at < value.length() && (at == 0 ? "-+>" : ".)").indexOf(value.charAt(at)) >= 0
        ? value.substring(0, at) + '\\' + value.substring(at) : value;
  }

  private static String backslashed(String value, String special) {
    StringBuilder escaped = new StringBuilder(value.length() + 16);
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (special.indexOf(c) >= 0) {
        escaped.append('\\');
      }
      escaped.append(c);
    }
    return escaped.toString();
  }
}
