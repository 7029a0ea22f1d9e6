package io.keyhook.bus;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What an API key may do that has not full access. Their names are stored and public, so they never change. */
public enum Scope {
  /** All calls that change nothing. */
  READ,
  /** All calls about licenses and their devices. */
  LICENSES,
  /** All calls about webhooks, the test endpoint, deliveries, recoveries and statistics. */
  WEBHOOKS;

  /** The name in the API and in the database. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns empty if there is no scope of this name. */
  public static Optional<Scope> named(String wireName) {
    return Arrays.stream(values()).filter(scope -> scope.wireName().equals(wireName)).findAny();
  }

  /** Returns the names of scopes, in the order of their declaration. */
  public static List<String> names(java.util.Collection<Scope> scopes) {
    return scopes.stream().sorted().map(Scope::wireName).toList();
  }
}
