package io.keyhook.bus;

import io.keyhook.bus.Failure.FieldError;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the problems of a request. Keeps the first problems and counts the rest, so that neither the work nor the
 * error grows with what a caller sends. Belongs to one thread.
 */
public final class FieldErrors {
  /** The maximum number of entries of one error. If there are more problems, the last entry says how many. */
  public static final int MAX = 100;

  private final String whole;
  private final List<FieldError> first = new ArrayList<>();
  private long count;

  /**
   * @param whole the field of the last entry: {@code body} or {@code query}
   */
  public FieldErrors(String whole) {
    this.whole = whole;
  }

  public void add(String field, String message) {
    if (count++ < MAX) {
      first.add(new FieldError(field, message));
    }
  }

  /** Returns the number of all problems, including those that are not kept. */
  public long count() {
    return count;
  }

  /** Returns whether one of the first {@value #MAX} problems is about this field. */
  public boolean isAbout(String field) {
    return first.stream().anyMatch(error -> error.field().equals(field));
  }

  /**
   * Throws the problems, if there are any.
   *
   * @throws FailureException with the problems
   */
  public void refuse() {
    if (count > 0) {
      throw new Failure.Invalid(entries()).exception();
    }
  }

  private List<FieldError> entries() {
    if (count <= MAX) {
      return first;
    }
    List<FieldError> entries = new ArrayList<>(first.subList(0, MAX - 1));
    entries.add(new FieldError(whole, "has " + (count - entries.size()) + " more problems"));
    return entries;
  }
}
