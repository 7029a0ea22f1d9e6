package io.keyhook.license;

import io.keyhook.bus.Check;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Licenses;
import io.keyhook.license.PolicyStore.Held;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The policies and products that licenses name, held until the transaction ends: products first, as everywhere. */
record References(Map<String, Held> policies, Set<UUID> products) {
  static final String NO_POLICY = "names no policy of this account";
  static final String NO_PRODUCT = "names no product of this account";

  static Future<References> hold(SqlClient tx, UUID accountId, List<Licenses.Create> licenses) {
    return hold(tx, accountId, ids(licenses, LicenseStore::policyId), ids(licenses, LicenseStore::productId));
  }

  static Future<References> hold(SqlClient tx, UUID accountId, Set<UUID> policies, Set<UUID> products) {
    return ProductStore.hold(tx, accountId, products).compose(heldProducts ->
        PolicyStore.hold(tx, accountId, policies).map(heldPolicies -> new References(heldPolicies, heldProducts)));
  }

  private static Set<UUID> ids(List<Licenses.Create> licenses, Function<Licenses.Create, UUID> id) {
    return licenses.stream().map(id).filter(Objects::nonNull).collect(Collectors.toSet());
  }

  /**
   * @param id null: null
   */
  Held policy(String id) {
    return id == null ? null : policies.get(id);
  }

  /** Whether there is the policy that a license names, if it names one. */
  boolean hasPolicy(Licenses.Create license) {
    return license.terms().policyId() == null || policies.containsKey(license.terms().policyId());
  }

  /** Whether there is the product that a license names, if it names one. */
  boolean hasProduct(Licenses.Create license) {
    return license.terms().productId() == null || products.contains(LicenseStore.productId(license));
  }

  /**
   * A license with what it takes from its policy.
   *
   * @throws FailureException it names a policy or a product that there is not
   */
  LicenseStore.New resolve(Licenses.Create license, String key) {
    Check.that().is("policyId", hasPolicy(license), NO_POLICY).is("productId", hasProduct(license), NO_PRODUCT).done();
    return Inheritance.create(license, key, policy(license.terms().policyId()));
  }

  /** A license of a file with what it takes from its policy. */
  LicenseStore.New restore(Licenses.Line line, String key) {
    return Inheritance.restore(line, key, policy(line.license().terms().policyId()));
  }
}
