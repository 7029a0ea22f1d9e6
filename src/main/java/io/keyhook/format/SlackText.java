package io.keyhook.format;

/** Text in Slack's mrkdwn. Linear in the length of the text. Any thread. */
public final class SlackText {
  /** What makes text bold, italic, struck through or code, and next to it the characters that look like these and do nothing. */
  private static final String MARKS = "*_~`";
  private static final String LOOK_ALIKES = "\u2217\u02cd\u223c\u02cb";

  private SlackText() {}

  /** Keeps a text from being a link or a mention: see "Formatting text for app surfaces" in Slack's documentation. */
  static String escapeLinks(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  /**
   * Keeps a text from being anything but text. Slack has no escapes for marks, so those that could have an effect are replaced by characters
   * that look alike. Marks between two letters or digits have none, as in an ID with an underscore.
   */
  public static String escape(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      int mark = MARKS.indexOf(text.charAt(i));
      plain.append(mark >= 0 && !isInWord(text, i) ? LOOK_ALIKES.charAt(mark) : text.charAt(i));
    }
    return escapeLinks(plain.toString());
  }

  private static boolean isInWord(String text, int at) {
    return at > 0 && at + 1 < text.length() && Character.isLetterOrDigit(text.charAt(at - 1))
        && Character.isLetterOrDigit(text.charAt(at + 1));
  }
}
