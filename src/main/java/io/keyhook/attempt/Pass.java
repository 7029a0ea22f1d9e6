package io.keyhook.attempt;

/** What lets a {@link Call} ask Vert.x for a connection. Belongs to one event loop. */
interface Pass {
  /** Whether the call may open a connection; otherwise one is idle. */
  boolean opens();

  /**
   * The call has its connection, and begins. Has no effect a second time, or after {@link #ended}.
   *
   * @param isNew whether it is the connection's first
   */
  void begun(boolean isNew);

  /** The call got no connection, or does not use it. Has no effect a second time, or after it has begun. */
  void ended();
}
