package io.keyhook.bus;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Checks the fields of a message and reports all invalid ones together. Null passes, except for {@link #required}. */
public final class Check {
  /** Maximum lengths in characters. */
  public static final int NAME = 200;
  public static final int FINGERPRINT = 500;
  public static final int EMAIL = 320;
  /** The length of a password: long enough to be safe, short enough to hash. */
  public static final int PASSWORD_MIN = 8;
  private static final int PASSWORD_MAX = 200;

  private static final Pattern EMAIL_FORM = Pattern.compile("[^\\s@]++@[^\\s@]++");

  private final FieldErrors errors = new FieldErrors("body");

  private Check() {}

  public static Check that() {
    return new Check();
  }

  public Check is(String field, boolean holds, String otherwise) {
    if (!holds) {
      errors.add(field, otherwise);
    }
    return this;
  }

  public Check required(String field, Object value) {
    return is(field, value != null, "is required");
  }

  /** Checks a field of a change that has to keep a value. */
  public Check kept(String field, Field<?> change) {
    return is(field, !change.present() || change.value() != null, "is null; send a value, or leave it out to keep the current one");
  }

  /** Checks text: at most {@code max} characters (code points), without NUL and lone surrogates, which PostgreSQL refuses. */
  public Check text(String field, String value, int max) {
    if (value == null) {
      return this;
    }
    if (value.length() > max && value.codePointCount(0, value.length()) > max) {
      return is(field, false, "is longer than " + max + " characters");
    }
    return is(field, isStorable(value), "contains a NUL character or a lone surrogate");
  }

  /** Returns whether {@link #text} accepts a value. */
  public static boolean isText(String value, int max) {
    return value.codePointCount(0, value.length()) <= max && isStorable(value);
  }

  /** Checks every text in a JSON value. */
  public Check texts(String field, Object json) {
    return is(field, areStorable(json), "contains a NUL character or a lone surrogate");
  }

  /** Checks text that must not be blank. */
  public Check name(String field, String value) {
    return required(field, value).text(field, value, NAME).is(field, value == null || !value.isBlank(), "is blank");
  }

  /** Checks a change of text that must not be blank. */
  public Check name(String field, Field<String> change) {
    return change.value() == null ? kept(field, change) : name(field, change.value());
  }

  public Check email(String field, String value) {
    return text(field, value, EMAIL)
        .is(field, value == null || EMAIL_FORM.matcher(value).matches(), "is not an e-mail address");
  }

  /** Checks a password that is to be compared. It may be older than today's rules. */
  public Check knownPassword(String field, String value) {
    return required(field, value).text(field, value, PASSWORD_MAX);
  }

  /** Checks a password that is to be set. */
  public Check password(String field, String value) {
    return text(field, value, PASSWORD_MAX).is(field, value == null || value.codePointCount(0, value.length()) >= PASSWORD_MIN,
        "is shorter than " + PASSWORD_MIN + " characters");
  }

  public Check range(String field, Number value, long min, long max) {
    return is(field, value == null || value.longValue() >= min && value.longValue() <= max,
        "must be between " + min + " and " + max);
  }

  /** Checks that a time is not later than another one. */
  public Check order(String field, Instant from, String other, Instant to) {
    return is(field, from == null || to == null || !from.isAfter(to), "must not be later than " + other);
  }

  /**
   * Ends the checks.
   *
   * @throws FailureException with all problems
   */
  public void done() {
    errors.refuse();
  }

  public static FailureException invalid(String field, String message) {
    return new Failure.Invalid(List.of(new Failure.FieldError(field, message))).exception();
  }

  private static boolean areStorable(Object json) {
    if (json instanceof Map<?, ?> map) {
      return map.entrySet().stream().allMatch(e -> areStorable(e.getKey()) && areStorable(e.getValue()));
    }
    if (json instanceof Collection<?> list) {
      return list.stream().allMatch(Check::areStorable);
    }
    return !(json instanceof String text) || isStorable(text);
  }

  private static boolean isStorable(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == 0 || Character.isLowSurrogate(c)) {
        return false;
      }
      if (Character.isHighSurrogate(c) && (++i == value.length() || !Character.isLowSurrogate(value.charAt(i)))) {
        return false;
      }
    }
    return true;
  }
}
