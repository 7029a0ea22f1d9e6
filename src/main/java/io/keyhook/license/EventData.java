package io.keyhook.license;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.Activation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Validate;
import java.time.Instant;
import java.util.LinkedHashMap;
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
  private record Validated(
      String licenseId,
      String licenseKey,
      String licenseName,
      String fingerprint,
      String deviceName,
      String deviceType,
      String ipAddress,
      int currentActivations,
      int maxActivations) {}

  private record Activated(
      String licenseId,
      String licenseKey,
      String licenseName,
      String fingerprint,
      String deviceName,
      String deviceType,
      String ipAddress,
      int currentActivations,
      int maxActivations,
      String customerName,
      String customerEmail) {}

  private record Deactivated(
      String licenseId,
      String licenseKey,
      String licenseName,
      String fingerprint,
      String deviceName,
      String deviceType,
      String ipAddress,
      int currentActivations,
      int maxActivations,
      String customerName,
      String customerEmail,
      String deactivatedBy) {}

  private record Expired(
      String licenseId,
      String licenseKey,
      String licenseName,
      String customerName,
      String customerEmail,
      Instant expiresAt,
      int currentActivations,
      int maxActivations) {}

  private record Disabled(
      String licenseId,
      String licenseKey,
      String licenseName,
      String customerName,
      String customerEmail,
      Instant expiresAt,
      int currentActivations,
      int maxActivations,
      Instant disabledAt,
      String disabledBy) {}

  /** The license as it was created. */
  private record Created(
      String licenseId,
      String licenseKey,
      String licenseName,
      String customerName,
      String customerEmail,
      Instant expiresAt,
      int currentActivations,
      int maxActivations,
      Licenses.Status status,
      Map<String, Object> metadata,
      Instant disabledAt,
      String disabledBy,
      Instant createdAt,
      String createdBy,
      long sequence) {}

  /** The license as it is now, and what differs from before. */
  private record Updated(
      String licenseId,
      String licenseKey,
      String licenseName,
      String customerName,
      String customerEmail,
      Instant expiresAt,
      int currentActivations,
      int maxActivations,
      Licenses.Status status,
      Map<String, Object> metadata,
      Map<String, Change> changes,
      Instant updatedAt,
      String updatedBy,
      long sequence) {}

  private record Change(@JsonProperty("old") Object before, @JsonProperty("new") Object after) {}

  private record Enabled(
      String licenseId,
      String licenseKey,
      String licenseName,
      String customerName,
      String customerEmail,
      Instant expiresAt,
      int currentActivations,
      int maxActivations,
      Instant enabledAt,
      String enabledBy,
      long sequence) {}

  private record Deleted(
      String licenseId,
      String licenseKey,
      String licenseName,
      String customerName,
      String customerEmail,
      Instant expiresAt,
      int currentActivations,
      int maxActivations,
      Instant deletedAt,
      String deletedBy,
      long sequence) {}

  private EventData() {}

  static String validated(
      UUID licenseId, String key, String name, Validate request, int currentActivations, int maxActivations) {
    return JsonText.of(new Validated(Id.LICENSE.of(licenseId), key, name, request.fingerprint(), request.deviceName(),
        request.deviceType(), request.ipAddress(), currentActivations, maxActivations));
  }

  static String activated(
      UUID licenseId, String key, String name, Validate request, int currentActivations, int maxActivations,
      String customerName, String customerEmail) {
    return JsonText.of(new Activated(Id.LICENSE.of(licenseId), key, name, request.fingerprint(), request.deviceName(),
        request.deviceType(), request.ipAddress(), currentActivations, maxActivations, customerName, customerEmail));
  }

  /**
   * @param license without the activation
   * @param by null: the device itself
   */
  static String deactivated(License license, Activation activation, String by) {
    return JsonText.of(new Deactivated(license.id(), license.key(), license.name(), activation.fingerprint(),
        activation.deviceName(), activation.deviceType(), activation.ipAddress(), license.currentActivations(),
        license.maxActivations(), license.customerName(), license.customerEmail(), by));
  }

  static String expired(License license) {
    return JsonText.of(new Expired(license.id(), license.key(), license.name(), license.customerName(),
        license.customerEmail(), license.expiresAt(), license.currentActivations(), license.maxActivations()));
  }

  static String disabled(License license) {
    return JsonText.of(new Disabled(license.id(), license.key(), license.name(), license.customerName(),
        license.customerEmail(), license.expiresAt(), license.currentActivations(), license.maxActivations(),
        license.disabledAt(), license.disabledBy()));
  }

  /**
   * @param by a team member or an API key
   */
  static String created(License license, String by) {
    return JsonText.of(new Created(license.id(), license.key(), license.name(), license.customerName(),
        license.customerEmail(), license.expiresAt(), license.currentActivations(), license.maxActivations(),
        license.status(), license.metadata(), license.disabledAt(), license.disabledBy(), license.createdAt(), by,
        license.sequence()));
  }

  /**
   * @param before the license as it was
   * @param by as in {@link #created}
   */
  static String updated(License before, License license, String by) {
    return updated(license, changes(before, license), by);
  }

  private static String updated(License license, Map<String, Change> changes, String by) {
    return JsonText.of(new Updated(license.id(), license.key(), license.name(), license.customerName(),
        license.customerEmail(), license.expiresAt(), license.currentActivations(), license.maxActivations(),
        license.status(), license.metadata(), changes, license.updatedAt(), by, license.sequence()));
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
    return JsonText.of(new Enabled(license.id(), license.key(), license.name(), license.customerName(),
        license.customerEmail(), license.expiresAt(), license.currentActivations(), license.maxActivations(),
        license.updatedAt(), by, license.sequence()));
  }

  /**
   * @param license as it was: the deletion has the next number
   * @param by as in {@link #created}
   */
  static String deleted(License license, Instant at, String by) {
    return JsonText.of(new Deleted(license.id(), license.key(), license.name(), license.customerName(),
        license.customerEmail(), license.expiresAt(), license.currentActivations(), license.maxActivations(), at, by,
        license.sequence() + 1));
  }
}
