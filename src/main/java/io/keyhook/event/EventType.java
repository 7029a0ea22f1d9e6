package io.keyhook.event;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What can happen to a license or a webhook, and the test. The codes are in the database: they are never changed or used again. */
public enum EventType {
  LICENSE_VALIDATED(1, "license.validated", "A validation succeeded, including a device's first"),
  LICENSE_ACTIVATED(2, "license.activated", "A device was activated by its first validation"),
  LICENSE_EXPIRED(3, "license.expired", "A license expired"),
  LICENSE_DISABLED(4, "license.disabled", "A license was disabled"),
  LICENSE_DEACTIVATED(6, "license.deactivated", "A device's activation was removed"),
  LICENSE_CREATED(7, "license.created", "A license was created"),
  LICENSE_UPDATED(8, "license.updated", "Fields of a license changed"),
  LICENSE_ENABLED(9, "license.enabled", "A disabled license was enabled"),
  LICENSE_DELETED(10, "license.deleted", "A license was deleted"),
  LICENSE_EXPIRING(11, "license.expiring", "A license expires soon"),
  WEBHOOK_FAILING(12, "webhook.failing", "A webhook started to fail"),
  WEBHOOK_RECOVERED(13, "webhook.recovered", "A failing webhook succeeded again"),
  WEBHOOK_DEACTIVATED(14, "webhook.deactivated", "Keyhook deactivated a webhook because of its endpoint"),
  /** Sent by the test call only; no webhook subscribes to it. */
  WEBHOOK_TEST(5, "webhook.test", "Someone sent a test event");

  /** The types that are older than sequence numbers and the subscription to all: nodes of the version before know no others. */
  static final List<EventType> BEFORE_SEQUENCES =
      List.of(LICENSE_VALIDATED, LICENSE_ACTIVATED, LICENSE_EXPIRED, LICENSE_DISABLED, LICENSE_DEACTIVATED);

  private static final List<EventType> LICENSE_EVENTS = List.of(LICENSE_VALIDATED, LICENSE_ACTIVATED, LICENSE_EXPIRED,
      LICENSE_DISABLED, LICENSE_DEACTIVATED, LICENSE_CREATED, LICENSE_UPDATED, LICENSE_ENABLED, LICENSE_DELETED, LICENSE_EXPIRING);
  static final List<EventType> WEBHOOK_EVENTS = List.of(WEBHOOK_FAILING, WEBHOOK_RECOVERED, WEBHOOK_DEACTIVATED);
  private static final List<EventType> SUBSCRIBABLE =
      Stream.concat(LICENSE_EVENTS.stream(), WEBHOOK_EVENTS.stream()).toList();
  /** Types whose subscribers know no sequence numbers for that reason alone. */
  static final List<EventType> WITHOUT_SEQUENCES =
      Stream.concat(BEFORE_SEQUENCES.stream(), WEBHOOK_EVENTS.stream()).toList();
  private static final String UNKNOWN = "unknown";
  private static final EventType[] BY_CODE = new EventType[15];

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

  /**
   * Returns the type of a code that this version has written or has asked for.
   *
   * @throws IllegalArgumentException a node of a later version has written it
   */
  public static EventType of(short code) {
    return find(code).orElseThrow(() -> new IllegalArgumentException("A later version has the event type " + code));
  }

  /** Returns the type of any code in the database; empty: a node of a later version has written it. */
  static Optional<EventType> find(short code) {
    return code >= 0 && code < BY_CODE.length ? Optional.ofNullable(BY_CODE[code]) : Optional.empty();
  }

  /** Names the type of any code in the database. One of a later version is {@code unknown} until this node is upgraded, too. */
  public static String wireNameOf(short code) {
    return find(code).map(EventType::wireName).orElse(UNKNOWN);
  }

  public static Optional<EventType> named(String wireName) {
    return Arrays.stream(values()).filter(type -> type.wireName.equals(wireName)).findAny();
  }

  /** Those a webhook may subscribe to. */
  public static List<EventType> subscribable() {
    return SUBSCRIBABLE;
  }

  /** Those of {@value Subscription#ALL_LICENSE_EVENTS}. */
  static List<EventType> licenseEvents() {
    return LICENSE_EVENTS;
  }

  /** The codes of types, as an array literal of SQL. */
  static String codes(Collection<EventType> types) {
    return types.stream().map(type -> Short.toString(type.code)).collect(Collectors.joining(",", "'{", "}'::smallint[]"));
  }
}
