package io.keyhook.event;

import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the deliveries that this node holds for each account. A delivery is held from when its lease is taken until its
 * result is written; deliveries without room stay in the queue. An account may hold twice as many as there is room left, so
 * that a flood, or endpoints that hang, always leave room for others, and an account alone gets two thirds. (Dynamic
 * thresholds: Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998.) Any thread.
 */
public final class Holdings {
  private static final int SHARE = 2;
  /** More than this keeps all senders of a node at work. */
  private static final int BUSY = 500;

  private final int max;
  private final AtomicInteger total = new AtomicInteger();
  private final ConcurrentHashMap<UUID, Integer> byAccount = new ConcurrentHashMap<>();

  /**
   * @param max deliveries of all accounts together
   */
  public Holdings(int max) {
    this.max = max;
  }

  /** Reserves room for deliveries, and returns for how many: as many as asked for, or fewer, or 0. */
  public int reserve(UUID accountId, int places) {
    int room = Math.max(0, Math.min(places, room(accountId)));
    add(accountId, room);
    return room;
  }

  boolean hasRoom(UUID accountId) {
    return room(accountId) > 0;
  }

  private int room(UUID accountId) {
    int free = max - total.get();
    return Math.min(free, SHARE * free - byAccount.getOrDefault(accountId, 0));
  }

  /** Counts deliveries whose lease has been taken, whether or not there is room. */
  void add(UUID accountId, int count) {
    if (count > 0) {
      total.addAndGet(count);
      byAccount.merge(accountId, count, Integer::sum);
    }
  }

  /** Returns the room of deliveries that are not held any more. */
  public void remove(UUID accountId, int count) {
    if (count > 0) {
      total.addAndGet(-count);
      byAccount.computeIfPresent(accountId, (id, held) -> held > count ? held - count : null);
    }
  }

  public int total() {
    return total.get();
  }

  boolean isBusy() {
    return total.get() > BUSY;
  }
}
