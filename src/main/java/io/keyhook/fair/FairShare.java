package io.keyhook.fair;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Permits that tenants share. A tenant may hold so many times what is free, its factor: one that takes all it can get always
 * leaves some to the others. With the factor 2, one that is alone gets two thirds; where permits are held for long, a small
 * factor leaves room for many more tenants. (Dynamic thresholds: Choudhury and Hahne, "Dynamic Queue Length Thresholds for
 * Shared-Memory Packet Switches", 1998.) Any thread.
 *
 * @param <K> a tenant: an account, or a client's address where there is no account
 */
public final class FairShare<K> {
  private static final double FACTOR = 2;

  private final int permits;
  private final double factor;
  private final AtomicInteger held = new AtomicInteger();
  private final ConcurrentHashMap<K, Integer> byTenant = new ConcurrentHashMap<>();

  /**
   * With the factor 2: for permits that are soon free again.
   *
   * @param permits of all tenants, 1 or more
   */
  public FairShare(int permits) {
    this(permits, FACTOR);
  }

  /**
   * @param permits of all tenants, 1 or more
   * @param factor more than 0
   */
  public FairShare(int permits, double factor) {
    this.permits = permits;
    this.factor = factor;
  }

  /** Whether a tenant that holds {@code held} of {@code permits}, of which {@code total} are held, may take one more. */
  public static boolean allows(int held, int total, int permits) {
    return room(held, permits - total, FACTOR) > 0;
  }

  private static int room(int held, int free, double factor) {
    return Math.min(free, (int) Math.ceil(factor * free) - held);
  }

  private int room(K tenant) {
    return room(byTenant.getOrDefault(tenant, 0), permits - held.get(), factor);
  }

  public boolean hasRoom(K tenant) {
    return room(tenant) > 0;
  }

  /** Takes one permit if the tenant's share allows it. */
  public boolean tryAcquire(K tenant) {
    return tryAcquire(tenant, 1) == 1;
  }

  /** Takes as many permits as the tenant's share allows, at most so many, and returns how many. */
  public int tryAcquire(K tenant, int wanted) {
    int taken = Math.max(0, Math.min(wanted, room(tenant)));
    acquire(tenant, taken);
    return taken;
  }

  /** Takes permits whatever the share: what they stand for is there already. */
  public void acquire(K tenant, int count) {
    if (count > 0) {
      held.addAndGet(count);
      byTenant.merge(tenant, count, Integer::sum);
    }
  }

  public void release(K tenant, int count) {
    if (count > 0) {
      held.addAndGet(-count);
      byTenant.computeIfPresent(tenant, (id, holds) -> holds > count ? holds - count : null);
    }
  }

  /** How many permits all tenants hold. */
  public int held() {
    return held.get();
  }

  /** How many permits a tenant holds. */
  public int held(K tenant) {
    return byTenant.getOrDefault(tenant, 0);
  }
}
