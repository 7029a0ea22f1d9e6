package io.keyhook.db;

import java.util.Locale;

/** What stands between Keyhook and PostgreSQL, and so what a connection may be taken to keep. */
public enum Pooler {
  /** Nothing: a connection is a session. */
  NONE,
  /** A pooler that gives each connection a session of its own, and refuses start-up parameters that it does not know. */
  SESSION,
  /**
   * A pooler that gives each transaction any session: what is set or prepared in one statement is not there for the next.
   */
  TRANSACTION;

  /** As the configuration spells it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
