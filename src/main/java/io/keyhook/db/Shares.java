package io.keyhook.db;

/**
 * How the connections that a node may open are divided among those who use them. Management calls get what they are
 * configured to, at most half of what the fixed shares leave; the loops share the rest, and are fewer if there are fewer than
 * two connections for each.
 *
 * @param management of the pool that management calls, transactions and the node's own short chores share
 * @param loops senders and validators of the node, each on an event loop of its own
 * @param sender of each sender: for results, claims and settings, {@value #MAX_SENDER} at most
 * @param validator of each validator: for look-ups, events and activations, {@value #MAX_VALIDATOR} at most
 */
public record Shares(int management, int loops, int sender, int validator) {
  /** The fewest that a node can do with. */
  public static final int MIN = 16;
  public static final int QUEUE = 1;
  public static final int EXPIRY = 1;
  public static final int PROBES = 1;
  public static final int CHORES = 1;

  /** As many as are admitted at once, see {@code Admissions}. */
  private static final int AUTHENTICATION = 2;
  private static final int SEARCH = 2;
  private static final int MAX_SENDER = 4;
  private static final int MAX_VALIDATOR = 4;
  private static final int MAX_LOOPS = 8;
  /** To ask a server whether it serves, and to build the index for searches. */
  private static final int TRANSIENT = 1;
  private static final int FIXED = AUTHENTICATION + SEARCH + QUEUE + EXPIRY + PROBES + CHORES + TRANSIENT;

  /**
   * @param max that the node may open, {@value #MIN} or more
   * @param management as configured
   * @param processors that the node may use
   */
  public static Shares of(int max, int management, int processors) {
    int free = max - FIXED;
    int shared = Math.min(management, free / 2);
    int forLoops = free - shared;
    int loops = Math.min(Math.min(MAX_LOOPS, processors), forLoops / 2);
    int validator = Math.min(MAX_VALIDATOR, (forLoops / loops + 1) / 2);
    return new Shares(shared, loops, Math.min(MAX_SENDER, forLoops / loops - validator), validator);
  }

  /** One pool of this size, for a command that runs and ends. */
  public static Shares single(int size) {
    return new Shares(size, 0, 0, 0);
  }

  /** For a pool that is the host's, and that all share. */
  public static Shares hosted(int processors) {
    return new Shares(0, Math.min(MAX_LOOPS, processors), MAX_SENDER, MAX_VALIDATOR);
  }

  /** The most that the node has open at once. */
  public int total() {
    return FIXED + management + loops * (sender + validator);
  }
}
