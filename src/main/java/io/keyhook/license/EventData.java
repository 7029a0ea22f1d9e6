package io.keyhook.license;

import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses.Activation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Validate;
import java.time.Instant;
import java.util.UUID;

/** The {@code data} of the events about licenses: their fields are the contract, in this order. */
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
}
