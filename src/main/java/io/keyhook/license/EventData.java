package io.keyhook.license;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.Activation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Validate;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/**
 * The {@code data} of the events about licenses: their fields are the contract, in this order. {@code sequence} numbers the
 * events that change a license, from 1 and without a gap; a validation and an expiry have the number of the latest of them. Types
 * that existed before it get it from {@link io.keyhook.event.Raised#sequence}.
 */
final class EventData {
  /** Who did what no caller did. */
  static final String KEYHOOK = "Keyhook";

  /** A device and its license: the whole of a validation, and the beginning of other events about devices. */
  private record Device(
      String licenseId,
      String licenseKey,
      String licenseName,
      String fingerprint,
      String deviceName,
      String deviceType,
      String ipAddress,
      int currentActivations,
      int maxActivations) {}

  private record Activated(@JsonUnwrapped Device device, String customerName, String customerEmail) {}

  private record Deactivated(
      @JsonUnwrapped Device device, String customerName, String customerEmail, String deactivatedBy) {}

  /** A license: the whole of an expiry, and the beginning of other events about licenses. */
  private record Subject(
      String licenseId,
      String licenseKey,
      String licenseName,
      String customerName,
      String customerEmail,
      Instant expiresAt,
      int currentActivations,
      int maxActivations) {
    static Subject of(License license) {
      return new Subject(license.id(), license.key(), license.name(), license.customerName(), license.customerEmail(),
          license.expiresAt(), license.currentActivations(), license.maxActivations());
    }
  }

  private record Disabled(@JsonUnwrapped Subject license, Instant disabledAt, String disabledBy) {}

  private record Expiring(@JsonUnwrapped Subject license, int daysBefore, @JsonUnwrapped Origin origin, long sequence) {}

  /** The license as it was created. */
  private record Created(
      @JsonUnwrapped Subject license,
      Licenses.Status status,
      Map<String, Object> metadata,
      Instant disabledAt,
      String disabledBy,
      Instant createdAt,
      String createdBy,
      @JsonUnwrapped Origin origin,
      long sequence) {}

  /** Where a license has its terms from. A license that has none of these has no such fields. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  private record Origin(
      String policyId, String productId, Map<String, Object> entitlements, Integer heartbeatSeconds, Integer leaseSeconds,
      List<String> inherited) {
    static Origin of(License license) {
      return new Origin(license.policyId(), license.productId(), license.entitlements(), license.heartbeatSeconds(),
          license.leaseSeconds(), license.inherited());
    }
  }

  /** The license as it is now, and what differs from before. */
  private record Updated(
      @JsonUnwrapped Subject license,
      Licenses.Status status,
      Map<String, Object> metadata,
      Map<String, Change> changes,
      Instant updatedAt,
      String updatedBy,
      @JsonUnwrapped Origin origin,
      long sequence) {}

  record Change(@JsonProperty("old") Object before, @JsonProperty("new") Object after) {}

  private record Enabled(@JsonUnwrapped Subject license, Instant enabledAt, String enabledBy, @JsonUnwrapped Origin origin, long sequence) {}

  private record Deleted(@JsonUnwrapped Subject license, Instant deletedAt, String deletedBy, @JsonUnwrapped Origin origin, long sequence) {}

  private EventData() {}

  static String validated(
      UUID licenseId, String key, String name, Validate request, int currentActivations, int maxActivations) {
    return JsonText.of(device(licenseId, key, name, request, currentActivations, maxActivations));
  }

  static String activated(
      UUID licenseId, String key, String name, Validate request, int currentActivations, int maxActivations,
      String customerName, String customerEmail) {
    return JsonText.of(new Activated(device(licenseId, key, name, request, currentActivations, maxActivations),
        customerName, customerEmail));
  }

  private static Device device(
      UUID licenseId, String key, String name, Validate request, int currentActivations, int maxActivations) {
    return new Device(Id.LICENSE.of(licenseId), key, name, request.fingerprint(), request.deviceName(), request.deviceType(),
        request.ipAddress(), currentActivations, maxActivations);
  }

  /**
   * @param license without the activation
   * @param by null: the device itself
   */
  static String deactivated(License license, Activation activation, String by) {
    return JsonText.of(new Deactivated(new Device(license.id(), license.key(), license.name(), activation.fingerprint(),
        activation.deviceName(), activation.deviceType(), activation.ipAddress(), license.currentActivations(),
        license.maxActivations()), license.customerName(), license.customerEmail(), by));
  }

  static String expired(License license) {
    return JsonText.of(Subject.of(license));
  }

  /**
   * @param daysBefore the expiry
   */
  static String expiring(License license, int daysBefore) {
    return JsonText.of(new Expiring(Subject.of(license), daysBefore, Origin.of(license), license.sequence()));
  }

  static String disabled(License license) {
    return JsonText.of(new Disabled(Subject.of(license), license.disabledAt(), license.disabledBy()));
  }

  /**
   * @param by a team member or an API key
   */
  static String created(License license, String by) {
    return JsonText.of(new Created(Subject.of(license), license.status(), license.metadata(), license.disabledAt(),
        license.disabledBy(), license.createdAt(), by, Origin.of(license), license.sequence()));
  }

  /**
   * @param before the license as it was
   * @param by as in {@link #created}
   */
  static String updated(License before, License license, String by) {
    return updated(before, license, Map.of(), by);
  }

  /**
   * @param ofPolicy what changes for the license with its policy
   */
  static String updated(License before, License license, Map<String, Change> ofPolicy, String by) {
    Map<String, Change> changes = changes(before, license);
    changes.putAll(ofPolicy);
    return updated(license, changes, by);
  }

  private static String updated(License license, Map<String, Change> changes, String by) {
    return JsonText.of(new Updated(Subject.of(license), license.status(), license.metadata(), changes, license.updatedAt(), by,
        Origin.of(license), license.sequence()));
  }

  /**
   * An update that erased the customer. It does not repeat what was erased.
   *
   * @param license without the customer
   * @param by as in {@link #created}
   */
  static String erased(License license, String by) {
    Map<String, Change> changes = new LinkedHashMap<>();
    changes.put("customerName", new Change(null, null));
    changes.put("customerEmail", new Change(null, null));
    return updated(license, changes, by);
  }

  /** What {@link Licenses.Update} can change, by the names of the API. */
  private static Map<String, Change> changes(License before, License after) {
    Map<String, Change> changes = new LinkedHashMap<>();
    change(changes, "name", before, after, License::name);
    change(changes, "maxActivations", before, after, License::maxActivations);
    change(changes, "expiresAt", before, after, License::expiresAt);
    change(changes, "customerName", before, after, License::customerName);
    change(changes, "customerEmail", before, after, License::customerEmail);
    change(changes, "metadata", before, after, License::metadata);
    change(changes, "policyId", before, after, License::policyId);
    change(changes, "productId", before, after, License::productId);
    change(changes, "heartbeatSeconds", before, after, License::heartbeatSeconds);
    change(changes, "leaseSeconds", before, after, License::leaseSeconds);
    change(changes, "entitlements", before, after, License::entitlements);
    change(changes, "inherited", before, after, License::inherited);
    return changes;
  }

  private static void change(
      Map<String, Change> changes, String name, License before, License after, Function<License, Object> field) {
    if (!Objects.equals(field.apply(before), field.apply(after))) {
      changes.put(name, new Change(field.apply(before), field.apply(after)));
    }
  }

  /**
   * @param license enabled
   * @param by as in {@link #created}
   */
  static String enabled(License license, String by) {
    return JsonText.of(new Enabled(Subject.of(license), license.updatedAt(), by, Origin.of(license), license.sequence()));
  }

  private record Compared(UUID productId, UUID policyId, String customerEmail, Map<String, Object> metadata) {}

  /** What the filters of webhooks compare of a license that is deleted. */
  static String compared(License license) {
    return JsonText.of(new Compared(license.productId() == null ? null : Id.PRODUCT.parse(license.productId()),
        license.policyId() == null ? null : Id.POLICY.parse(license.policyId()), license.customerEmail(), license.metadata()));
  }

  /**
   * @param license as it was: the deletion has the next number
   * @param by as in {@link #created}
   */
  static String deleted(License license, Instant at, String by) {
    return JsonText.of(new Deleted(Subject.of(license), at, by, Origin.of(license), license.sequence() + 1));
  }
}
