package io.keyhook.delivery;

/**
 * How many attempts an endpoint may have in flight, and how many it has. Every failure halves the window and every success
 * doubles it, between 1 and the maximum: an endpoint that mostly works keeps all of it, and a dead one is probed by one
 * attempt at a time. It opens at {@value #INITIAL_SIZE}, or at the maximum where that is less.
 */
final class Window {
  private static final int INITIAL_SIZE = 64;

  private final int max;
  private final int initialHalvings;
  private int halvings;
  private int inFlight;

  /**
   * @param max attempts in flight, 1 or more
   */
  Window(int max) {
    this.max = max;
    while (size() > INITIAL_SIZE) {
      halvings++;
    }
    this.initialHalvings = halvings;
  }

  int size() {
    return Math.max(1, max >> halvings);
  }

  int inFlight() {
    return inFlight;
  }

  boolean isOpen() {
    return inFlight < size();
  }

  /** Whether failures have left it smaller than it opened. */
  boolean isReduced() {
    return halvings > initialHalvings;
  }

  void started() {
    inFlight++;
  }

  /** Ends an attempt that was {@link #started}. */
  void ended(boolean succeeded) {
    ended();
    adapt(succeeded);
  }

  /** Ends an attempt that was {@link #started} and says nothing about the endpoint. */
  void ended() {
    inFlight--;
  }

  /** Adapts the size to an outcome, also to that of an attempt that was refused before it started. */
  void adapt(boolean succeeded) {
    if (succeeded) {
      halvings = Math.max(0, halvings - 1);
    } else if (size() > 1) {
      halvings++;
    }
  }
}
