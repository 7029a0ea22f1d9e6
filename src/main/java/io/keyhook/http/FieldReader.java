package io.keyhook.http;

import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Reads named fields into a message, and tells of everything that is wrong with them at once. */
abstract class FieldReader {
  /** What stands where bytes were not UTF-8. */
  static final char REPLACEMENT = '\ufffd';

  private static final int SHOWN_NAME = 100;

  private final List<Failure.FieldError> errors = new ArrayList<>();
  private final List<String> known = new ArrayList<>();

  /** The fields that were given. */
  abstract Iterable<String> given();

  final void known(String name) {
    known.add(name);
  }

  final void error(String name, String message) {
    errors.add(new Failure.FieldError(name, message));
  }

  /**
   * Makes the message of what its supplier reads.
   *
   * @throws FailureException with what is of the wrong type or unknown, and what the message itself refuses
   */
  final <T> T into(Supplier<T> message) {
    T made = null;
    try {
      made = message.get();
    } catch (FailureException e) {
      if (!(e.failure() instanceof Failure.Invalid invalid)) {
        throw e;
      }
      invalid.errors().stream()
          .filter(error -> errors.stream().noneMatch(other -> other.field().equals(error.field())))
          .toList().forEach(errors::add);
    }
    for (String name : given()) {
      if (!known.contains(name)) {
        error(name.length() > SHOWN_NAME ? name.substring(0, SHOWN_NAME) : name, known.isEmpty()
            ? "is unknown; there are none here" : "is unknown; there are " + String.join(", ", known));
      }
    }
    if (!errors.isEmpty()) {
      throw new Failure.Invalid(List.copyOf(errors)).exception();
    }
    return made;
  }
}
