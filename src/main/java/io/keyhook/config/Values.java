package io.keyhook.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.config.Settings.Setting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Takes typed values out of the settings. What breaks its rule is reported, and a stand-in returned that breaks no other
 * rule; nobody gets to see it, as reading ends with the errors then.
 */
final class Values {
  private final Settings settings;
  private final Errors errors;

  Values(Settings settings, Errors errors) {
    this.settings = settings;
    this.errors = errors;
  }

  /** Whether there is a value, be it a wrong one. An empty string is none. */
  boolean given(String path) {
    JsonNode value = settings.get(path).value();
    return !value.isNull() && !(value.isTextual() && value.textValue().isEmpty());
  }

  boolean isEmptyArray(String path) {
    JsonNode value = settings.get(path).value();
    return value.isArray() && value.isEmpty();
  }

  boolean bool(String path) {
    return settings.get(path).value().booleanValue();
  }

  int number(String path, int min, int max) {
    return number(path, min, max, "").orElse(max);
  }

  double fraction(String path) {
    JsonNode value = settings.get(path).value();
    if (value.isNumber() && !(value.doubleValue() >= 0 && value.doubleValue() <= 1)) {
      reject(path, "a number from 0 to 1");
    }
    return value.doubleValue();
  }

  Optional<Integer> optionalNumber(String path, int min, int max) {
    return number(path, min, max, ", or null");
  }

  private Optional<Integer> number(String path, int min, int max, String otherwise) {
    JsonNode value = settings.get(path).value();
    if (!value.isNumber()) {
      return Optional.empty();
    }
    if (!value.canConvertToInt() || value.intValue() < min || value.intValue() > max) {
      reject(path, "a whole number from " + min + " to " + max + otherwise);
      return Optional.empty();
    }
    return Optional.of(value.intValue());
  }

  String text(String path, Predicate<String> rule, String must) {
    return required(path, text -> Optional.of(text).filter(rule), must).orElse("");
  }

  Optional<String> optionalText(String path, Predicate<String> rule, String must) {
    return optional(path, text -> Optional.of(text).filter(rule), must);
  }

  /**
   * @param parse gives empty for what it cannot parse, as an empty string may be
   * @return empty only after a report
   */
  <T> Optional<T> required(String path, Function<String, Optional<T>> parse, String must) {
    return checked(path, path, settings.get(path).value(), parse, must);
  }

  <T> Optional<T> optional(String path, Function<String, Optional<T>> parse, String must) {
    return given(path) ? required(path, parse, must) : Optional.empty();
  }

  Duration duration(String path, Duration min, Duration max, String must) {
    return required(path, text -> Formats.duration(text, min, max), must).orElse(min);
  }

  <T> List<T> list(String path, Function<String, Optional<T>> parse, String must) {
    List<T> parsed = new ArrayList<>();
    int index = 0;
    for (JsonNode item : settings.get(path).value()) {
      checked(path + "[" + index++ + "]", path, item, parse, must).ifPresent(parsed::add);
    }
    return List.copyOf(parsed);
  }

  /** Each once, in order. */
  Set<Integer> numbers(String path, int min, int max) {
    Set<Integer> numbers = new TreeSet<>();
    Setting setting = settings.get(path);
    int index = 0;
    for (JsonNode item : setting.value()) {
      String name = path + "[" + index++ + "]";
      if (item.canConvertToInt() && item.intValue() >= min && item.intValue() <= max) {
        numbers.add(item.intValue());
      } else {
        errors.add(name, setting.origin(), "is " + item + ", must be a whole number from " + min + " to " + max);
      }
    }
    return Collections.unmodifiableSet(numbers);
  }

  /** Reports that the value is not what it must be. */
  void reject(String path, String must) {
    Setting setting = settings.get(path);
    report(path, (given(path) ? "is " + setting.key().show(setting.value()) : "is not set") + ", must be " + must);
  }

  void report(String path, String problem) {
    errors.add(path, settings.get(path).origin(), problem);
  }

  private <T> Optional<T> checked(
      String name, String path, JsonNode value, Function<String, Optional<T>> parse, String must) {
    if (!value.isTextual()) {
      return Optional.empty();
    }
    Optional<T> parsed = parse.apply(value.textValue());
    if (parsed.isEmpty()) {
      Setting setting = settings.get(path);
      errors.add(name, setting.origin(), "is " + setting.key().show(value) + ", must be " + must);
    }
    return parsed;
  }
}
