package io.keyhook.bus;

import java.util.Map;

/** Named features with optional values: text, a number, true or false, or null for a feature without a value. */
public final class Entitlements {
  /** Maximum length as JSON, in characters. */
  public static final int MAX = 8192;
  private static final String FIELD = "entitlements";

  private Entitlements() {}

  /**
   * @param entitlements null: none
   * @throws FailureException with all problems
   */
  static void check(Map<String, Object> entitlements) {
    if (entitlements != null) {
      Check.that()
          .is(FIELD, JsonText.of(entitlements).length() <= MAX, "is larger than " + MAX + " characters as JSON")
          .is(FIELD, entitlements.keySet().stream().noneMatch(String::isBlank), "has a name that is blank")
          .is(FIELD, entitlements.values().stream().allMatch(Entitlements::isValue),
              "has a value that is not text, a number, true, false or null")
          .texts(FIELD, entitlements)
          .done();
    }
  }

  private static boolean isValue(Object value) {
    return value == null || value instanceof String || value instanceof Number || value instanceof Boolean;
  }
}
