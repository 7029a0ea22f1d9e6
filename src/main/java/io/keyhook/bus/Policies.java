package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.HashMap;
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

  /** A change of the terms whose fields are present. */
  record TermsChange(
      Field<Integer> durationSeconds,
      Field<ExpiryBasis> expiryBasis,
      Field<Boolean> trial,
      Field<Integer> maxActivations,
      Field<Integer> graceSeconds,
      Field<Integer> heartbeatSeconds,
      Field<Integer> leaseSeconds,
      Field<Map<String, Object>> entitlements) {
    /** Changes nothing. */
    public static final TermsChange NONE = new TermsChange(Field.absent(), Field.absent(), Field.absent(), Field.absent(),
        Field.absent(), Field.absent(), Field.absent(), Field.absent());

    public TermsChange {
      Check.that().kept("expiryBasis", expiryBasis).kept("trial", trial).kept("maxActivations", maxActivations)
          .kept("graceSeconds", graceSeconds).done();
      new Terms(durationSeconds.value(), null, null, maxActivations.value(), graceSeconds.value(), heartbeatSeconds.value(),
          leaseSeconds.value(), null);
      Entitlements.check(entitlements.value());
    }

    /** Returns a change of everything that licenses get. */
    public static TermsChange to(Terms terms) {
      return new TermsChange(Field.of(terms.durationSeconds), Field.of(terms.expiryBasis), Field.of(terms.trial),
          Field.of(terms.maxActivations), Field.of(terms.graceSeconds), Field.of(terms.heartbeatSeconds),
          Field.of(terms.leaseSeconds), Field.of(terms.entitlements));
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

    private Map<String, Field<?>> fields() {
      return Map.of("durationSeconds", durationSeconds, "expiryBasis", expiryBasis, "trial", trial, "maxActivations", maxActivations,
          "graceSeconds", graceSeconds, "heartbeatSeconds", heartbeatSeconds, "leaseSeconds", leaseSeconds, "entitlements",
          entitlements);
    }
  }

  /** Changes the present fields and leaves the others. The licenses of the policy change with it. */
  record Update(Caller caller, String id, Field<String> name, Field<String> productId, TermsChange terms) {
    public Update {
      terms = terms == null ? TermsChange.NONE : terms;
      Check.that().name("name", name).done();
      checkProduct(productId.value());
    }

    /** Returns a change without fields, to be extended. */
    public static Update of(Caller caller, String id) {
      return new Update(caller, id, Field.absent(), Field.absent(), TermsChange.NONE);
    }

    /** Returns a change of everything that licenses get. */
    public Update withTerms(Terms terms) {
      return new Update(caller, id, name, productId, TermsChange.to(terms));
    }

    public Update withName(String name) {
      return new Update(caller, id, Field.of(name), productId, terms);
    }

    /** Returns the policy after the change. */
    public Policy of(Policy before) {
      return new Policy(before.id, name.present() ? name.value() : before.name,
          productId.present() ? productId.value() : before.productId, terms.of(before.terms), before.createdAt, before.updatedAt);
    }

    /** Returns the names of the fields that are present. */
    public java.util.List<String> changed() {
      Map<String, Field<?>> fields = new HashMap<>(terms.fields());
      fields.putAll(Map.of("name", name, "productId", productId));
      return Field.present(fields);
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
