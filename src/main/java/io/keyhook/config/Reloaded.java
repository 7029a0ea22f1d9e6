package io.keyhook.config;

import java.util.List;
import java.util.Set;

/**
 * What a reload of the configuration did.
 *
 * @param changed what the process has taken over
 * @param afterRestart keys that have other values in the configuration now, which a restart takes over
 */
public record Reloaded(List<Change> changed, List<String> afterRestart) {
  /** Of a host application, which gave its options once. */
  public static final Reloaded NOTHING = new Reloaded(List.of(), List.of());

  /** A key and its values, as the log may show them. */
  public record Change(String key, String before, String after) {
    @Override
    public String toString() {
      return key + " from " + before + " to " + after;
    }
  }

  static Reloaded of(List<Difference> differences) {
    return new Reloaded(
        differences.stream().filter(Difference::isReloadable)
            .map(difference -> new Change(difference.key(), difference.before(), difference.after())).toList(),
        differences.stream().filter(difference -> !difference.isReloadable()).map(Difference::key).toList());
  }

  /** Returns what changes from one configuration to another. */
  public static Reloaded from(KeyhookOptions before, KeyhookOptions after) {
    return of(Difference.between(before, after));
  }

  /** Returns the same without changes that the process has not taken over. */
  public Reloaded without(Set<String> keys) {
    return new Reloaded(changed.stream().filter(change -> !keys.contains(change.key())).toList(), afterRestart);
  }
}
