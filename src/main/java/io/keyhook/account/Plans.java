package io.keyhook.account;

import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsLast;

import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Info;
import io.keyhook.bus.Page;
import io.keyhook.config.KeyhookOptions.Plan;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What each plan allows: rules over values. Any thread. */
public final class Plans {
  /** The plan of an account whose plan is no longer configured: nothing can be added. */
  private static final Plan GONE = new Plan(Optional.of(0), Optional.of(0), 30);

  private static final Comparator<Info.Plan> SMALLEST_FIRST = Comparator.comparing(Info.Plan::maxLicenses, nullsLast(naturalOrder()))
      .thenComparing(Info.Plan::maxWebhooks, nullsLast(naturalOrder())).thenComparing(Info.Plan::name);

  private final Map<String, Plan> plans;
  private final String[] withWebhooks;
  private final Integer[] retentions;

  public Plans(Map<String, Plan> plans) {
    this.plans = new TreeMap<>(plans);
    this.withWebhooks = this.plans.keySet().stream().filter(name -> plans.get(name).hasWebhooks()).toArray(String[]::new);
    this.retentions = java.util.Arrays.stream(withWebhooks).map(name -> plans.get(name).logRetentionDays())
        .toArray(Integer[]::new);
  }

  /** The smallest first. */
  Page<Info.Plan> all() {
    return new Page<>(plans.entrySet().stream().map(entry -> new Info.Plan(entry.getKey(),
        entry.getValue().maxLicenses().orElse(null), entry.getValue().maxWebhooks().orElse(null),
        entry.getValue().logRetentionDays())).sorted(SMALLEST_FIRST).toList(), null);
  }

  public Plan of(String name) {
    return plans.getOrDefault(name, GONE);
  }

  public void checkExists(String name) {
    Check.that().is("plan", plans.containsKey(name), "is not one of " + String.join(", ", plans.keySet())).done();
  }

  /** The names of the plans that limit licenses or webhooks. */
  public String[] limited() {
    return plans.keySet().stream().filter(name -> plans.get(name).maxLicenses().isPresent() || plans.get(name).maxWebhooks().isPresent())
        .toArray(String[]::new);
  }

  /** The names of the plans with webhooks, in the order of {@link #retentions()}. */
  public String[] withWebhooks() {
    return withWebhooks.clone();
  }

  /** Days for which deliveries are kept, in step with {@link #withWebhooks()}. */
  public Integer[] retentions() {
    return retentions.clone();
  }

  public Set<Integer> allRetentions() {
    return plans.values().stream().map(Plan::logRetentionDays).collect(Collectors.toSet());
  }

  public void checkHasWebhooks(String plan) {
    if (!of(plan).hasWebhooks()) {
      throw new Failure.PlanUpgradeRequired(
          "The plan " + plan + " does not include webhooks; change to a plan that does, such as "
              + String.join(" or ", withWebhooks)).exception();
    }
  }

  /**
   * @param max empty: unlimited
   */
  public static void checkRoom(String plan, Optional<Integer> max, long used, String what) {
    checkRoom(plan, max, used, 1, what);
  }

  /**
   * @param max empty: unlimited
   * @param more how many are to be added
   */
  public static void checkRoom(String plan, Optional<Integer> max, long used, int more, String what) {
    if (max.isPresent() && used + more > max.get()) {
      throw new Failure.PlanLimitReached("The plan " + plan + " allows " + max.get() + " " + what
          + (used >= max.get() ? ", and all are in use" : "; " + (max.get() - used) + " are left")).exception();
    }
  }
}
