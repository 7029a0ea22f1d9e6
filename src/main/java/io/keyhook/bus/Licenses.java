package io.keyhook.bus;

import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;

/** Requests about licenses and their activations, and what is answered. */
public interface Licenses {
  int MAX_ACTIVATIONS = 1_000_000;
  int METADATA = 8192;
  int KEY_MIN = 16;
  int KEY_MAX = 128;

  enum Status { ACTIVE, DISABLED, EXPIRED }

  /**
   * @param key null: one is generated
   * @param maxActivations null: 1
   * @param expiresAt null: never
   * @param metadata the seller's own; null: none
   */
  record Create(
      Caller caller,
      String name,
      String key,
      Integer maxActivations,
      Instant expiresAt,
      String customerName,
      String customerEmail,
      Map<String, Object> metadata) {
    private static final Pattern KEY_FORM = Pattern.compile("[\\x21-\\x7e]*");

    public Create {
      key = key == null ? null : key.strip();
      maxActivations = maxActivations == null ? 1 : maxActivations;
      Check.that().name("name", name)
          .is("key", key == null || key.length() >= KEY_MIN && key.length() <= KEY_MAX,
              "is not " + KEY_MIN + " to " + KEY_MAX + " characters long")
          .is("key", key == null || KEY_FORM.matcher(key).matches(), "may hold ASCII letters, digits and punctuation only")
          .range("maxActivations", maxActivations, 1, MAX_ACTIVATIONS)
          .text("customerName", customerName, Check.NAME)
          .email("customerEmail", customerEmail)
          .done();
      checkMetadata(metadata);
    }
  }

  record Update(
      Caller caller,
      String id,
      Field<String> name,
      Field<Integer> maxActivations,
      Field<Instant> expiresAt,
      Field<String> customerName,
      Field<String> customerEmail,
      Field<Map<String, Object>> metadata) {
    public Update {
      Check check = Check.that();
      if (name.present()) {
        check.name("name", name.value());
      }
      if (maxActivations.present()) {
        check.required("maxActivations", maxActivations.value());
      }
      check.range("maxActivations", maxActivations.value(), 1, MAX_ACTIVATIONS)
          .text("customerName", customerName.value(), Check.NAME)
          .email("customerEmail", customerEmail.value())
          .done();
      checkMetadata(metadata.value());
    }

    /** Names of the fields that it gives. */
    public java.util.List<String> changed() {
      return Field.present(Map.of("name", name, "maxActivations", maxActivations, "expiresAt", expiresAt,
          "customerName", customerName, "customerEmail", customerEmail, "metadata", metadata));
    }
  }

  record License(
      String id,
      String key,
      String name,
      Status status,
      int maxActivations,
      int currentActivations,
      Instant expiresAt,
      String customerName,
      String customerEmail,
      Map<String, Object> metadata,
      Instant disabledAt,
      String disabledBy,
      Instant createdAt,
      Instant updatedAt) {}

  record Get(Caller caller, String id) {}

  /**
   * @param search part of a name, key, customer's name or e-mail, in any case; null: all
   * @param status null: any
   */
  record List(Caller caller, String search, Status status, Page.Request page) {
    public List {
      Check.that().text("search", search, Check.NAME).done();
    }
  }

  record Delete(Caller caller, String id) {}

  /** Disables or enables; asked for what is so already, it changes and raises nothing. */
  record SetDisabled(Caller caller, String id, boolean disabled) {}

  record Activation(
      String id,
      String fingerprint,
      String deviceName,
      String deviceType,
      String ipAddress,
      Instant activatedAt,
      Instant lastSeenAt) {}

  record ListActivations(Caller caller, String licenseId, Page.Request page) {}

  record DeleteActivation(Caller caller, String licenseId, String id) {}

  /**
   * May this device use this license?
   *
   * @param deviceName null: not told
   * @param ipAddress null: not known
   */
  record Validate(String licenseKey, String fingerprint, String deviceName, String deviceType, String ipAddress) {
    public Validate {
      Check.that()
          .required("licenseKey", licenseKey).text("licenseKey", licenseKey, KEY_MAX)
          .is("licenseKey", licenseKey == null || !licenseKey.isBlank(), "is blank")
          .required("fingerprint", fingerprint).text("fingerprint", fingerprint, Check.FINGERPRINT)
          .is("fingerprint", fingerprint == null || !fingerprint.isBlank(), "is blank")
          .text("deviceName", deviceName, Check.NAME)
          .text("deviceType", deviceType, Check.NAME)
          .text("ipAddress", ipAddress, Check.NAME)
          .done();
    }
  }

  sealed interface Validation {
    /**
     * @param expiresAt null: never
     */
    record Valid(String name, Instant expiresAt, int currentActivations, int maxActivations) implements Validation {}

    enum Refused implements Validation {
      LICENSE_NOT_FOUND("License not found"),
      LICENSE_DISABLED("License is disabled"),
      LICENSE_EXPIRED("License has expired"),
      MAX_ACTIVATIONS_REACHED("Maximum activations reached");

      private final String error;

      Refused(String error) {
        this.error = error;
      }

      public String error() {
        return error;
      }
    }
  }

  private static void checkMetadata(Map<String, Object> metadata) {
    if (metadata != null) {
      Check.that()
          .is("metadata", JsonText.of(metadata).length() <= METADATA, "is larger than " + METADATA + " characters as JSON")
          .texts("metadata", metadata)
          .done();
    }
  }
}
