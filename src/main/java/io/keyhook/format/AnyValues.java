package io.keyhook.format;

import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;

/**
 * Stands for the values of any event: a number where an event has one, and otherwise text that is JSON only between quotes. A template
 * is the same kind of text with these for all events. Any thread.
 */
final class AnyValues extends AbstractMap<String, Object> {
  static final AnyValues ALL = new AnyValues();
  /** The numbers among the fields of all events. */
  static final Set<String> NUMBERS = Set.of("currentActivations", "maxActivations", "daysBefore", "consecutiveFailures", "lastStatusCode",
      "sequence", "heartbeatSeconds", "leaseSeconds");

  private AnyValues() {}

  @Override
  public boolean containsKey(Object name) {
    return true;
  }

  @Override
  public Object get(Object name) {
    return NUMBERS.contains(name) || Values.DATA.equals(name) ? (Object) 1 : this;
  }

  @Override
  public Set<Entry<String, Object>> entrySet() {
    return Set.of(Map.entry("any", "value"));
  }
}
