package io.keyhook.delivery;

import io.keyhook.attempt.EndpointSettings;

/**
 * What a verticle knows of a webhook's settings, which it reads when a delivery needs them.
 *
 * <pre>
 *   UNKNOWN ── read ──▶ READING ── known ──▶ KNOWN
 *
 *   KNOWN ──── a delivery was leased under a newer version ──▶ READING
 *   KNOWN ──── changed ──────────────────────────────────────▶ UNKNOWN
 *   READING ── webhook deleted, or target refused ───────────▶ UNKNOWN
 *   READING ── failed ──▶ PAUSED ─── pause over, or changed ─▶ UNKNOWN
 *   READING ── changed ─▶ OUTDATED ─ the read has ended ─────▶ UNKNOWN
 * </pre>
 */
final class Settings {
  enum State {
    /** To be read when a delivery needs them. */
    UNKNOWN,
    /** Being read. Deliveries wait. */
    READING,
    /** Being read, but the webhook changed since: what is read may be stale. Deliveries wait. */
    OUTDATED,
    /** Read, and not changed since. */
    KNOWN,
    /** They could not be read. Deliveries wait until the pause is over. */
    PAUSED;

    private boolean leadsTo(State next) {
      return switch (this) {
        case UNKNOWN -> next == READING;
        case READING -> next == KNOWN || next == UNKNOWN || next == PAUSED || next == OUTDATED;
        case OUTDATED -> next == UNKNOWN;
        case KNOWN -> next == READING || next == UNKNOWN;
        case PAUSED -> next == UNKNOWN;
      };
    }
  }

  private State state = State.UNKNOWN;
  /** Null unless {@link State#KNOWN}. */
  private EndpointSettings value;

  State state() {
    return state;
  }

  EndpointSettings value() {
    return value;
  }

  /** Whether attempts have to wait. */
  boolean isBlocked() {
    return state != State.UNKNOWN && state != State.KNOWN;
  }

  /** Whether they are known, in this version of the webhook or a newer one. */
  boolean cover(int version) {
    return state == State.KNOWN && value.version() >= version;
  }

  void read() {
    move(State.READING, null);
  }

  void known(EndpointSettings read) {
    move(State.KNOWN, read);
  }

  /** Drops what is known, so that the next delivery reads it. */
  void forget() {
    move(State.UNKNOWN, null);
  }

  void pause() {
    move(State.PAUSED, null);
  }

  /** The webhook changed. */
  void changed() {
    switch (state) {
      case READING -> move(State.OUTDATED, null);
      case KNOWN, PAUSED -> forget();
      case UNKNOWN, OUTDATED -> { }
    }
  }

  private void move(State next, EndpointSettings read) {
    if (!state.leadsTo(next)) {
      throw new IllegalStateException(state + " to " + next);
    }
    state = next;
    value = read;
  }
}
