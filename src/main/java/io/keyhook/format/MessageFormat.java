package io.keyhook.format;

import io.keyhook.bus.Webhooks.Format;

/**
 * What a delivery is rendered with. It stays the same for all attempts of a delivery, whatever becomes of its webhook.
 *
 * @param format not {@link Format#KEYHOOK}
 * @param edition of the default texts, the JSON around them, how values are escaped and what counts as JSON, as {@link Messages#EDITION} counts
 * @param template null: the default text of the event
 */
public record MessageFormat(Format format, int edition, String template) {
  /**
   * Reads the columns of a statement.
   *
   * @param format null: Keyhook's own
   * @return null: Keyhook's own
   */
  public static MessageFormat of(String format, Short edition, String template) {
    return format == null ? null : new MessageFormat(Format.named(format), edition, template);
  }
}
