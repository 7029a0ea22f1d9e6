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
      names.add(Licenses.LIMIT);
    }
    if (expiry) {
      names.add(Licenses.EXPIRY);
    }
    return List.copyOf(names);
  }

  /**
   * A license that is created now.
   *
   * @param policy null: none
   */
  static LicenseStore.New create(Licenses.Create license, String key, Held policy) {
    return restore(new Licenses.Line(0, license, null, null), key, policy);
  }

  /**
   * A license of a file.
   *
   * @param policy null: none
   */
  static LicenseStore.New restore(Licenses.Line line, String key, Held policy) {
    Licenses.Terms own = line.license().terms();
    if (policy == null) {
      return new LicenseStore.New(line, key, own.maxActivations(), own.expiresAt(),
          new Taken(false, false, line.firstActivatedAt(), null), null, null);
    }
    Terms terms = policy.policy().terms();
    Taken taken = new Taken(line.inherits(Licenses.LIMIT, own.maxActivations()), line.inherits(Licenses.EXPIRY, own.expiresAt()),
        line.firstActivatedAt(), policy.revision());
    boolean fromCreation = terms.expiryBasis() == ExpiryBasis.CREATION;
    Instant start = fromCreation ? line.createdAt() : line.firstActivatedAt();
    return new LicenseStore.New(line, key,
        taken.limit || own.maxActivations() == null ? terms.maxActivations() : own.maxActivations(),
        taken.expiry ? null : own.expiresAt(), taken,
        taken.expiry && (fromCreation || start != null) ? terms.durationSeconds() : null, start);
  }

  /** Whether a change needs the policies that the license has before and after it. */
  static boolean needsPolicy(Licenses.Update change) {
    return change.terms().policyId().present() || change.terms().inherited().present();
  }

  /** The policy that a license has after a change; null: none. */
  static String policyAfter(License before, Licenses.Update change) {
    return change.terms().policyId().present() ? change.terms().policyId().value() : before.policyId();
  }

  /**
   * A change of a license.
   *
   * @param before in line with its policy, if the change {@linkplain #needsPolicy needs} it
   * @param policy that the license has after the change; null: it has none, or the change does not {@linkplain #needsPolicy need} it
   * @param firstActivatedAt null: not yet
   */
  static Resolved update(License before, Licenses.Update change, Held policy, Instant firstActivatedAt) {
    Licenses.TermsChange terms = change.terms();
    String policyId = policyAfter(before, change);
    if (policyId == null) {
      if (terms.inherited().present() && !terms.inherited().value().isEmpty()) {
        throw Check.invalid("inherited", "names fields, but the license has no policy; set policyId too, or leave it empty");
      }
      return new Resolved(change, Taken.NOTHING);
    }
    boolean assigned = !policyId.equals(before.policyId());
    boolean limit = takes(Licenses.LIMIT, before, terms, assigned, terms.maxActivations(), before.maxActivations());
    boolean expiry = takes(Licenses.EXPIRY, before, terms, assigned, terms.expiresAt(),
        before.expiresAt() == null ? null : before.expiresAt().truncatedTo(ChronoUnit.MILLIS));
    Taken taken = new Taken(limit, expiry, firstActivatedAt, policy == null ? null : policy.revision());
    if (policy == null || !assigned && !terms.inherited().present()) {
      return new Resolved(change, taken);
    }
    Terms given = policy.policy().terms();
    Licenses.TermsChange limited = limit ? terms.withMaxActivations(Field.of(given.maxActivations())) : terms;
    return new Resolved(change.withTerms(expiry
        ? limited.withExpiresAt(Field.of(expiry(given, before.createdAt(), firstActivatedAt))) : limited), taken);
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
      case LEASE -> license.leaseSeconds() == null ? value : null;
      case ENTITLEMENTS -> {
        Map<Object, Object> others = new HashMap<>((Map<?, ?>) value);
        others.keySet().removeAll(license.entitlements().keySet());
        yield others;
      }
      default -> value;
    };
  }

  private static <T> boolean takes(
      String field, License before, Licenses.TermsChange change, boolean assigned, Field<T> stated, T now) {
    return change.inherited().present() ? change.inherited().value().contains(field)
        : assigned ? !stated.present() : before.inherits(field) && !differs(stated, now);
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
