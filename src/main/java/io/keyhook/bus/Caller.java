package io.keyhook.bus;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * The account and the author of a request. Everything that the request reads or changes belongs to this account.
 *
 * @param expiresAt when the credential expires; null: never
 * @param claim under which the response is stored; null: it is not stored
 * @param role what the caller may do over HTTP; {@link io.keyhook.KeyhookClient} does not check it, nor the scopes. Changes of the team
 *     and of API keys fail if an actor with a user's ID has a lesser role by then
 * @param scopes of an API key that has not full access; null: no restriction beyond the role
 * @param session of a user who has logged in; null: none
 * @param portal what the caller is confined to who is a customer of the account; null: the caller belongs to the account
 */
public record Caller(UUID accountId, Actor actor, Instant expiresAt, Claim claim, Role role, List<Scope> scopes, UUID session,
    Portals.Grant portal) {
  public Caller {
    Objects.requireNonNull(accountId);
    Objects.requireNonNull(actor);
    Objects.requireNonNull(role);
    scopes = scopes == null ? null : List.copyOf(scopes);
  }

  /** A caller who belongs to the account. */
  public Caller(UUID accountId, Actor actor, Instant expiresAt, Claim claim, Role role, List<Scope> scopes, UUID session) {
    this(accountId, actor, expiresAt, claim, role, scopes, session, null);
  }

  /** A caller who may do everything. */
  public Caller(UUID accountId, Actor actor, Instant expiresAt, Claim claim) {
    this(accountId, actor, expiresAt, claim, Role.OWNER, null, null);
  }

  public Caller(UUID accountId, Actor actor, Instant expiresAt) {
    this(accountId, actor, expiresAt, null);
  }

  public Caller(UUID accountId, Actor actor) {
    this(accountId, actor, null);
  }

  /**
   * Returns a caller for an application that embeds Keyhook and checks permissions itself.
   *
   * @param accountId as {@code acct_...}
   */
  public static Caller application(String accountId, String name) {
    return new Caller(Id.ACCOUNT.parse(accountId), Actor.named(name));
  }

  /**
   * Returns a caller who sees and manages the webhooks of a customer, and nothing else.
   *
   * @param actor the portal link
   */
  public static Caller ofPortal(UUID accountId, Actor actor, Instant expiresAt, Portals.Grant portal) {
    return new Caller(accountId, actor, expiresAt, null, Role.READ_ONLY, null, null, Objects.requireNonNull(portal));
  }

  public String name() {
    return actor.name();
  }

  /** Returns the customer to whose webhooks the caller is confined; null: the caller sees all of the account. */
  public String customer() {
    return portal == null ? null : portal.customer();
  }

  /** Returns whose share it takes to hold what is scarce for long: that of the account, or in a portal of the link. */
  public UUID tenant() {
    return portal == null ? accountId : actor.id(Id.PORTAL_LINK);
  }

  public Caller at(String address) {
    return new Caller(accountId, actor.at(address), expiresAt, claim, role, scopes, session, portal);
  }

  /** Returns the same caller with the response stored under a claim. */
  public Caller with(Claim other) {
    return new Caller(accountId, actor, expiresAt, other, role, scopes, session, portal);
  }

  /** Returns the same caller in another role. */
  public Caller as(Role other) {
    return new Caller(accountId, actor, expiresAt, claim, other, scopes, session, portal);
  }

  /**
   * Returns the same caller with the scopes of an API key.
   *
   * @param others null: no restriction beyond the role
   */
  public Caller within(List<Scope> others) {
    return new Caller(accountId, actor, expiresAt, claim, role, others, session, portal);
  }

  /**
   * Returns the same caller in a session.
   *
   * @param other null: none
   */
  public Caller in(UUID other) {
    return new Caller(accountId, actor, expiresAt, claim, role, scopes, other, portal);
  }
}
