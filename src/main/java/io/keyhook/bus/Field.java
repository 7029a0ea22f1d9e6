package io.keyhook.bus;

/**
 * A field of a partial change: absent (leave it), or present with its new value, where null clears it.
 */
public record Field<T>(boolean present, T value) {
  public static <T> Field<T> absent() {
    return new Field<>(false, null);
  }

  public static <T> Field<T> of(T value) {
    return new Field<>(true, value);
  }
}
