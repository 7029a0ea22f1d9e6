package io.keyhook.event;

import io.keyhook.bus.Check;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The events that a webhook receives.
 *
 * @param types in the order in which they were given. With {@code allLicenseEvents}, those that statements compare by code and
 *     nodes of the version before know
 * @param allLicenseEvents all that happens to licenses, including types that later versions add; then {@code types} has beside
 *     those of nodes of the version before the ones about webhooks
 */
public record Subscription(Set<EventType> types, boolean allLicenseEvents) {
  /** Stands for all types of events about licenses. Those about webhooks are named beside it. */
  public static final String ALL_LICENSE_EVENTS = "license.*";

  /** The types that are older than sequence numbers: what a subscriber receives who names none. */
  public static final Subscription OLDER = new Subscription(new LinkedHashSet<>(EventType.BEFORE_SEQUENCES), false);

  private static final int NAMED_UNKNOWN = 5;
  private static final int LONGEST_NAMED = 50;

  /**
   * The subscription to these types, each once. {@value #ALL_LICENSE_EVENTS} covers all others about licenses.
   *
   * @throws io.keyhook.bus.FailureException none is named, or one that there is not
   */
  public static Subscription of(Collection<String> names) {
    Set<EventType> types = new LinkedHashSet<>();
    List<String> unknown = new ArrayList<>();
    boolean all = names.contains(ALL_LICENSE_EVENTS);
    for (String name : names) {
      if (!ALL_LICENSE_EVENTS.equals(name)) {
        EventType.named(name).filter(EventType.subscribable()::contains).ifPresentOrElse(types::add, () -> unknown.add(name));
      }
    }
    String known = EventType.subscribable().stream().map(EventType::wireName).collect(Collectors.joining(", "))
        + ", and " + ALL_LICENSE_EVENTS + " for all of those about licenses";
    Check.that()
        .is("events", unknown.isEmpty(), "contains unknown types: " + String.join(", ", unknown.stream().limit(NAMED_UNKNOWN)
            .map(name -> name.length() > LONGEST_NAMED ? name.substring(0, LONGEST_NAMED) + "..." : name).toList())
            + "; choose from " + known)
        .is("events", !names.isEmpty(), "is empty; choose from " + known)
        .done();
    if (all) {
      types.retainAll(EventType.WEBHOOK_EVENTS);
      types.addAll(EventType.BEFORE_SEQUENCES);
    }
    return new Subscription(types, all);
  }

  /**
   * The subscription as it is stored. A node of the version before changes the types alone: with other types than the ones of
   * {@value #ALL_LICENSE_EVENTS}, it is no longer to all, as {@link DeliveryRowStore#wantsAllLicenseEvents} has it. Types of a later
   * version are left out.
   */
  public static Subscription of(Short[] codes, boolean allLicenseEvents) {
    Set<EventType> types = Arrays.stream(codes).map(EventType::find).flatMap(Optional::stream)
        .collect(Collectors.toCollection(LinkedHashSet::new));
    return new Subscription(types, allLicenseEvents && types.containsAll(EventType.BEFORE_SEQUENCES)
        && EventType.WITHOUT_SEQUENCES.containsAll(types));
  }

  public Short[] codes() {
    return types.stream().map(EventType::code).toArray(Short[]::new);
  }

  /** All types that it has now. */
  public Collection<EventType> covered() {
    return Stream.concat(types.stream(), allLicenseEvents ? EventType.licenseEvents().stream() : Stream.empty()).distinct().toList();
  }

  /**
   * Whether all its events have a sequence number. A webhook that receives only types that are older receives the data that
   * it always did.
   */
  public boolean isSequenced() {
    return allLicenseEvents || !EventType.WITHOUT_SEQUENCES.containsAll(types);
  }

  /** As the API writes it. */
  public List<String> names() {
    return !allLicenseEvents ? types.stream().map(EventType::wireName).toList()
        : Stream.concat(Stream.of(ALL_LICENSE_EVENTS), types.stream().filter(EventType.WEBHOOK_EVENTS::contains)
            .map(EventType::wireName)).toList();
  }
}
