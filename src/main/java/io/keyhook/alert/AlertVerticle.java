package io.keyhook.alert;

import io.github.bucket4j.Bucket;
import io.keyhook.alert.AlertSettingStore.Stored;
import io.keyhook.attempt.Egress;
import io.keyhook.attempt.Sender;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Alerts;
import io.keyhook.bus.Alerts.Outcome;
import io.keyhook.bus.Alerts.Settings;
import io.keyhook.bus.Alerts.TestResult;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Mails;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Keeps what team members want to be alerted about, and sends their alerts and the other mail of the node: one per node. */
public final class AlertVerticle extends VerticleBase {
  /** Connections to one Slack URL. */
  private static final int MAX_IN_FLIGHT = 16;
  /** An e-mail address is not confirmed, so whoever signs up could have strangers sent mail. */
  private static final int TEST_MAILS_A_MINUTE = 20;
  /** For the answer to a test. The message itself may take longer. */
  private static final Duration TEST_WAIT = Duration.ofSeconds(20);

  private final Bus bus;
  private final Database database;
  private final KeyhookOptions options;
  private final TargetPolicy policy;
  private final Egress egress;
  private final Cipher cipher;
  private final MeterRegistry meters;
  private final Bucket testMails = Bucket.builder()
      .addLimit(limit -> limit.capacity(TEST_MAILS_A_MINUTE).refillGreedy(TEST_MAILS_A_MINUTE, Duration.ofMinutes(1))).build();
  private Optional<MailChannel> mail = Optional.empty();
  private Channel slack;
  private List<AlertSender> senders = List.of();

  /**
   * @param policy the targets that Slack URLs may reach
   * @param egress how connections to them leave the node
   * @param cipher seals these URLs
   */
  public AlertVerticle(Bus bus, Database database, KeyhookOptions options, TargetPolicy policy, Egress egress, Cipher cipher,
      MeterRegistry meters) {
    this.bus = bus;
    this.database = database;
    this.options = options;
    this.policy = policy;
    this.egress = egress;
    this.cipher = cipher;
    this.meters = meters;
  }

  @Override
  public Future<?> start() {
    mail = options.mail().host().map(host -> MailChannel.of(vertx, host, options.mail()));
    slack = new SlackChannel(new Sender(vertx, policy, egress, options.delivery().timeout(), MAX_IN_FLIGHT, () -> { }), policy, cipher);
    senders = List.of(new AlertSender(vertx, database, SlackChannel.NAME, Optional.of(slack), options.mail().dashboardUrl(), meters),
        new AlertSender(vertx, database, MailChannel.NAME, mail.map(Channel.class::cast), options.mail().dashboardUrl(), meters));
    bus.answer(Addresses.GET_ALERTS, this::get);
    bus.answer(Addresses.UPDATE_ALERTS, this::update);
    bus.answer(Addresses.TEST_ALERTS, this::test);
    bus.answer(Addresses.SEND_MAIL, this::send);
    senders.forEach(AlertSender::start);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return Future.join(senders.stream().map(AlertSender::stop).toList()).onComplete(done -> {
      slack.close();
      mail.ifPresent(Channel::close);
    });
  }

  private Future<Settings> get(Alerts.Get query) {
    UUID userId = user(query.caller());
    return stored(database.pool(), query.caller(), userId).map(this::settings);
  }

  private Future<Settings> update(Alerts.Update request) {
    Caller caller = request.caller();
    UUID userId = user(caller);
    String url = request.slackUrl().value();
    String host = url == null ? null : checked(url);
    return database.transaction(tx -> AlertSettingStore.lock(tx, caller.accountId())
        .compose(locked -> stored(tx, caller, userId))
        .compose(before -> {
          Stored after = new Stored(before.email(), before.accountName(),
              request.causes().present() ? request.causes().value() : before.causes(),
              request.mail().present() ? request.mail().value() : before.mail(),
              !request.slackUrl().present() ? before.slackUrl() : url == null ? null : cipher.seal(url, caller.accountId(), userId),
              request.slackUrl().present() ? host : before.slackHost());
          return AlertSettingStore.set(tx, caller.accountId(), userId, after)
              .compose(set -> AuditStore.write(tx, caller, Action.ALERTS_UPDATED, Id.USER.of(userId), request.changed()))
              .map(settings(after));
        }));
  }

  /** Returns the host of a URL that the target policy allows. */
  private String checked(String url) {
    try {
      Target target = policy.check(url);
      if (target.isBuiltIn()) {
        throw Check.invalid("slackUrl", "is a URL that takes webhooks only");
      }
      return target.hostHeader();
    } catch (RefusedTargetException e) {
      throw Check.invalid("slackUrl", e.getMessage());
    }
  }

  private Future<TestResult> test(Alerts.Test request) {
    Caller caller = request.caller();
    UUID userId = user(caller);
    return stored(database.pool(), caller, userId).compose(found -> {
      if (!found.mail() && found.slackUrl() == null) {
        throw new Failure.Conflict("NO_ALERT_CHANNEL", "Neither mail nor a Slack URL is set; save one of them first").exception();
      }
      return AuditStore.write(database.pool(), caller, Action.ALERTS_TESTED, Id.USER.of(userId), List.of()).compose(written -> {
        Future<Outcome> mailed = found.mail() ? testMail(caller.accountId(), userId, found) : Future.succeededFuture();
        Future<Outcome> posted = found.slackUrl() != null ? test(slack, caller.accountId(), userId, found) : Future.succeededFuture();
        return Future.all(mailed, posted).map(done -> new TestResult(mailed.result(), posted.result()));
      });
    });
  }

  private Future<Void> send(Mails.Send request) {
    return mail.map(channel -> channel.send(request.accountId(), request.to(), request.subject(), request.text()))
        .orElseGet(() -> Future.succeededFuture(Outcome.failed("This server does not send mail")))
        .map(outcome -> {
          if (!outcome.success()) {
            throw new Failure.Unavailable(outcome.error()).exception();
          }
          return null;
        });
  }

  private Future<Outcome> testMail(UUID accountId, UUID userId, Stored settings) {
    if (mail.isEmpty()) {
      return Future.succeededFuture(Outcome.failed("This server does not send mail. Contact your administrator"));
    }
    return testMails.tryConsume(1) ? test(mail.get(), accountId, userId, settings)
        : Future.succeededFuture(Outcome.failed("This server has sent many test messages by mail in the last minute."
            + " Send the test again in a minute"));
  }

  private static Future<Outcome> test(Channel channel, UUID accountId, UUID userId, Stored settings) {
    return channel.send(accountId, userId, settings, AlertText.test()).timeout(TEST_WAIT.toMillis(), TimeUnit.MILLISECONDS)
        .otherwise(slow -> Outcome.failed("The server did not accept the message within " + TEST_WAIT.toSeconds()
            + " s. The message may still arrive"));
  }

  private static Future<Stored> stored(SqlClient client, Caller caller, UUID userId) {
    return AlertSettingStore.get(client, caller.accountId(), userId).map(found -> found.orElseThrow(Id.USER::notFound));
  }

  private Settings settings(Stored stored) {
    return new Settings(stored.causes(), stored.mail(), stored.email(), mail.isPresent(), stored.slackHost());
  }

  private static UUID user(Caller caller) {
    UUID userId = caller.actor().id(Id.USER);
    if (userId == null) {
      throw new Failure.Forbidden("USER_ONLY", "Alerts are settings of a user; log in with a password to read and change them").exception();
    }
    return userId;
  }
}
