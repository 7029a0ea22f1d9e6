package io.keyhook.delivery;

import io.keyhook.attempt.EndpointSettings;

/**
 * What a verticle knows of a webhook's settings, which it reads when a delivery needs them.
 *
 * <pre>
 *   UNKNOWN ── read ──▶ READING ── known ──▶ KNOWN
 *
 *   KNOWN ──── a lease or a poll told of a newer version ────▶ READING
 *   KNOWN ──── changed ──────────────────────────────────────▶ UNKNOWN
 *   READING ── webhook inactive or paused, or target refused ▶ UNKNOWN
 *   READING ── failed ──▶ FAILED ─── wait over, or changed ──▶ UNKNOWN
 *   KNOWN ──── this node cannot send ────────────────────────▶ FAILED
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
    /** They could not be read, or this node cannot send. Deliveries wait until they are read again. */
    FAILED;

    private boolean leadsTo(State next) {
      return switch (this) {
        case UNKNOWN -> next == READING;
        case READING -> next == KNOWN || next == UNKNOWN || next == FAILED || next == OUTDATED;
        case OUTDATED -> next == UNKNOWN;
        case KNOWN -> next == READING || next == UNKNOWN || next == FAILED;
        case FAILED -> next == UNKNOWN;
      };
    }
  }

  private State state = State.UNKNOWN;
  /** Null unless {@link State#KNOWN}. */
  private EndpointSettings value;
  /** The newest version of the webhook that a lease, a poll or a read told of; 0 where none has. */
  private int newest;
  /** The same since the last read began. */
  private int newestOfRead;

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

  /** Whether they are known in the newest version of the webhook that this node has heard of. */
  boolean isCurrent() {
    return state == State.KNOWN && value.version() >= newest;
  }

  /** The database has the webhook in this version, or had it a moment ago. */
  void heardOf(int version) {
    newest = Math.max(newest, version);
    newestOfRead = Math.max(newestOfRead, version);
  }

  void read() {
    newestOfRead = 0;
    move(State.READING, null);
  }

  /**
   * They have been read. What this node heard of before the read began does not count any more: after a failover, the
   * database may have lost a version.
   */
  void known(EndpointSettings read) {
    newest = Math.max(read.version(), newestOfRead);
    move(State.KNOWN, read);
  }

  /** Drops what is known, so that the next delivery reads it. */
  void forget() {
    move(State.UNKNOWN, null);
  }

  void failed() {
    move(State.FAILED, null);
  }

  /** The webhook changed. */
  void changed() {
    switch (state) {
      case READING -> move(State.OUTDATED, null);
      case KNOWN, FAILED -> forget();
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
