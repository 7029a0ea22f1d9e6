package io.keyhook.bus;

import java.util.List;
import java.util.Map;

/**
 * A field of a partial change: absent, which leaves it unchanged, or present with its new value; null clears it.
 */
public record Field<T>(boolean present, T value) {
  public static <T> Field<T> absent() {
    return new Field<>(false, null);
  }

  /** Returns the names of the present fields, in order. */
  public static List<String> present(Map<String, Field<?>> fields) {
    return fields.entrySet().stream().filter(field -> field.getValue().present()).map(Map.Entry::getKey).sorted()
        .toList();
  }

  public static <T> Field<T> of(T value) {
    return new Field<>(true, value);
  }
}
