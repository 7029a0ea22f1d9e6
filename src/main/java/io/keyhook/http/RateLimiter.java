package io.keyhook.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.keyhook.bus.Failure;
import io.micrometer.core.instrument.Counter;
import java.time.Duration;

/** Limits the requests per key and period with token buckets in a bounded map. Any thread. */
public final class RateLimiter {
  private static final int MAX_KEYS = 100_000;

  private volatile int limit;
  private final Duration period;
  private final Counter refused;
  private final Cache<String, Bucket> buckets;

  /**
   * @param limit 0: no limit
   * @param refused counts the requests that were refused
   */
  public RateLimiter(int limit, Duration period, Counter refused) {
    this.limit = limit;
    this.refused = refused;
    this.period = period;
    // a bucket that was unused for a period is full, and equal to a new one
    this.buckets = Caffeine.newBuilder().maximumSize(MAX_KEYS).expireAfterAccess(period.multipliedBy(2)).build();
  }

  /**
   * Changes the limit. Every key starts anew, unless the limit is the same.
   *
   * @param limit 0: no limit
   */
  public void change(int limit) {
    if (limit != this.limit) {
      this.limit = limit;
      buckets.invalidateAll();
    }
  }

  /**
   * @throws io.keyhook.bus.FailureException if the limit is exceeded
   */
  void check(String key) {
    if (limit == 0) {
      return;
    }
    ConsumptionProbe probe = buckets.get(key, this::bucket).tryConsumeAndReturnRemaining(1);
    if (!probe.isConsumed()) {
      refused.increment();
      throw new Failure.RateLimited(Duration.ofSeconds(1 + probe.getNanosToWaitForRefill() / 1_000_000_000)).exception();
    }
  }

  /** Counts a request without refusing it. */
  void count(String key) {
    if (limit > 0) {
      buckets.get(key, this::bucket).tryConsume(1);
    }
  }

  private Bucket bucket(String key) {
    int now = Math.max(1, limit); // another thread may have taken the limit away since it was looked at
    return Bucket.builder().addLimit(bandwidth -> bandwidth.capacity(now).refillGreedy(now, period)).build();
  }
}
