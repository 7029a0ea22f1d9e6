package io.keyhook.license;

import io.keyhook.bus.Licenses.Activation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Status;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Id;
import io.keyhook.bus.Info;
import io.keyhook.bus.Page;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.event.Raised;
import io.keyhook.event.Subscription;
import io.keyhook.event.WebhookEvents;
import io.keyhook.event.WebhookEvents.Attempts;
import io.keyhook.event.WebhookEvents.Subject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The {@code data} of each event with made-up values, for tests of webhooks. */
public final class EventSamples {
  private static final UUID LICENSE_ID = UUID.fromString("01942c6e-2d10-7000-8000-000000000001");
  private static final UUID DELIVERY_ID = UUID.fromString("01942c6e-2d10-7000-8000-000000000002");
  private static final UUID ACTIVATION_ID = UUID.fromString("01942c6e-2d10-7000-8000-000000000003");
  private static final UUID POLICY_ID = UUID.fromString("01942c6e-2d10-7000-8000-000000000005");
  private static final UUID PRODUCT_ID = UUID.fromString("01942c6e-2d10-7000-8000-000000000006");
  private static final Subject WEBHOOK = new Subject(
      new EndpointId(DELIVERY_ID, UUID.fromString("01942c6e-2d10-7000-8000-000000000004")), "https://hooks.example.com/keyhook", "Billing");
  private static final String KEY = "ABCD-1234-EFGH-5678";
  private static final String NAME = "Sample License";
  private static final String CUSTOMER = "Sample Customer";
  private static final String EMAIL = "customer@example.com";
  private static final long SEQUENCE = 3;
  private static final Validate REQUEST = new Validate(KEY, "sample-device", "MacBook Pro", "desktop", "198.51.100.7");

  private EventSamples() {}

  /** Every type that a webhook may subscribe to, with what would be sent. */
  public static Page<Info.EventType> all(Instant now) {
    return new Page<>(EventType.subscribable().stream().map(type -> new Info.EventType(type.wireName(), type.description(),
        new Info.Example(type.wireName(), now, Id.DELIVERY.of(DELIVERY_ID), data(type, now)))).toList(), null);
  }

  /**
   * @param sequenced whether the webhook knows sequence numbers
   * @throws IllegalArgumentException not a type that a webhook may subscribe to
   */
  public static String data(EventType type, Instant now, boolean sequenced) {
    return new Raised(LICENSE_ID, type, data(type, now), Subscription.OLDER.types().contains(type) ? SEQUENCE : null)
        .dataFor(sequenced);
  }

  private static String data(EventType type, Instant now) {
    return switch (type) {
      case LICENSE_VALIDATED -> EventData.validated(LICENSE_ID, KEY, NAME, REQUEST, 1, 5);
      case LICENSE_ACTIVATED -> EventData.activated(LICENSE_ID, KEY, NAME, REQUEST, 1, 5, CUSTOMER, EMAIL);
      case LICENSE_EXPIRED -> EventData.expired(license(Status.EXPIRED, now, now.minusSeconds(1)));
      case LICENSE_DISABLED -> EventData.disabled(license(Status.DISABLED, now, now.plus(Duration.ofDays(365))));
      case LICENSE_DEACTIVATED -> EventData.deactivated(license(Status.ACTIVE, now, null), new Activation(
          Id.ACTIVATION.of(ACTIVATION_ID), REQUEST.fingerprint(), REQUEST.deviceName(), REQUEST.deviceType(),
          REQUEST.ipAddress(), now.minus(Duration.ofDays(30)), now), null);
      case LICENSE_CREATED -> EventData.created(license(Status.ACTIVE, now, now.plus(Duration.ofDays(365))), EMAIL);
      case LICENSE_UPDATED -> EventData.updated(license(Status.ACTIVE, now, now.plus(Duration.ofDays(30))),
          license(Status.ACTIVE, now, now.plus(Duration.ofDays(365))), EMAIL);
      case LICENSE_ENABLED -> EventData.enabled(license(Status.ACTIVE, now, now.plus(Duration.ofDays(365))), EMAIL);
      case LICENSE_DELETED -> EventData.deleted(license(Status.ACTIVE, now, now.plus(Duration.ofDays(365))), now, EMAIL);
      case LICENSE_EXPIRING -> EventData.expiring(license(Status.ACTIVE, now, now.plus(Duration.ofDays(7))), 7);
      case WEBHOOK_FAILING -> WebhookEvents.failing(WEBHOOK, new Attempts(1, 503, null, now.minus(Duration.ofHours(1)), now)).data();
      case WEBHOOK_RECOVERED -> WebhookEvents.recovered(WEBHOOK, now.minus(Duration.ofHours(1)),
          new Attempts(0, null, null, now, now.minus(Duration.ofMinutes(30)))).data();
      case WEBHOOK_DEACTIVATED -> WebhookEvents.deactivated(WEBHOOK, "Every attempt of the last five days failed", now).data();
      case WEBHOOK_TEST -> throw new IllegalArgumentException(type.wireName());
    };
  }

  private static License license(Status status, Instant now, Instant expiresAt) {
    boolean disabled = status == Status.DISABLED;
    return new License(Id.LICENSE.of(LICENSE_ID), KEY, NAME, status, 5, 1, expiresAt, CUSTOMER, EMAIL, Map.of(),
        disabled ? now : null, disabled ? EMAIL : null, now.minus(Duration.ofDays(365)), now, SEQUENCE, Id.POLICY.of(POLICY_ID),
        Id.PRODUCT.of(PRODUCT_ID), 86_400, Map.of("projects", 25), List.of("expiresAt"), 604_800, null);
  }
}
