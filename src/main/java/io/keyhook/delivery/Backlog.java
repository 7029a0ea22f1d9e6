package io.keyhook.delivery;

/**
 * What a verticle knows of an endpoint's due deliveries that are still in the queue.
 *
 * <pre>
 *                      due              claim                     due
 *   EMPTY ─────────────────▶ DUE ◀────▶ CLAIMING ────────────────────▶ CLAIMING_MORE
 *     ▲                       ▲ ▲         │ │ │                          │ │
 *     │ claimed fewer, failed │ │         │ │ │ no room                  │ │
 *     └───────────────────────┼─┼─────────┘ │ └────────▶ NO_ROOM ◀───────┘ │
 *                             │ └───────────┼── due, attempt ended ─┘      │
 *                             └─────────────┴──────────────────────────────┘
 *                               claimed all                  claimed, failed
 * </pre>
 *
 * <p>A claim that failed leaves the backlog empty: the next look at the queue, within a second, reports it as due again.
 */
enum Backlog {
  /** Nothing is known to be due. */
  EMPTY,
  /** The queue has due deliveries for this endpoint. */
  DUE,
  /** As {@link #DUE}, but the account holds all that it may: an ended attempt or the next look at the queue retries. */
  NO_ROOM,
  /** Leases are being taken. */
  CLAIMING,
  /** Leases are being taken, and more became due since. */
  CLAIMING_MORE;

  Backlog due() {
    return switch (this) {
      case EMPTY, DUE, NO_ROOM -> DUE;
      case CLAIMING, CLAIMING_MORE -> CLAIMING_MORE;
    };
  }

  /** An attempt ended, so its account may have room again. */
  Backlog roomFreed() {
    return this == NO_ROOM ? DUE : this;
  }

  Backlog claim() {
    if (this != DUE) {
      throw new IllegalStateException("claim in " + this);
    }
    return CLAIMING;
  }

  Backlog noRoom() {
    requireClaiming();
    return NO_ROOM;
  }

  /**
   * @param all as many as were asked for, so there may be more
   */
  Backlog claimed(boolean all) {
    requireClaiming();
    return all || this == CLAIMING_MORE ? DUE : EMPTY;
  }

  boolean isClaiming() {
    return this == CLAIMING || this == CLAIMING_MORE;
  }

  private void requireClaiming() {
    if (!isClaiming()) {
      throw new IllegalStateException("no claim under way: " + this);
    }
  }
}
