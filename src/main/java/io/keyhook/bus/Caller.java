package io.keyhook.bus;

import java.util.Objects;
import java.util.UUID;

/**
 * On whose behalf a request is made. Everything that a request reads or changes belongs to this account.
 *
 * @param name who: a user's e-mail, an API key's name, or what an embedding application calls itself
 */
public record Caller(UUID accountId, String name) {
  public Caller {
    Objects.requireNonNull(accountId);
    Objects.requireNonNull(name);
  }

  /**
   * For an application that embeds Keyhook and answers itself for who may do what.
   *
   * @param accountId as {@code acct_...}
   */
  public static Caller application(String accountId, String name) {
    return new Caller(Id.ACCOUNT.parse(accountId), name);
  }
}
