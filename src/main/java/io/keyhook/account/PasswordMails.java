package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Links.MailPasswordReset;
import io.keyhook.bus.Links.Requested;
import io.keyhook.bus.Mails;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Database;
import io.keyhook.db.Hashes;
import io.keyhook.fair.Admission;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mails links to set a new password to users who forgot theirs. Anyone may ask for one, and learns nothing: the answer comes before
 * the user is looked for. A link leaves the other links of its user as they are, so that a stranger cannot end the one that an owner
 * has sent.
 */
final class PasswordMails {
  private static final Logger log = LoggerFactory.getLogger(PasswordMails.class);
  private static final Duration LIFETIME = Duration.ofHours(1);
  /** Mails to one user within the lifetime of a link, from all nodes and whoever asks for them. */
  private static final int MOST = 3;
  private static final String SUBJECT = "Keyhook: Set a new password";

  private final Bus bus;
  private final Database database;
  private final Admission<Object> management;
  private final SecureRandom random;
  private final Optional<URI> dashboard;

  /**
   * @param management admits work on shared connections, by client address
   * @param dashboard what links begin with; empty: no mail is sent
   */
  PasswordMails(Bus bus, Database database, Admission<Object> management, SecureRandom random, Optional<URI> dashboard) {
    this.bus = bus;
    this.database = database;
    this.management = management;
    this.random = random;
    this.dashboard = dashboard;
  }

  boolean isAvailable() {
    return dashboard.isPresent();
  }

  Future<Requested> send(MailPasswordReset request) {
    if (dashboard.isEmpty()) {
      return Future.failedFuture(new Failure.Forbidden("PASSWORD_RESET_DISABLED", "This server does not mail links to set a new password;"
          + " ask an owner of your account or your administrator for one").exception());
    }
    Future<Optional<Mail>> mail = management.run(ClientTenant.of(request.ipAddress()), () -> prepare(request));
    if (mail.failed()) { // refused at once, whoever is asked for
      return Future.failedFuture(mail.cause());
    }
    mail.compose(found -> found.map(this::send).orElseGet(Future::succeededFuture))
        .onFailure(e -> log.warn("Could not mail a link to set a new password: {}", e.getMessage()));
    return Future.succeededFuture(new Requested(LIFETIME.toString()));
  }

  /** A mail to be sent, whose link can be used. */
  private record Mail(Ticket ticket, String to) {}

  /** Returns empty if there is no such user, or enough was mailed to it. */
  private Future<Optional<Mail>> prepare(MailPasswordReset request) {
    return AccountStore.findMember(database.pool(), request.email()).compose(found -> found.isEmpty() || found.get().suspended()
        ? Future.succeededFuture(Optional.empty())
        : database.transaction(tx -> UserStore.lock(tx, found.get().accountId(), found.get().userId())
            .compose(user -> user.isEmpty() ? Future.succeededFuture(Optional.empty())
                : prepare(tx, user.get(), request.ipAddress()))));
  }

  /**
   * @param user locked, so that there are no more links than {@link #MOST}
   */
  private Future<Optional<Mail>> prepare(SqlClient tx, AccountStore.Member user, String ipAddress) {
    UUID accountId = user.accountId();
    String userId = Id.USER.of(user.userId());
    Actor actor = new Actor(user.email(), userId, ipAddress);
    byte[] secret = Ticket.secret(random);
    return LinkStore.countOwn(tx, accountId, user.userId()).compose(open -> open >= MOST ? Future.succeededFuture(Optional.empty())
        : LinkStore.add(tx, user, Hashes.sha256(secret), actor, LIFETIME)
            .compose(made -> AuditStore.write(tx, new Caller(accountId, actor), Action.USER_PASSWORD_RESET_REQUESTED, userId, List.of())
                .map(Optional.of(new Mail(new Ticket(accountId, Id.INVITATION.parse(made.id()), secret), user.email())))));
  }

  /** A link that was not mailed is deleted, so that it does not count. */
  private Future<Void> send(Mail mail) {
    return bus.request(Addresses.SEND_MAIL, new Mails.Send(mail.ticket.accountId(), mail.to, SUBJECT, text(mail.ticket)))
        .recover(e -> LinkStore.use(database.pool(), mail.ticket).transform(deleted -> Future.failedFuture(e)));
  }

  /** Nothing in it is chosen by whoever asks: the address may be a stranger's. */
  private String text(Ticket ticket) {
    return """
        Someone, probably you, asked for a new password for your login to Keyhook. To set one, open this link:

        %s

        The link works once, within an hour. Anyone who has it can set your password, so do not forward this message.

        If you did not ask for a new password, ignore this message. Your password has not changed.
        """.formatted(KeyhookOptions.Mail.page(dashboard.orElseThrow(), "/#/new-password/" + ticket.text()));
  }
}
