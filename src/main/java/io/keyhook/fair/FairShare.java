package io.keyhook.fair;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Permits that tenants share. A tenant may hold at most {@code factor} times as many permits as are free, so a tenant that
 * takes all it can get still leaves some to others. With the factor 2, a tenant that is alone gets two thirds. Where permits
 * are held for long, a small factor leaves room for many more tenants. (Dynamic thresholds: Choudhury and Hahne, "Dynamic
 * Queue Length Thresholds for Shared-Memory Packet Switches", 1998.) Any thread.
 *
 * @param <K> a tenant: an account, or a client's address if there is no account
 */
public final class FairShare<K> {
  private static final double FACTOR = 2;

  private final int permits;
  private final double factor;
  private final AtomicInteger held = new AtomicInteger();
  private final ConcurrentHashMap<K, Integer> byTenant = new ConcurrentHashMap<>();
  private final AtomicLong refused = new AtomicLong();

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

  /** Registers how many permits are held, and how often a tenant got none. */
  public FairShare<K> meteredBy(MeterRegistry meters, String what) {
    meter(meters, what, refused);
    return this;
  }

  void meter(MeterRegistry meters, String what, AtomicLong refusals) {
    Gauge.builder("keyhook.admission.running", this, FairShare::held)
        .description("Work that was admitted and has not ended").tag("what", what).register(meters);
    FunctionCounter.builder("keyhook.admission.refused", refusals, AtomicLong::get)
        .description("Work that was refused").tag("what", what).register(meters);
  }

  /** Whether a tenant that holds {@code held} of {@code permits}, of which {@code total} are held, may take one more. */
  static boolean allows(int held, int total, int permits) {
    return room(held, permits - total, FACTOR) > 0;
  }

  private static int room(int held, int free, double factor) {
    return Math.min(free, (int) Math.ceil(factor * free) - held);
  }

  /** Whether the tenant could take a permit now. */
  public boolean hasRoom(K tenant) {
    return room(held(tenant), permits - held.get(), factor) > 0;
  }

  /** Takes one permit if the tenant's share allows it. */
  public boolean tryAcquire(K tenant) {
    return tryAcquire(tenant, 1) == 1;
  }

  /** Takes as many permits as the tenant's share allows, at most {@code wanted}, and returns how many. */
  public int tryAcquire(K tenant, int wanted) {
    int[] taken = {0};
    byTenant.compute(tenant, (id, holds) -> {
      int before = holds == null ? 0 : holds;
      taken[0] = take(before, wanted);
      return before + taken[0] == 0 ? null : Integer.valueOf(before + taken[0]);
    });
    if (taken[0] == 0 && wanted > 0) {
      refused.incrementAndGet();
    }
    return taken[0];
  }

  private int take(int holds, int wanted) {
    while (true) {
      int total = held.get();
      int taken = Math.max(0, Math.min(wanted, room(holds, permits - total, factor)));
      if (taken == 0 || held.compareAndSet(total, total + taken)) {
        return taken;
      }
    }
  }

  /** Takes permits whatever the share, for what already exists. */
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

  int permits() {
    return permits;
  }

  boolean isFull() {
    return held.get() >= permits;
  }
}
