package io.keyhook.delivery;

/**
 * What a verticle knows of an endpoint's due deliveries that are still in the queue.
 *
 * <pre>
 *   EMPTY ── due ──▶ DUE ── claim ──▶ CLAIMING ── due ──▶ CLAIMING_MORE
 *
 *   CLAIMING ────── claimed fewer than asked for, failed ──▶ EMPTY
 *   CLAIMING ────── claimed all ───────────────────────────▶ DUE
 *   CLAIMING ────── no room ──▶ NO_ROOM ── due, ended ─────▶ DUE
 *   CLAIMING ────── rate limit reached ──▶ PACED ── pause over ──▶ DUE
 *   CLAIMING_MORE ─ claimed, failed ───────────────────────▶ DUE
 * </pre>
 *
 * <p>A claim that failed leaves the backlog empty: the next poll of the queue, within a second, finds it again.
 */
enum Backlog {
  /** Nothing is known to be due. */
  EMPTY,
  /** The queue has due deliveries for this endpoint. */
  DUE,
  /** As {@link #DUE}, but the account holds all that it may: an attempt that ends or the next poll retries. */
  NO_ROOM,
  /** As {@link #DUE}, but the webhook's rate limit is reached. What becomes due meanwhile waits with it. */
  PACED,
  /** Leases are being taken. */
  CLAIMING,
  /** Leases are being taken, and more became due since. */
  CLAIMING_MORE;

  /** The queue has due deliveries. */
  Backlog due() {
    return switch (this) {
      case EMPTY, DUE, NO_ROOM -> DUE;
      case PACED -> PACED;
      case CLAIMING, CLAIMING_MORE -> CLAIMING_MORE;
    };
  }

  /** An attempt ended, so its account may have room again. */
  Backlog roomFreed() {
    return this == NO_ROOM ? DUE : this;
  }

  /** Leases are going to be taken. */
  Backlog claim() {
    if (this != DUE) {
      throw new IllegalStateException("claim in " + this);
    }
    return CLAIMING;
  }

  /** The account has no room for the claim. */
  Backlog noRoom() {
    if (this != CLAIMING) {
      throw new IllegalStateException("no room in " + this);
    }
    return NO_ROOM;
  }

  /** The claim took all that the rate limit allows, or its successor will. */
  Backlog paced() {
    if (this != CLAIMING && this != CLAIMING_MORE) {
      throw new IllegalStateException("paced in " + this);
    }
    return PACED;
  }

  /** The rate limit allows more. */
  Backlog paceOver() {
    return this == PACED ? DUE : this;
  }

  /**
   * The claim has ended.
   *
   * @param all as many as were asked for, so there may be more
   */
  Backlog claimed(boolean all) {
    if (this != CLAIMING && this != CLAIMING_MORE) {
      throw new IllegalStateException("claimed in " + this);
    }
    return all || this == CLAIMING_MORE ? DUE : EMPTY;
  }
}
