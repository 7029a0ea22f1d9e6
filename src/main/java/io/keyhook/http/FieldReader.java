package io.keyhook.http;

import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.FieldErrors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Reads named fields into a message, and tells of everything that is wrong with them at once. */
abstract class FieldReader {
  /** What stands where bytes were not UTF-8. */
  static final char REPLACEMENT = '\ufffd';

  private static final int SHOWN_NAME = 100;

  private final FieldErrors errors;
  private final List<String> known = new ArrayList<>();

  /**
   * @param whole what the fields are of: {@code body} or {@code query}
   */
  FieldReader(String whole) {
    this.errors = new FieldErrors(whole);
  }

  /** The fields that were given. */
  abstract Iterable<String> given();

  final void known(String name) {
    known.add(name);
  }

  final void error(String name, String message) {
    errors.add(name, message);
  }

  /** Makes a part of a message. Null where the part refuses its fields, which is told with what the rest refuses. */
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
   * Makes the message of what its supplier reads.
   *
   * @throws FailureException with what is of the wrong type or unknown, and what the message itself refuses
   */
  final <T> T into(Supplier<T> message) {
    T made = part(message);
    String unknown = null;
    for (String name : given()) {
      if (!known.contains(name)) {
        if (unknown == null) {
          unknown = "is unknown; there are " + (known.isEmpty() ? "none here" : String.join(", ", known));
        }
        error(name.length() > SHOWN_NAME ? name.substring(0, SHOWN_NAME) : name, unknown);
      }
    }
    errors.refuse();
    return made;
  }
}
