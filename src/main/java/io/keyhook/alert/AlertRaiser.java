package io.keyhook.alert;

import io.keyhook.bus.Alerts.Cause;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.UUID;

/** Records alerts for the team members who want them, in the transaction of what they report. Any thread. */
public final class AlertRaiser {
  /** Longer than any name that Keyhook writes itself; what customers wrote is cut. */
  private static final int MAX_LINE = 300;
  private static final int LINE_SEPARATOR = 0x2028;
  private static final int PARAGRAPH_SEPARATOR = 0x2029;

  private final boolean mail;

  /**
   * @param mail whether this server sends mail
   */
  public AlertRaiser(boolean mail) {
    this.mail = mail;
  }

  boolean hasMail() {
    return mail;
  }

  /**
   * Records alerts about one cause. They are sent after the commit.
   *
   * @param lines a sentence for each alert, for people; of many, the first ones are sent, and the number of the others
   */
  public Future<Void> raise(SqlClient tx, UUID accountId, Cause cause, List<String> lines) {
    return lines.isEmpty() ? Future.succeededFuture() : AlertStore.raise(tx, accountId, cause,
        lines.stream().limit(AlertStore.MAX_LINES).map(AlertRaiser::line).toList(), lines.size(), mail);
  }

  /** In one line, whatever a name in it holds. */
  private static String line(String text) {
    String plain = text.codePoints().map(c -> Character.isISOControl(c) || c == LINE_SEPARATOR || c == PARAGRAPH_SEPARATOR ? ' ' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    return plain.codePointCount(0, plain.length()) <= MAX_LINE ? plain
        : plain.substring(0, plain.offsetByCodePoints(0, MAX_LINE)) + "…";
  }
}
