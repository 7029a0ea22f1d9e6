package io.keyhook.license;

import io.keyhook.bus.Check;
import io.keyhook.bus.Field;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Policies.ExpiryBasis;
import io.keyhook.bus.Policies.Policy;
import io.keyhook.bus.Policies.Terms;
import io.keyhook.license.EventData.Change;
import io.keyhook.license.PolicyStore.Held;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a license takes from its policy: the rules, over values. */
final class Inheritance {
  private static final String LIMIT = "maxActivations";
  private static final String EXPIRY = "expiresAt";
  private static final String OF_POLICY = "policy.";
  private static final String PRODUCT = "productId";
  private static final String HEARTBEAT = "heartbeatSeconds";
  private static final String LEASE = "leaseSeconds";
  private static final String ENTITLEMENTS = "entitlements";

  private Inheritance() {}

  /**
   * What a license takes from its policy after a change.
   *
   * @param firstActivatedAt to be kept with the license; null: as it is
   * @param revision of the policy, if the license is assigned one; null: none
   */
  record Taken(boolean limit, boolean expiry, Instant firstActivatedAt, Integer revision) {
    static final Taken NOTHING = new Taken(false, false, null, null);
  }

  /** A change of a license with the values that it takes from its policy filled in. */
  record Resolved(Licenses.Update change, Taken taken) {}

  /** The names of what a license takes from its policy. */
  static List<String> names(boolean limit, boolean expiry) {
    List<String> names = new ArrayList<>(2);
    if (limit) {
      names.add(LIMIT);
    }
    if (expiry) {
      names.add(EXPIRY);
    }
    return List.copyOf(names);
  }

  /**
   * A license that is created now.
   *
   * @param policy null: none
   */
  static LicenseStore.New create(Licenses.Create license, String key, Held policy) {
    if (policy == null) {
      return new LicenseStore.New(license, key, license.maxActivations(), false, false, null, null);
    }
    Terms terms = policy.policy().terms();
    boolean limit = license.maxActivations() == null;
    boolean expiry = license.expiresAt() == null;
    return new LicenseStore.New(license, key, limit ? terms.maxActivations() : license.maxActivations(), limit, expiry,
        expiry && terms.expiryBasis() == ExpiryBasis.CREATION ? terms.durationSeconds() : null, policy.revision());
  }

  /** Whether a change needs the policies that the license has before and after it. */
  static boolean needsPolicy(Licenses.Update change) {
    return change.policyId().present() || change.inherited().present();
  }

  /** The policy that a license has after a change; null: none. */
  static String policyAfter(License before, Licenses.Update change) {
    return change.policyId().present() ? change.policyId().value() : before.policyId();
  }

  /**
   * A change of a license.
   *
   * @param before in line with its policy, if the change {@linkplain #needsPolicy needs} it
   * @param policy that the license has after the change; null: it has none, or the change does not {@linkplain #needsPolicy need} it
   * @param firstActivatedAt null: not yet
   */
  static Resolved update(License before, Licenses.Update change, Held policy, Instant firstActivatedAt) {
    String policyId = policyAfter(before, change);
    if (policyId == null) {
      if (change.inherited().present() && !change.inherited().value().isEmpty()) {
        throw Check.invalid("inherited", "names fields, but the license has no policy; set policyId too, or leave it empty");
      }
      return new Resolved(change, Taken.NOTHING);
    }
    boolean assigned = !policyId.equals(before.policyId());
    boolean limit = takes(LIMIT, before, change, assigned, differs(change.maxActivations(), before.maxActivations()));
    boolean expiry = takes(EXPIRY, before, change, assigned, differs(change.expiresAt(),
        before.expiresAt() == null ? null : before.expiresAt().truncatedTo(ChronoUnit.MILLIS)));
    boolean anew = policy != null && (assigned || change.inherited().present());
    Licenses.Update filled = new Licenses.Update(change.caller(), change.id(), change.name(),
        limit && anew ? Field.of(policy.policy().terms().maxActivations()) : change.maxActivations(),
        expiry && anew ? Field.of(expiry(policy.policy().terms(), before.createdAt(), firstActivatedAt)) : change.expiresAt(),
        change.customerName(), change.customerEmail(), change.metadata(), change.policyId(), change.productId(),
        change.heartbeatSeconds(), change.entitlements(), change.inherited());
    return new Resolved(filled, new Taken(limit, expiry, firstActivatedAt, policy == null ? null : policy.revision()));
  }

  /** What licenses have of a policy without having it in their own rows, by the names of the API. */
  static Map<String, Object> said(Policy policy) {
    Terms terms = policy.terms();
    Map<String, Object> said = new LinkedHashMap<>();
    said.put(PRODUCT, policy.productId());
    said.put("graceSeconds", terms.graceSeconds());
    said.put(HEARTBEAT, terms.heartbeatSeconds());
    said.put(LEASE, terms.leaseSeconds());
    said.put(ENTITLEMENTS, terms.entitlements());
    return said;
  }

  /**
   * What changes for a license with its policy: not what the license states itself. The names are those of the policy's fields, after
   * {@value #OF_POLICY}, because those of the license's own fields have their own values.
   *
   * @param before what the policy {@linkplain #said said}
   */
  static Map<String, Change> changes(License license, Map<String, Object> before, Map<String, Object> after) {
    Map<String, Change> changes = new LinkedHashMap<>();
    after.forEach((name, value) -> {
      if (!Objects.equals(beside(license, name, before.get(name)), beside(license, name, value))) {
        changes.put(OF_POLICY + name, new Change(before.get(name), value));
      }
    });
    return changes;
  }

  /** The part of a policy's value that is the license's, too. */
  private static Object beside(License license, String name, Object value) {
    return switch (name) {
      case PRODUCT -> license.productId() == null ? value : null;
      case HEARTBEAT -> license.heartbeatSeconds() == null ? value : null;
      case ENTITLEMENTS -> {
        Map<Object, Object> others = new HashMap<>((Map<?, ?>) value);
        others.keySet().removeAll(license.entitlements().keySet());
        yield others;
      }
      default -> value;
    };
  }

  private static boolean takes(String field, License before, Licenses.Update change, boolean assigned, boolean differs) {
    if (change.inherited().present()) {
      return change.inherited().value().contains(field);
    }
    boolean stated = field.equals(LIMIT) ? change.maxActivations().present() : change.expiresAt().present();
    return assigned ? !stated : before.inherits(field) && !differs;
  }

  private static <T> boolean differs(Field<T> field, T before) {
    return field.present() && !Objects.equals(field.value(), before);
  }

  private static Instant expiry(Terms terms, Instant createdAt, Instant firstActivatedAt) {
    Instant start = terms.expiryBasis() == ExpiryBasis.CREATION ? createdAt : firstActivatedAt;
    return start == null || terms.durationSeconds() == null ? null
        : start.truncatedTo(ChronoUnit.MILLIS).plusSeconds(terms.durationSeconds());
  }
}
