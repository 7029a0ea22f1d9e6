package io.keyhook.event;

import io.keyhook.bus.Check;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What can happen to a license, and the test. The codes are in the database: they are never changed or used again. */
public enum EventType {
  LICENSE_VALIDATED(1, "license.validated", "A validation succeeded, including a device's first"),
  LICENSE_ACTIVATED(2, "license.activated", "A device was activated by its first validation"),
  LICENSE_EXPIRED(3, "license.expired", "A license expired"),
  LICENSE_DISABLED(4, "license.disabled", "A license was disabled"),
  LICENSE_DEACTIVATED(6, "license.deactivated", "A device's activation was removed"),
  /** Sent by the test call only; no webhook subscribes to it. */
  WEBHOOK_TEST(5, "webhook.test", "Someone sent a test event");

  private static final EventType[] BY_CODE = new EventType[7];

  static {
    for (EventType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final short code;
  private final String wireName;
  private final String description;

  EventType(int code, String wireName, String description) {
    this.code = (short) code;
    this.wireName = wireName;
    this.description = description;
  }

  public short code() {
    return code;
  }

  public String wireName() {
    return wireName;
  }

  /** When it is raised, for people. */
  public String description() {
    return description;
  }

  public static EventType of(short code) {
    return BY_CODE[code];
  }

  public static Optional<EventType> named(String wireName) {
    return Arrays.stream(values()).filter(type -> type.wireName.equals(wireName)).findAny();
  }

  /** Those a webhook may subscribe to. */
  public static List<EventType> subscribable() {
    return List.of(LICENSE_VALIDATED, LICENSE_ACTIVATED, LICENSE_EXPIRED, LICENSE_DISABLED, LICENSE_DEACTIVATED);
  }

  /**
   * The types of a subscription, each once.
   *
   * @throws io.keyhook.bus.FailureException none is named, or one that there is not
   */
  public static Set<EventType> subscription(List<String> names) {
    Set<EventType> types = new LinkedHashSet<>();
    List<String> unknown = new java.util.ArrayList<>();
    for (String name : names) {
      named(name).filter(subscribable()::contains).ifPresentOrElse(types::add, () -> unknown.add(name));
    }
    String known = subscribable().stream().map(EventType::wireName).collect(Collectors.joining(", "));
    Check.that()
        .is("events", unknown.isEmpty(), "contains unknown types: " + String.join(", ", unknown.stream().limit(5)
            .map(name -> name.length() > 50 ? name.substring(0, 50) + "..." : name).toList()) + "; there are " + known)
        .is("events", !names.isEmpty(), "is empty; choose from " + known)
        .done();
    return types;
  }
}
