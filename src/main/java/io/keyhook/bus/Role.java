package io.keyhook.bus;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The roles of team members. Each role includes the ones before it. Their names are stored and public, so they never change. */
public enum Role {
  /** Sees everything and changes nothing. */
  READ_ONLY,
  /** Also redelivers, recovers and tests, disables and enables licenses, and removes devices. */
  SUPPORT,
  /** Also creates, changes and deletes everything except team members, API keys and settings of the account. */
  MEMBER,
  /** May do everything. */
  OWNER;

  /** The name in the API and in the database, such as {@code read_only}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The name for people, such as {@code Read-only}. */
  public String title() {
    return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns whether this role may do what another may. */
  public boolean includes(Role other) {
    return compareTo(other) >= 0;
  }

  /**
   * Fails unless this role may do what another may.
   *
   * @throws FailureException with {@link Failure.Forbidden} and the code {@code ROLE_REQUIRED}
   */
  public void require(Role needed) {
    if (!includes(needed)) {
      String enough = Arrays.stream(values()).filter(role -> role.includes(needed)).map(Role::title)
          .collect(Collectors.joining(" or "));
      throw new Failure.Forbidden("ROLE_REQUIRED", "Your role, " + title() + ", does not allow this. You need the role " + enough
          + ", which an owner of the account can give you on the Team page").exception();
    }
  }

  /** Returns empty if there is no role of this name. */
  public static Optional<Role> named(String wireName) {
    return Arrays.stream(values()).filter(role -> role.wireName().equals(wireName)).findAny();
  }

  /** Returns the names of all roles. */
  public static List<String> names() {
    return Arrays.stream(values()).map(Role::wireName).toList();
  }
}
