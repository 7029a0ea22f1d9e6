package io.keyhook.http;

import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.FieldErrors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Reads named fields into a message, and reports all their problems together. */
abstract class FieldReader {
  /** The replacement character for bytes that are not UTF-8. */
  static final char REPLACEMENT = '\ufffd';

  private static final int SHOWN_NAME = 100;

  private final FieldErrors errors;
  private final List<String> known = new ArrayList<>();

  /**
   * @param whole the container of the fields: {@code body} or {@code query}
   */
  FieldReader(String whole) {
    this.errors = new FieldErrors(whole);
  }

  /** Returns the names of the given fields. */
  abstract Iterable<String> given();

  /** Returns a text; null: absent. */
  abstract String text(String name);

  final void known(String name) {
    known.add(name);
  }

  final void error(String name, String message) {
    errors.add(name, message);
  }

  final <E extends Enum<E>> E choice(String name, E[] choices) {
    return choice(name, choices, FieldReader::lower);
  }

  final <E extends Enum<E>> E choice(String name, E[] choices, Function<E, String> wireName) {
    String text = text(name);
    if (text == null) {
      return null;
    }
    return Arrays.stream(choices).filter(choice -> wireName.apply(choice).equals(text)).findAny().orElseGet(() -> {
      error(name, "is not one of " + Arrays.stream(choices).map(wireName).collect(Collectors.joining(", ")));
      return null;
    });
  }

  /** Returns a name that a caller chose as an error has it. */
  static String shown(String name) {
    return name.length() > SHOWN_NAME ? name.substring(0, SHOWN_NAME) : name;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Creates a part of a message. Null if the part refuses its fields; its problems are reported with those of the rest. */
  final <T> T part(Supplier<T> part) {
    try {
      return part.get();
    } catch (FailureException e) {
      if (!(e.failure() instanceof Failure.Invalid invalid)) {
        throw e;
      }
      invalid.errors().stream().filter(error -> !errors.isAbout(error.field())).toList()
          .forEach(error -> errors.add(error.field(), error.message()));
      return null;
    }
  }

  /**
   * Creates the message that its supplier reads.
   *
   * @throws FailureException with all fields that are unknown or of the wrong type, and those that the message refuses
   */
  final <T> T into(Supplier<T> message) {
    T made = part(message);
    String unknown = null;
    for (String name : given()) {
      if (!known.contains(name)) {
        if (unknown == null) {
          unknown = "is unknown; " + (known.isEmpty() ? "send none here" : "send only " + String.join(", ", known));
        }
        error(shown(name), unknown);
      }
    }
    errors.refuse();
    return made;
  }
}
