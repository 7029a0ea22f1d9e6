package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.Map;

/** Requests about policies, from which licenses take their terms, and their responses. */
public interface Policies {
  /** Of a period, in seconds: 50 years. */
  int MAX_SECONDS = 1_577_880_000;
  /** Of an account. */
  int MAX_POLICIES = 1000;
  /** Of a heartbeat, in seconds: last validations are written once a minute. */
  int MIN_HEARTBEAT = 300;

  /** What the duration of a license counts from. */
  enum ExpiryBasis { CREATION, FIRST_ACTIVATION }

  /**
   * What a license gets from its policy.
   *
   * @param durationSeconds until a license expires; null: never
   * @param expiryBasis null: {@code CREATION}
   * @param trial for the seller's information; null: false
   * @param maxActivations null: 1
   * @param graceSeconds after the expiry in which a license stays valid; null: 0
   * @param heartbeatSeconds after which an activation is freed whose device has not validated; null: never
   * @param leaseSeconds for which a signed validation is good offline; null: there are no leases
   * @param entitlements null: none
   */
  record Terms(
      Integer durationSeconds,
      ExpiryBasis expiryBasis,
      Boolean trial,
      Integer maxActivations,
      Integer graceSeconds,
      Integer heartbeatSeconds,
      Integer leaseSeconds,
      Map<String, Object> entitlements) {
    /** Licenses for one device that never expire. */
    public static final Terms NONE = new Terms(null, null, null, null, null, null, null, null);

    public Terms {
      expiryBasis = expiryBasis == null ? ExpiryBasis.CREATION : expiryBasis;
      trial = trial != null && trial;
      maxActivations = maxActivations == null ? 1 : maxActivations;
      graceSeconds = graceSeconds == null ? 0 : graceSeconds;
      Entitlements.checkFinite(entitlements);
      entitlements = entitlements == null ? Map.of() : JsonText.map(JsonText.of(entitlements)); // equal ones have numbers of one type
      Check.that()
          .range("durationSeconds", durationSeconds, 1, MAX_SECONDS)
          .range("maxActivations", maxActivations, 1, Licenses.MAX_ACTIVATIONS)
          .range("graceSeconds", graceSeconds, 0, MAX_SECONDS)
          .range("heartbeatSeconds", heartbeatSeconds, MIN_HEARTBEAT, MAX_SECONDS)
          .range("leaseSeconds", leaseSeconds, 1, MAX_SECONDS)
          .done();
    }
  }

  /**
   * @param productId to which the licenses belong; null: none
   */
  record Create(Caller caller, String name, String productId, Terms terms) {
    public Create {
      terms = terms == null ? Terms.NONE : terms;
      Check.that().name("name", name).done();
      Entitlements.check(terms.entitlements);
      checkProduct(productId);
    }
  }

  /** Changes the present fields and leaves the others. The licenses of the policy change with it. */
  record Update(
      Caller caller,
      String id,
      Field<String> name,
      Field<String> productId,
      Field<Integer> durationSeconds,
      Field<ExpiryBasis> expiryBasis,
      Field<Boolean> trial,
      Field<Integer> maxActivations,
      Field<Integer> graceSeconds,
      Field<Integer> heartbeatSeconds,
      Field<Integer> leaseSeconds,
      Field<Map<String, Object>> entitlements) {
    public Update {
      Check check = Check.that();
      if (name.present()) {
        check.name("name", name.value());
      }
      requireIfPresent(check, "expiryBasis", expiryBasis);
      requireIfPresent(check, "trial", trial);
      requireIfPresent(check, "maxActivations", maxActivations);
      requireIfPresent(check, "graceSeconds", graceSeconds);
      check.done();
      checkProduct(productId.value());
      new Terms(durationSeconds.value(), null, null, maxActivations.value(), graceSeconds.value(), heartbeatSeconds.value(),
          leaseSeconds.value(), null);
      Entitlements.check(entitlements.value());
    }

    private static void requireIfPresent(Check check, String name, Field<?> field) {
      if (field.present()) {
        check.required(name, field.value());
      }
    }

    /** Returns a change without fields, to be extended. */
    public static Update of(Caller caller, String id) {
      return new Update(caller, id, Field.absent(), Field.absent(), Field.absent(), Field.absent(), Field.absent(), Field.absent(),
          Field.absent(), Field.absent(), Field.absent(), Field.absent());
    }

    /** Returns a change of everything that licenses get. */
    public Update withTerms(Terms terms) {
      return new Update(caller, id, name, productId, Field.of(terms.durationSeconds), Field.of(terms.expiryBasis),
          Field.of(terms.trial), Field.of(terms.maxActivations), Field.of(terms.graceSeconds), Field.of(terms.heartbeatSeconds),
          Field.of(terms.leaseSeconds), Field.of(terms.entitlements));
    }

    public Update withName(String name) {
      return new Update(caller, id, Field.of(name), productId, durationSeconds, expiryBasis, trial, maxActivations, graceSeconds,
          heartbeatSeconds, leaseSeconds, entitlements);
    }

    /** Returns the terms after the change. */
    public Terms of(Terms before) {
      return new Terms(or(durationSeconds, before.durationSeconds), or(expiryBasis, before.expiryBasis), or(trial, before.trial),
          or(maxActivations, before.maxActivations), or(graceSeconds, before.graceSeconds),
          or(heartbeatSeconds, before.heartbeatSeconds), or(leaseSeconds, before.leaseSeconds),
          or(entitlements, before.entitlements));
    }

    private static <T> T or(Field<T> field, T before) {
      return field.present() ? field.value() : before;
    }

    /** Returns the names of the fields that are present. */
    public java.util.List<String> changed() {
      return Field.present(Map.of("name", name, "productId", productId, "durationSeconds", durationSeconds, "expiryBasis",
          expiryBasis, "trial", trial, "maxActivations", maxActivations, "graceSeconds", graceSeconds, "heartbeatSeconds",
          heartbeatSeconds, "leaseSeconds", leaseSeconds, "entitlements", entitlements));
    }
  }

  record Policy(
      String id, String name, String productId, @JsonUnwrapped Terms terms, Instant createdAt, Instant updatedAt) {}

  record Get(Caller caller, String id) {}

  record List(Caller caller, Page.Request page) {}

  /** Fails with {@link Failure.Conflict} if a license uses the policy. */
  record Delete(Caller caller, String id) {}

  private static void checkProduct(String productId) {
    Check.that().is("productId", productId == null || Id.PRODUCT.fits(productId), "is not the id of a product").done();
  }
}
