package io.keyhook.db;

import java.time.LocalDate;
import java.time.format.DateTimeFormatter;

/**
 * A partition that there is.
 *
 * @param attached whether it belongs to its table; an interrupted drop has detached it, or has begun to
 * @param pending whether a drop has begun to detach it
 * @param own whether this role may do to it what its owner may
 */
record Partition(String name, boolean attached, boolean pending, boolean own) {
  /** How its name writes its day. */
  static final DateTimeFormatter DAY = DateTimeFormatter.BASIC_ISO_DATE;

  String table() {
    return name.substring(0, name.lastIndexOf('_'));
  }

  LocalDate day() {
    return LocalDate.parse(name.substring(name.lastIndexOf('_') + 1), DAY);
  }
}
