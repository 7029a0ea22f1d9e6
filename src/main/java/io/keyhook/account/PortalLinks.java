package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Info;
import io.keyhook.bus.Portals;
import io.keyhook.bus.Portals.Created;
import io.keyhook.bus.Portals.Opened;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Database;
import io.keyhook.db.Hashes;
import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Links by which a customer of an account sees and manages their own webhooks. A link opens once and becomes a session; each
 * request of the session reads its row, so that revoking the link ends it at once on all nodes.
 */
final class PortalLinks {
  /** Of an account. */
  static final int MOST = 10_000;
  private static final String LICENSE_EVENTS = "license.";
  private static final String ALL_LICENSE_EVENTS = "license.*";

  private final Bus bus;
  private final Database database;
  private final Idempotency idempotency;
  private final Plans plans;
  private final SecureRandom random;
  private final Optional<URI> dashboard;

  /**
   * @param dashboard what links begin with; empty: the seller knows the address
   */
  PortalLinks(Bus bus, Database database, Idempotency idempotency, Plans plans, SecureRandom random, Optional<URI> dashboard) {
    this.bus = bus;
    this.database = database;
    this.idempotency = idempotency;
    this.plans = plans;
    this.random = random;
    this.dashboard = dashboard;
  }

  Future<Created> create(Portals.Create request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    byte[] secret = Ticket.secret(random);
    // a link must not outlast the key or the other issuer's token that creates it; a user's token is renewed
    Instant latest = caller.actor().id(Id.USER) == null ? caller.expiresAt() : null;
    return checkEvents(request.events()).compose(checked -> database.transaction(tx -> Standing.lock(tx, caller)
        .compose(locked -> PlanStore.get(tx, accountId))
        .compose(plan -> {
          plans.checkHasWebhooks(plan);
          return PortalStore.insert(tx, request, Hashes.sha256(secret), latest);
        })
        .compose(made -> PortalStore.count(tx, accountId).compose(count -> {
          if (count > MOST) {
            throw new Failure.Conflict("TOO_MANY_PORTAL_LINKS", "An account can have at most " + MOST
                + " portal links that have not expired; revoke some, or create them for a shorter time").exception();
          }
          return AuditStore.write(tx, caller, Action.PORTAL_LINK_CREATED, made.id(), List.of());
        }).compose(written -> {
          String token = new Ticket(accountId, Id.PORTAL_LINK.parse(made.id()), secret).text();
          String path = "/portal#" + token;
          return idempotency.keep(tx, caller, new Created(made.id(), made.customer(), made.customerFilters(), made.events(),
              made.canManage(), made.maxWebhooks(), made.createdBy(), made.createdAt(), made.expiresAt(), token, path,
              dashboard.map(url -> KeyhookOptions.Mail.page(url, path)).orElse(null)));
        }))));
  }

  /** Fails unless all are about licenses: those about webhooks name webhooks of others. */
  private Future<Void> checkEvents(List<String> events) {
    return events == null ? Future.succeededFuture()
        : bus.request(Addresses.LIST_EVENT_TYPES, new Info.ListEventTypes()).map(types -> {
          List<String> known = Stream.concat(types.data().stream().map(Info.EventType::type).filter(type ->
              type.startsWith(LICENSE_EVENTS)), Stream.of(ALL_LICENSE_EVENTS)).toList();
          Check.that().is("events", !events.isEmpty() && known.containsAll(events) && events.stream().distinct().count() == events.size(),
              "is not a list of different events out of " + known.stream().collect(Collectors.joining(", "))).done();
          return null;
        });
  }

  Future<Void> revoke(Portals.Revoke request) {
    UUID accountId = request.caller().accountId();
    UUID linkId = Id.PORTAL_LINK.parse(request.id());
    return database.transaction(tx -> PortalStore.revoke(tx, accountId, linkId).compose(revoked -> {
      if (!revoked) {
        throw Id.PORTAL_LINK.notFound();
      }
      return AuditStore.write(tx, request.caller(), Action.PORTAL_LINK_REVOKED, request.id(), List.of());
    }));
  }

  Future<Opened> open(Portals.Open request) {
    Optional<Ticket> link = Ticket.parse(request.token());
    return find(database.pool(), link, false).compose(found -> {
      PortalStore.Found there = found.orElseThrow(PortalLinks::over);
      Suspension.check(there.suspended());
      Ticket session = new Ticket(link.get().accountId(), link.get().rowId(), Ticket.secret(random));
      return database.transaction(tx -> PortalStore.open(tx, link.get(), session).compose(opened -> {
        if (!opened) {
          throw over();
        }
        return AuditStore.write(tx, caller(there).at(request.ipAddress()), Action.PORTAL_LINK_OPENED, there.id(), List.of());
      })).map(written -> opened(there, session));
    });
  }

  Future<Opened> resume(Portals.Resume request) {
    return find(database.pool(), Ticket.parse(request.cookie()), true).map(found -> {
      PortalStore.Found there = found.orElseThrow(() -> new Failure.SessionEnded().exception());
      Suspension.check(there.suspended());
      return opened(there, there.ticket());
    });
  }

  /** Ends a session. Succeeds if there is none. */
  Future<Void> end(Portals.End request) {
    return find(database.pool(), Ticket.parse(request.session()), true).compose(found -> found.isEmpty() ? Future.succeededFuture()
        : database.transaction(tx -> {
          PortalStore.Found there = found.get();
          return PortalStore.revoke(tx, there.ticket().accountId(), there.ticket().rowId()).compose(revoked -> revoked
              ? AuditStore.write(tx, caller(there).at(request.ipAddress()), Action.PORTAL_LINK_REVOKED, there.id(), List.of())
              : Future.succeededFuture());
        }));
  }

  /**
   * Finds the caller of a session.
   *
   * @param connections for authentications
   */
  static Future<Caller> authenticate(SqlClient connections, String credential) {
    return find(connections, Ticket.parse(credential.substring(Portals.PREFIX.length())), true).map(found -> {
      PortalStore.Found there = found.orElseThrow(Standing::unauthorized);
      Suspension.check(there.suspended());
      return caller(there);
    });
  }

  private static Future<Optional<PortalStore.Found>> find(SqlClient client, Optional<Ticket> ticket, boolean opened) {
    return ticket.map(parsed -> PortalStore.find(client, parsed, opened)).orElse(Future.succeededFuture(Optional.empty()));
  }

  /** The audit log names the link and its customer. */
  private static Caller caller(PortalStore.Found found) {
    return Caller.ofPortal(found.ticket().accountId(), new Actor("Customer portal: " + found.grant().customer(), found.id(), null),
        found.expiresAt(), found.grant());
  }

  private static Opened opened(PortalStore.Found found, Ticket session) {
    Portals.Grant grant = found.grant();
    Duration lasts = Duration.between(Instant.now(), found.expiresAt());
    return new Opened(new Portals.Session(Portals.PREFIX + session.text(), found.accountName(), grant.customer(), grant.events(),
        grant.canManage(), grant.maxWebhooks(), found.expiresAt()), session.text(), lasts.isNegative() ? Duration.ZERO : lasts);
  }

  private static RuntimeException over() {
    return new Failure.NotFound("This link was opened or revoked, or has expired; ask for a new one").exception();
  }
}
