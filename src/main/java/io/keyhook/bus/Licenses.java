package io.keyhook.bus;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Requests about licenses and their activations, and their responses. */
public interface Licenses {
  int MAX_ACTIVATIONS = 1_000_000;
  int METADATA = 8192;
  int KEY_MIN = 16;
  int KEY_MAX = 128;
  /** The maximum length of an entered key, including all ignored characters. */
  int ENTERED_KEY_MAX = 4096;
  /** What is wrong with a productId. */
  String NO_PRODUCT = "is not the id of a product";

  enum Status { ACTIVE, DISABLED, EXPIRED }

  /**
   * What a license states itself.
   *
   * @param maxActivations null: that of the policy; without a policy, 1
   * @param expiresAt to the millisecond: a finer part is dropped; null: by the policy; without a policy, never
   * @param policyId from which the license takes what it does not state; null: none
   * @param productId null: that of the policy
   * @param heartbeatSeconds null: that of the policy
   * @param leaseSeconds null: that of the policy
   * @param entitlements beside those of the policy, before which they come; null: none
   */
  record Terms(
      Integer maxActivations,
      Instant expiresAt,
      String policyId,
      String productId,
      Integer heartbeatSeconds,
      Integer leaseSeconds,
      Map<String, Object> entitlements) {
    /** A license for one device, without expiry. */
    public static final Terms NONE = new Terms(null, null, null, null, null, null, null);

    public Terms {
      maxActivations = maxActivations == null && policyId == null ? Integer.valueOf(1) : maxActivations;
      expiresAt = toMillis(expiresAt);
      Check.that().range(LIMIT, maxActivations, 1, MAX_ACTIVATIONS).done();
      checkPolicy(policyId, productId, heartbeatSeconds, leaseSeconds, entitlements);
    }

    /** Returns terms that are all the policy's. */
    public static Terms of(String policyId) {
      return new Terms(null, null, policyId, null, null, null, null);
    }

    public Terms withMaxActivations(Integer maxActivations) {
      return new Terms(maxActivations, expiresAt, policyId, productId, heartbeatSeconds, leaseSeconds, entitlements);
    }

    public Terms withExpiresAt(Instant expiresAt) {
      return new Terms(maxActivations, expiresAt, policyId, productId, heartbeatSeconds, leaseSeconds, entitlements);
    }

    public Terms withProduct(String productId) {
      return new Terms(maxActivations, expiresAt, policyId, productId, heartbeatSeconds, leaseSeconds, entitlements);
    }

    public Terms withEntitlements(Map<String, Object> entitlements) {
      return new Terms(maxActivations, expiresAt, policyId, productId, heartbeatSeconds, leaseSeconds, entitlements);
    }
  }

  /**
   * @param key null: one is generated
   * @param metadata the seller's data; null: none
   * @param terms null: {@link Terms#NONE}
   */
  record Create(
      Caller caller,
      String name,
      String key,
      String customerName,
      String customerEmail,
      Map<String, Object> metadata,
      Terms terms) {
    private static final Pattern KEY_FORM = Pattern.compile("[\\x21-\\x7e]*+");

    public Create {
      key = key == null ? null : key.strip();
      terms = terms == null ? Terms.NONE : terms;
      Check.that().name("name", name)
          .is("key", key == null || key.length() >= KEY_MIN && key.length() <= KEY_MAX,
              "is not " + KEY_MIN + " to " + KEY_MAX + " characters long")
          .is("key", key == null || KEY_FORM.matcher(key).matches(), "may only contain ASCII letters, digits and punctuation")
          .is("key", key == null || key.chars().anyMatch(c -> c != '-'), "contains only hyphens")
          .text("customerName", customerName, Check.NAME)
          .email("customerEmail", customerEmail)
          .done();
      checkMetadata(metadata);
    }

    /** A license without a policy and a product. */
    public Create(
        Caller caller, String name, String key, Integer maxActivations, Instant expiresAt, String customerName,
        String customerEmail, Map<String, Object> metadata) {
      this(caller, name, key, customerName, customerEmail, metadata,
          Terms.NONE.withMaxActivations(maxActivations).withExpiresAt(expiresAt));
    }

    /** Returns a request for a license for one device, without expiry, with a generated key. */
    public static Create of(Caller caller, String name) {
      return new Create(caller, name, null, null, null, null, Terms.NONE);
    }

    /** Returns a request for a license that takes everything from its policy, with a generated key. */
    public static Create of(Caller caller, String name, String policyId) {
      return of(caller, name).withTerms(Terms.of(policyId));
    }

    public Create withKey(String key) {
      return new Create(caller, name, key, customerName, customerEmail, metadata, terms);
    }

    public Create withTerms(Terms terms) {
      return new Create(caller, name, key, customerName, customerEmail, metadata, terms);
    }

    public Create withMaxActivations(int maxActivations) {
      return withTerms(terms.withMaxActivations(maxActivations));
    }

    public Create withExpiresAt(Instant expiresAt) {
      return withTerms(terms.withExpiresAt(expiresAt));
    }

    /** Either may be null. */
    public Create withCustomer(String name, String email) {
      return new Create(caller, this.name, key, name, email, metadata, terms);
    }

    public Create withMetadata(Map<String, Object> metadata) {
      return new Create(caller, name, key, customerName, customerEmail, metadata, terms);
    }

    public Create withProduct(String productId) {
      return withTerms(terms.withProduct(productId));
    }

    public Create withEntitlements(Map<String, Object> entitlements) {
      return withTerms(terms.withEntitlements(entitlements));
    }
  }

  String LIMIT = "maxActivations";
  String EXPIRY = "expiresAt";
  /** What a license may take from its policy, by the names of the API. */
  Set<String> INHERITABLE = Collections.unmodifiableSet(new LinkedHashSet<>(java.util.List.of(LIMIT, EXPIRY)));

  /**
   * A change of what a license states itself. Assigning another policy lets the license take from it what the same change does not state.
   *
   * @param expiresAt to the millisecond: a finer part is dropped; null: never
   * @param policyId null: none; the license keeps its limit and expiry
   * @param inherited the fields that the license takes from its policy, whatever the change states for them; the others are its own
   */
  record TermsChange(
      Field<Integer> maxActivations,
      Field<Instant> expiresAt,
      Field<String> policyId,
      Field<String> productId,
      Field<Integer> heartbeatSeconds,
      Field<Integer> leaseSeconds,
      Field<Map<String, Object>> entitlements,
      Field<java.util.List<String>> inherited) {
    /** Changes nothing. */
    public static final TermsChange NONE = new TermsChange(Field.absent(), Field.absent(), Field.absent(), Field.absent(),
        Field.absent(), Field.absent(), Field.absent(), Field.absent());

    public TermsChange {
      expiresAt = new Field<>(expiresAt.present(), toMillis(expiresAt.value()));
      Check.that().is(LIMIT, !maxActivations.present() || maxActivations.value() != null,
              "is null; send a value, or leave it out to keep the current one, or to take that of the policy if inherited names it")
          .range(LIMIT, maxActivations.value(), 1, MAX_ACTIVATIONS)
          .kept("inherited", inherited).done();
      checkInherited(inherited.value());
      checkPolicy(policyId.value(), productId.value(), heartbeatSeconds.value(), leaseSeconds.value(), entitlements.value());
    }

    public TermsChange withMaxActivations(Field<Integer> maxActivations) {
      return new TermsChange(maxActivations, expiresAt, policyId, productId, heartbeatSeconds, leaseSeconds, entitlements, inherited);
    }

    public TermsChange withExpiresAt(Field<Instant> expiresAt) {
      return new TermsChange(maxActivations, expiresAt, policyId, productId, heartbeatSeconds, leaseSeconds, entitlements, inherited);
    }

    public TermsChange withPolicy(Field<String> policyId) {
      return new TermsChange(maxActivations, expiresAt, policyId, productId, heartbeatSeconds, leaseSeconds, entitlements, inherited);
    }

    private Map<String, Field<?>> fields() {
      return Map.of(LIMIT, maxActivations, EXPIRY, expiresAt, "policyId", policyId, "productId", productId, "heartbeatSeconds",
          heartbeatSeconds, "leaseSeconds", leaseSeconds, "entitlements", entitlements, "inherited", inherited);
    }
  }

  /** Changes the present fields and leaves the others. */
  record Update(
      Caller caller,
      String id,
      Field<String> name,
      Field<String> customerName,
      Field<String> customerEmail,
      Field<Map<String, Object>> metadata,
      TermsChange terms) {
    public Update {
      terms = terms == null ? TermsChange.NONE : terms;
      Check.that().name("name", name)
          .text("customerName", customerName.value(), Check.NAME)
          .email("customerEmail", customerEmail.value())
          .done();
      checkMetadata(metadata.value());
    }

    /** A change that leaves the policy and the product. */
    public Update(
        Caller caller, String id, Field<String> name, Field<Integer> maxActivations, Field<Instant> expiresAt,
        Field<String> customerName, Field<String> customerEmail, Field<Map<String, Object>> metadata) {
      this(caller, id, name, customerName, customerEmail, metadata,
          TermsChange.NONE.withMaxActivations(maxActivations).withExpiresAt(expiresAt));
    }

    /** Returns a change without fields, to be extended. */
    public static Update of(Caller caller, String id) {
      return new Update(caller, id, Field.absent(), Field.absent(), Field.absent(), Field.absent(), TermsChange.NONE);
    }

    public Update withTerms(TermsChange terms) {
      return new Update(caller, id, name, customerName, customerEmail, metadata, terms);
    }

    public Update withName(String name) {
      return new Update(caller, id, Field.of(name), customerName, customerEmail, metadata, terms);
    }

    public Update withMaxActivations(int maxActivations) {
      return withTerms(terms.withMaxActivations(Field.of(maxActivations)));
    }

    /**
     * @param expiresAt null: never
     */
    public Update withExpiresAt(Instant expiresAt) {
      return withTerms(terms.withExpiresAt(Field.of(expiresAt)));
    }

    /** Null clears either. */
    public Update withCustomer(String name, String email) {
      return new Update(caller, id, this.name, Field.of(name), Field.of(email), metadata, terms);
    }

    /**
     * @param metadata null: none
     */
    public Update withMetadata(Map<String, Object> metadata) {
      return new Update(caller, id, name, customerName, customerEmail, Field.of(metadata), terms);
    }

    /**
     * @param policyId null: none
     */
    public Update withPolicy(String policyId) {
      return withTerms(terms.withPolicy(Field.of(policyId)));
    }

    /** Returns the names of the fields that are present. */
    public java.util.List<String> changed() {
      Map<String, Field<?>> fields = new HashMap<>(terms.fields());
      fields.putAll(Map.of("name", name, "customerName", customerName, "customerEmail", customerEmail, "metadata", metadata));
      return Field.present(fields);
    }
  }

  /**
   * @param maxActivations in force, whether it is the license's own or its policy's
   * @param expiresAt in the same way; null: never, or not before the first activation
   * @param sequence of the latest event that changed it
   * @param policyId null: none
   * @param productId its own; null: that of its policy
   * @param heartbeatSeconds its own; null: that of its policy
   * @param entitlements its own, beside those of its policy
   * @param inherited the fields that it takes from its policy
   * @param leaseSeconds its own; null: that of its policy
   * @param firstActivatedAt null: not yet, or without a policy
   */
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
      Instant updatedAt,
      long sequence,
      String policyId,
      String productId,
      Integer heartbeatSeconds,
      Map<String, Object> entitlements,
      java.util.List<String> inherited,
      Integer leaseSeconds,
      Instant firstActivatedAt) {
    /** Returns whether the license takes a field from its policy. */
    public boolean inherits(String field) {
      return inherited.contains(field);
    }

    /** Returns the license as it was when it counted so many activations, at this sequence number. */
    public License at(int activations, Instant expiresAt, long sequence) {
      return new License(id, key, name, status, maxActivations, activations, expiresAt, customerName, customerEmail, metadata,
          disabledAt, disabledBy, createdAt, updatedAt, sequence, policyId, productId, heartbeatSeconds, entitlements, inherited, leaseSeconds,
          firstActivatedAt);
    }
  }

  record Get(Caller caller, String id) {}

  /** The order of a list, ascending or descending; equal licenses are in the order of their ids. */
  enum Sort {
    CREATED_AT("createdAt"),
    CREATED_AT_DOWN("-createdAt"),
    /** Case-insensitive. */
    NAME("name"),
    NAME_DOWN("-name"),
    /** Licenses without expiry come last. */
    EXPIRES_AT("expiresAt"),
    EXPIRES_AT_DOWN("-expiresAt");

    private static final String NEVER = "infinity";

    private final String wireName;

    Sort(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }

    public boolean isDown() {
      return this == CREATED_AT_DOWN || this == NAME_DOWN || this == EXPIRES_AT_DOWN;
    }

    /** Returns a license's sort key in this order, as text; null: its id. */
    public String key(License license) {
      return switch (this) {
        case CREATED_AT, CREATED_AT_DOWN -> null;
        case NAME, NAME_DOWN -> license.name;
        case EXPIRES_AT, EXPIRES_AT_DOWN -> license.expiresAt == null ? NEVER : license.expiresAt.toString();
      };
    }

    private boolean takes(String key) {
      return switch (this) {
        case CREATED_AT, CREATED_AT_DOWN -> key == null;
        case NAME, NAME_DOWN -> key != null && Check.isText(key, Check.NAME);
        case EXPIRES_AT, EXPIRES_AT_DOWN -> key != null && (key.equals(NEVER) || isTime(key));
      };
    }

    private static boolean isTime(String key) {
      try {
        int year = Instant.parse(key).atOffset(ZoneOffset.UTC).getYear();
        return year >= 1 && year <= 9999;
      } catch (DateTimeException e) {
        return false;
      }
    }
  }

  /**
   * @param search part of a name, key, customer's name or e-mail, case-insensitive, a whole key in any form that a validation
   *     finds, or a part of a generated key, of five characters or more, without its hyphens; null: all
   * @param status null: any
   * @param sort null: newest first
   * @param policyId null: any
   * @param productId of the license or its policy; null: any
   */
  record List(
      Caller caller, String search, Status status, Sort sort, Page.Sorted page, String policyId, String productId) {
    public List {
      checkPolicy(policyId, productId, null, null, null);
      sort = sort == null ? Sort.CREATED_AT_DOWN : sort;
      Page.Position after = page.after();
      Check.that().text("search", search, Check.NAME)
          .is("cursor", after == null || sort.takes(after.key()), "belongs to a list with another sort").done();
    }

    public List(Caller caller, String search, Status status, Sort sort, Page.Sorted page) {
      this(caller, search, status, sort, page, null, null);
    }

    /** Returns a request for the first page of all licenses, newest first. */
    public static List all(Caller caller) {
      return new List(caller, null, null, null, new Page.Sorted(Page.MAX_LIMIT, null));
    }

    /** Returns whether the request searches for a text. */
    public boolean isSearch() {
      return search != null && !search.isBlank();
    }

    /** Returns a request for the page at this cursor. */
    public List next(String cursor) {
      return new List(caller, search, status, sort, new Page.Sorted(page.limit(), cursor), policyId, productId);
    }
  }

  /**
   * Asks for several licenses by their IDs, in this order. Those that do not exist are left out.
   *
   * @param ids 1 to {@value #MAX}
   */
  record GetAll(Caller caller, java.util.List<String> ids) {
    public static final int MAX = 100;

    public GetAll {
      Check.that().required("ids", ids).is("ids", ids == null || !ids.isEmpty() && ids.size() <= MAX, "does not have 1 to " + MAX + " ids")
          .is("ids", ids == null || ids.stream().allMatch(Id.LICENSE::fits), "contains something that is not the id of a license").done();
    }
  }

  int MAX_AT_ONCE = 1000;
  int MAX_LINES = 10_000;

  /**
   * Creates several licenses that differ only in their keys: all, or none.
   *
   * @param count 1 to {@value #MAX_AT_ONCE}
   * @param each the license without a key: each gets its own
   */
  record CreateMany(Caller caller, Integer count, Create each) {
    public CreateMany {
      Check.that().required("count", count).range("count", count, 1, MAX_AT_ONCE).done();
    }
  }

  /**
   * Creates the licenses of a file: all, or none. A license whose {@code expiresAt} has passed is created as expired and
   * raises no event.
   *
   * @param lines at most {@value #MAX_LINES}
   */
  record Import(Caller caller, java.util.List<Line> lines) {
    public Import {
      lines = java.util.List.copyOf(lines);
      Check.that().is("body", lines.size() <= MAX_LINES, "has more than " + MAX_LINES + " licenses").done();
    }
  }

  /**
   * @param number in the file, for error messages
   * @param status {@code DISABLED}: the license is created as disabled, by the caller; this raises no event. {@code EXPIRED}:
   *     its {@code expiresAt} must have passed. {@code ACTIVE}, or null for none: {@code expiresAt} decides, because a license
   *     may have expired since the file was written
   * @param disabledAt when a license that is {@code DISABLED} was disabled, to the millisecond: a finer part is dropped; null,
   *     or in the future: now. With any other status, null
   * @param inherited the fields that the license takes from its policy, whatever it states for them; null: those that it does not state
   * @param createdAt when the license was created, for one that takes its expiry from its policy, which may count from then; null, or in
   *     the future: now
   * @param firstActivatedAt when the license was first activated, from which its policy may count; null: not yet; in the future: now
   */
  record Line(
      int number, Create license, Status status, Instant disabledAt, java.util.List<String> inherited, Instant createdAt,
      Instant firstActivatedAt) {
    public Line {
      disabledAt = toMillis(disabledAt);
      createdAt = toMillis(createdAt);
      firstActivatedAt = toMillis(firstActivatedAt);
      Check.that().is("disabledAt", disabledAt == null || status == Status.DISABLED,
              "is set, but status is not disabled; set status to disabled, or leave disabledAt empty")
          .is("inherited", inherited == null || inherited.isEmpty() || license.terms().policyId() != null,
              "names fields, but the license has no policy; set policyId too, or leave it empty")
          .done();
      checkInherited(inherited);
    }

    public Line(int number, Create license, Status status, Instant disabledAt) {
      this(number, license, status, disabledAt, null, null, null);
    }

    public Line(int number, Create license, Status status) {
      this(number, license, status, null);
    }

    public Line(int number, Create license, boolean disabled) {
      this(number, license, disabled ? Status.DISABLED : null);
    }

    /** Returns whether the license takes a field from its policy that it states like that. */
    public boolean inherits(String field, Object stated) {
      return license.terms().policyId() != null && (inherited == null ? stated == null : inherited.contains(field));
    }

    public boolean disabled() {
      return status == Status.DISABLED;
    }

    /** Returns the name of a cell in an error. */
    public static String field(long number, String column) {
      return "line " + number + ": " + column;
    }
  }

  record Imported(int created) {}

  /** Tests a validation of a device without changing anything or raising an event. */
  record CheckDevice(Caller caller, String id, String fingerprint) {
    public CheckDevice {
      checkFingerprint(Check.that(), fingerprint).done();
    }
  }

  /**
   * @param code why the license is not valid, as in a validation; null: valid
   * @param error the reason for people; null: valid
   * @param knownDevice whether the device is activated
   * @param wouldActivate whether a validation would activate the device
   */
  record Checked(
      boolean valid,
      String code,
      String error,
      boolean knownDevice,
      boolean wouldActivate,
      int currentActivations,
      int maxActivations) {
    /**
     * @param refused null: valid
     */
    public static Checked of(Validation.Refused refused, boolean known, int activations, int maxActivations) {
      boolean valid = refused == null;
      return new Checked(valid, valid ? null : refused.name(), valid ? null : refused.error(), known, valid && !known,
          activations, maxActivations);
    }
  }

  record Delete(Caller caller, String id) {}

  /** Disables or enables a license. If it already has this state, changes nothing and raises no event. */
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
   * Validates a license for a device.
   *
   * @param deviceName null: not given
   * @param ipAddress null: unknown
   * @param productId for which the license must be, unless it is for none; null: for any
   */
  record Validate(
      String licenseKey, String fingerprint, String deviceName, String deviceType, String ipAddress, String productId) {
    public Validate {
      checkFingerprint(Check.that()
          .required("licenseKey", licenseKey).text("licenseKey", licenseKey, ENTERED_KEY_MAX)
          .is("licenseKey", licenseKey == null || !licenseKey.isBlank(), "is blank")
          .is("licenseKey", licenseKey == null || licenseKey.length() <= KEY_MAX || !isLonger(licenseKey),
              "is longer than " + KEY_MAX + " characters"), fingerprint)
          .text("deviceName", deviceName, Check.NAME)
          .text("deviceType", deviceType, Check.NAME)
          .text("ipAddress", ipAddress, Check.NAME)
          .is("productId", productId == null || Id.PRODUCT.fits(productId), NO_PRODUCT)
          .done();
    }

    public Validate(String licenseKey, String fingerprint, String deviceName, String deviceType, String ipAddress) {
      this(licenseKey, fingerprint, deviceName, deviceType, ipAddress, null);
    }

    /** Returns whether the text is longer than any key, but not so long that {@link Check#text} already refuses it. */
    private static boolean isLonger(String key) {
      return Check.isText(key, ENTERED_KEY_MAX) && !Check.isText(LicenseKeys.form(key), KEY_MAX);
    }

    public static Validate of(String licenseKey, String fingerprint) {
      return new Validate(licenseKey, fingerprint, null, null, null);
    }

    /** Either may be null. */
    public Validate withDevice(String name, String type) {
      return new Validate(licenseKey, fingerprint, name, type, ipAddress, productId);
    }

    public Validate withIpAddress(String ipAddress) {
      return new Validate(licenseKey, fingerprint, deviceName, deviceType, ipAddress, productId);
    }

    public Validate withProduct(String productId) {
      return new Validate(licenseKey, fingerprint, deviceName, deviceType, ipAddress, productId);
    }
  }

  sealed interface Validation {
    /**
     * @param expiresAt null: never
     * @param graceUntil when a license that has expired stops being valid; null: it has not expired
     * @param entitlements of the license and its policy; empty: none
     */
    record Valid(
        String name, Instant expiresAt, int currentActivations, int maxActivations, Instant graceUntil,
        Map<String, Object> entitlements) implements Validation {
      public Valid(String name, Instant expiresAt, int currentActivations, int maxActivations) {
        this(name, expiresAt, currentActivations, maxActivations, null, Map.of());
      }
    }

    enum Refused implements Validation {
      LICENSE_NOT_FOUND("License not found"),
      /** An administrator suspended the account of the license. */
      ACCOUNT_SUSPENDED("Account is suspended"),
      LICENSE_DISABLED("License is disabled"),
      LICENSE_EXPIRED("License has expired"),
      MAX_ACTIVATIONS_REACHED("Maximum activations reached"),
      PRODUCT_MISMATCH("License is for another product");

      private final String error;

      Refused(String error) {
        this.error = error;
      }

      public String error() {
        return error;
      }
    }
  }

  /**
   * Validates a license for a device, and signs the result, so that the device can tell that it comes from the seller's account.
   *
   * @param nonce {@value #NONCE_MIN} to {@value #NONCE_MAX} letters, digits, {@code -} and {@code _}, different each time, by which the
   *     device recognizes the result of this very validation; null: none
   * @param lease whether the device asks for a lease: what is signed of a valid license is then good without a network for as long as the
   *     license allows; null: no
   * @param until when a lease ends, but not after the license's expiry; null: when the license's own would
   */
  record ValidateSigned(Validate validate, String nonce, Boolean lease, Instant until) {
    static final int NONCE_MIN = 8;
    static final int NONCE_MAX = 128;
    private static final Pattern NONCE = Pattern.compile("[A-Za-z0-9_-]*+");

    public ValidateSigned {
      Check.that().is("nonce", nonce == null || nonce.length() >= NONCE_MIN && nonce.length() <= NONCE_MAX,
              "is not " + NONCE_MIN + " to " + NONCE_MAX + " characters long")
          .is("nonce", nonce == null || NONCE.matcher(nonce).matches(), "may only contain ASCII letters, digits, - and _")
          .done();
    }

    /** What a device asks for. */
    public ValidateSigned(Validate validate, String nonce, Boolean lease) {
      this(validate, nonce, lease, null);
    }

    /** Returns whether the device asks for a signature. */
    public boolean isAsked() {
      return nonce != null || isLease();
    }

    /** Returns whether the device asks for a lease. */
    public boolean isLease() {
      return Boolean.TRUE.equals(lease);
    }
  }

  /**
   * The result of a validation with what was signed.
   *
   * @param statement a JSON Web Signature in its compact form; null: no account has a license of this key, so no key signs
   */
  record SignedValidation(Validation validation, String statement) {}

  /**
   * Creates a license file for a device without a network, which is activated by it.
   *
   * @param id of the license
   * @param licenseKey as the device has it, which the file names; null: as it was created
   * @param validUntil until when the file is good, but not after the license's expiry; null: until then, or for a year if there is none
   * @param productId for which the license must be, unless it is for none; null: for any
   */
  record CreateFile(
      Caller caller, String id, String licenseKey, String fingerprint, String deviceName, String deviceType, Instant validUntil,
      String productId) {
    private static final int DAYS = 365;

    public CreateFile {
      Instant now = Instant.now();
      validUntil = validUntil == null ? now.plus(DAYS, ChronoUnit.DAYS) : validUntil;
      checkFingerprint(Check.that().text("licenseKey", licenseKey, ENTERED_KEY_MAX)
          .is("licenseKey", licenseKey == null || !licenseKey.isBlank(), "is blank"), fingerprint)
          .text("deviceName", deviceName, Check.NAME).text("deviceType", deviceType, Check.NAME)
          .is("validUntil", validUntil.isAfter(now), "is in the past")
          .is("productId", productId == null || Id.PRODUCT.fits(productId), NO_PRODUCT).done();
    }

    /**
     * Returns the validation that the device cannot make itself.
     *
     * @param key of the license
     * @throws FailureException the device has the key of another license
     */
    public ValidateSigned validation(String key) {
      Check.that().is("licenseKey", licenseKey == null || LicenseKeys.form(licenseKey).equals(LicenseKeys.form(key)),
          "is the key of another license").done();
      return new ValidateSigned(new Validate(licenseKey == null ? key : licenseKey, fingerprint, deviceName, deviceType, null, productId),
          null, true, validUntil);
    }
  }

  /**
   * @param statement as in {@link SignedValidation}, and never null
   */
  record LicenseFile(String statement) {}

  /**
   * Frees the activation of a device, whether the license is valid or not. Repeating it changes nothing.
   *
   * @param ipAddress of the device; null: unknown
   */
  record Deactivate(String licenseKey, String fingerprint, String ipAddress) {
    public Deactivate {
      new Validate(licenseKey, fingerprint, null, null, ipAddress);
    }
  }

  sealed interface Deactivation {
    /**
     * @param wasActivated false: the device was not activated, so that nothing changed
     * @param currentActivations without the device
     */
    record Done(boolean wasActivated, int currentActivations, int maxActivations) implements Deactivation {}

    enum Refused implements Deactivation {
      LICENSE_NOT_FOUND(Validation.Refused.LICENSE_NOT_FOUND),
      ACCOUNT_SUSPENDED(Validation.Refused.ACCOUNT_SUSPENDED);

      private final Validation.Refused same;

      Refused(Validation.Refused same) {
        this.same = same;
      }

      public String error() {
        return same.error();
      }
    }
  }

  private static Check checkFingerprint(Check check, String fingerprint) {
    return check.required("fingerprint", fingerprint).text("fingerprint", fingerprint, Check.FINGERPRINT)
        .is("fingerprint", fingerprint == null || !fingerprint.isBlank(), "is blank");
  }

  /**
   * Returns a time to the millisecond, as the API writes it, so that writing back a value that was read changes nothing.
   *
   * @param time null: null
   */
  private static Instant toMillis(Instant time) {
    return time == null ? null : time.truncatedTo(ChronoUnit.MILLIS);
  }

  private static void checkInherited(java.util.List<String> inherited) {
    Check.that().is("inherited", inherited == null || INHERITABLE.containsAll(inherited),
        "may only contain " + String.join(" and ", INHERITABLE)).done();
  }

  private static void checkPolicy(
      String policyId, String productId, Integer heartbeatSeconds, Integer leaseSeconds, Map<String, Object> entitlements) {
    Check.that()
        .is("policyId", policyId == null || Id.POLICY.fits(policyId), "is not the id of a policy")
        .is("productId", productId == null || Id.PRODUCT.fits(productId), NO_PRODUCT)
        .range("heartbeatSeconds", heartbeatSeconds, Policies.MIN_HEARTBEAT, Policies.MAX_SECONDS)
        .range("leaseSeconds", leaseSeconds, 1, Policies.MAX_SECONDS)
        .done();
    Entitlements.check(entitlements);
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
