package io.keyhook.bus;

import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/**
 * On whose behalf a request is made, and by whom. Everything that it reads or changes belongs to this account.
 *
 * @param expiresAt when the credential ends; null: not by itself
 * @param claim under which the answer is kept; null: it is not
 */
public record Caller(UUID accountId, Actor actor, Instant expiresAt, Claim claim) {
  public Caller {
    Objects.requireNonNull(accountId);
    Objects.requireNonNull(actor);
  }

  public Caller(UUID accountId, Actor actor, Instant expiresAt) {
    this(accountId, actor, expiresAt, null);
  }

  public Caller(UUID accountId, Actor actor) {
    this(accountId, actor, null);
  }

  /**
   * For an application that embeds Keyhook and answers itself for who may do what.
   *
   * @param accountId as {@code acct_...}
   */
  public static Caller application(String accountId, String name) {
    return new Caller(Id.ACCOUNT.parse(accountId), Actor.named(name));
  }

  public String name() {
    return actor.name();
  }

  public Caller at(String address) {
    return new Caller(accountId, actor.at(address), expiresAt, claim);
  }

  /** The same with the answer kept under a claim. */
  public Caller with(Claim other) {
    return new Caller(accountId, actor, expiresAt, other);
  }
}
