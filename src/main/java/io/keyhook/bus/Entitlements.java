package io.keyhook.bus;

import java.math.BigDecimal;
import java.util.Map;

/** Named features with optional values: text, a number, true or false, or null for a feature without a value. */
public final class Entitlements {
  /** Maximum length as JSON, in characters. */
  public static final int MAX = 8192;
  /** The largest number up to which every language reads whole numbers exactly. */
  private static final BigDecimal MAX_NUMBER = BigDecimal.valueOf((1L << 53) - 1);
  private static final int MAX_DECIMALS = 20;
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
          .is(FIELD, entitlements.values().stream().allMatch(Entitlements::isExact), "has a number that is not between -" + MAX_NUMBER
              + " and " + MAX_NUMBER + ", or has more than " + MAX_DECIMALS + " decimal places; use text for it")
          .texts(FIELD, entitlements)
          .done();
    }
  }

  /** The part of {@link #check} that JSON cannot express. */
  static void checkFinite(Map<String, Object> entitlements) {
    Check.that().is(FIELD, entitlements == null || entitlements.values().stream().allMatch(Entitlements::isFinite),
        "has a number that is not finite").done();
  }

  private static boolean isFinite(Object value) {
    return !(value instanceof Double number) || Double.isFinite(number);
  }

  private static boolean isValue(Object value) {
    return value == null || value instanceof String || value instanceof Number || value instanceof Boolean;
  }

  /** Whether a number is the same in the database, in JSON and in every language. */
  private static boolean isExact(Object value) {
    if (!(value instanceof Number number)) {
      return true;
    }
    if (!Double.isFinite(number.doubleValue())) {
      return false;
    }
    BigDecimal exact = new BigDecimal(number.toString());
    return exact.abs().compareTo(MAX_NUMBER) <= 0 && exact.stripTrailingZeros().scale() <= MAX_DECIMALS;
  }
}
