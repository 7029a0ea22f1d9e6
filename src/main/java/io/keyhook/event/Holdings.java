package io.keyhook.event;

import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many deliveries this node holds, account by account: under lease, from when the lease is taken until what became of
 * them is written. What there is no room for stays in the queue. An account may hold twice what is free, so that one that
 * floods, or whose receivers hang, always leaves room for the others, and one that is alone gets two thirds. (Dynamic
 * thresholds: Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998.) Any thread.
 */
public final class Holdings {
  private static final int SHARE = 2;
  /** So many keep the senders of a node at work. */
  private static final int BUSY = 500;

  private final int max;
  private final AtomicInteger total = new AtomicInteger();
  private final ConcurrentHashMap<UUID, Integer> byAccount = new ConcurrentHashMap<>();

  /**
   * @param max of all accounts
   */
  public Holdings(int max) {
    this.max = max;
  }

  /** Takes room for as many as asked for, or as there is, and tells how many. */
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

  /** Without asking: a lease was taken. */
  void add(UUID accountId, int count) {
    if (count > 0) {
      total.addAndGet(count);
      byAccount.merge(accountId, count, Integer::sum);
    }
  }

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
