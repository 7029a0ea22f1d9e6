package io.keyhook.db;

import java.util.regex.Pattern;

/** Tells the statements that change nothing from the others. */
final class Reads {
  private static final Pattern READ = Pattern.compile("\\s*(SELECT|WITH|SHOW)\\b.*", Pattern.DOTALL);
  /** Words and functions that may change something; a second statement may be anything. */
  private static final Pattern CHANGE = Pattern.compile(
      ";|\\b(INSERT|UPDATE|DELETE|MERGE|INTO|LOCK)\\b|\\b(set_config|nextval|setval|pg_notify|pg_\\w*advisory\\w*|pg_logical_\\w+)\\("
          + "|\\bkeyhook\\.(?!uuid_v7|in_shard)\\w+\\(");

  private Reads() {}

  /** Whether a statement can be repeated although it may have been executed. In doubt it cannot. */
  static boolean isRead(String sql) {
    return READ.matcher(sql).matches() && !CHANGE.matcher(sql).find();
  }
}
