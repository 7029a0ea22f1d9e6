package io.keyhook.bench;

/** One question that the bench puts to Keyhook. */
public interface Scenario {
  /** As {@code bench.scenarios} names it. */
  String name();

  /**
   * Measures, and says what came out. Leaves no process but those of the lab behind.
   *
   * @throws Exception it could not be measured; a target that was missed is a figure, not an exception
   */
  Section run(Lab lab) throws Exception;
}
