package io.keyhook.alert;

import io.keyhook.alert.AlertSettingStore.Stored;
import io.keyhook.bus.Alerts.Outcome;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.fair.Turns;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.ext.mail.LoginOption;
import io.vertx.ext.mail.MailClient;
import io.vertx.ext.mail.MailConfig;
import io.vertx.ext.mail.MailMessage;
import io.vertx.ext.mail.StartTLSOptions;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends mail by SMTP to the e-mail with which a team member logs in: alerts, and links for new passwords. A mail that was begun cannot be taken back: it waits for a
 * connection before its time starts, and then has long enough for a slow server, so that it is not sent again while it still goes
 * out. Belongs to one event loop.
 */
final class MailChannel implements Channel {
  static final String NAME = "mail";

  private static final Logger log = LoggerFactory.getLogger(MailChannel.class);
  private static final int MAX_CONNECTIONS = 4;
  /** Mails beyond those of {@link AlertSender}: tests, and links for new passwords. */
  private static final int MAX_WAITING = 20;
  private static final Duration CONNECT = Duration.ofSeconds(15);
  /** Of a server that is silent. Some look at a mail for long before they accept it; RFC 5321 tells clients to be patient then. */
  private static final Duration IDLE = Duration.ofMinutes(2);
  private static final Duration TIMEOUT = Duration.ofMinutes(4);
  private static final Duration WAIT = Duration.ofSeconds(30);

  private final Vertx vertx;
  private final Function<MailMessage, Future<?>> client;
  private final Runnable closing;
  private final String from;
  /** Mails that wait for a connection, those of accounts in turns. */
  private final Turns<UUID, Promise<Void>> waiting = new Turns<>(MAX_WAITING);
  private int underWay;

  /**
   * @param client sends a mail, and ends when it has left or cannot leave any more
   * @param closing closes its connections
   */
  MailChannel(Vertx vertx, Function<MailMessage, Future<?>> client, Runnable closing, String from) {
    this.vertx = vertx;
    this.client = client;
    this.closing = closing;
    this.from = from;
  }

  /**
   * A channel by these settings, which are complete.
   *
   * @param host of the server
   */
  static MailChannel of(Vertx vertx, String host, KeyhookOptions.Mail options) {
    boolean login = options.user().isPresent();
    MailConfig config = new MailConfig().setHostname(host).setPort(options.port())
        .setSsl(options.tls() == KeyhookOptions.Mail.Tls.TLS)
        .setStarttls(options.tls() == KeyhookOptions.Mail.Tls.STARTTLS ? StartTLSOptions.REQUIRED : StartTLSOptions.DISABLED)
        .setLogin(login ? LoginOption.REQUIRED : LoginOption.DISABLED)
        .setMaxPoolSize(MAX_CONNECTIONS).setKeepAlive(false);
    config.setConnectTimeout((int) CONNECT.toMillis());
    config.setIdleTimeout((int) IDLE.toSeconds()).setIdleTimeoutUnit(TimeUnit.SECONDS);
    config.setHostnameVerificationAlgorithm("HTTPS"); // RFC 7817: as a web server's certificate is checked
    options.user().ifPresent(config::setUsername);
    options.password().ifPresent(config::setPassword);
    MailClient client = MailClient.create(vertx, config);
    return new MailChannel(vertx, client::sendMail, client::close, options.from().orElseThrow());
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int lanes() {
    return MAX_CONNECTIONS;
  }

  @Override
  public Duration longest() {
    return WAIT.plus(TIMEOUT);
  }

  @Override
  public boolean isOn(Stored settings) {
    return settings.mail();
  }

  @Override
  public Future<Outcome> send(UUID accountId, UUID userId, Stored settings, AlertText text) {
    return send(accountId, settings.email(), text.subject(), text.mail());
  }

  /** Sends any mail, as {@link #send(UUID, UUID, Stored, AlertText)} does. */
  Future<Outcome> send(UUID accountId, String to, String subject, String text) {
    MailMessage mail = new MailMessage().setFrom(from).setTo(to).setSubject(subject).setText(text)
        .addHeader("Auto-Submitted", "auto-generated"); // RFC 3834: no out-of-office answers
    return turn(accountId).compose(mine -> transmit(mail)).map(Outcome.SENT).otherwise(e -> {
      log.warn("Could not send a mail: {}", e.getMessage());
      return Outcome.failed("The mail server did not accept the message. Contact your administrator, who finds the reason in the log");
    });
  }

  /** Succeeds when a connection is the caller's, to be given back by {@link #over}. */
  private Future<Void> turn(UUID accountId) {
    if (underWay < MAX_CONNECTIONS) {
      underWay++;
      return Future.succeededFuture();
    }
    Promise<Void> turn = Promise.promise();
    if (!waiting.add(accountId, turn)) {
      return Future.failedFuture("too many mails wait for a connection to the mail server");
    }
    long timer = vertx.setTimer(WAIT.toMillis(), t ->
        turn.tryFail("no connection to the mail server was free for " + WAIT.toSeconds() + " s"));
    return turn.future().onComplete(done -> vertx.cancelTimer(timer));
  }

  /** Keeps the connection until the mail has ended, also after its time. */
  private Future<?> transmit(MailMessage mail) {
    return client.apply(mail).onComplete(done -> over()).timeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void over() {
    for (Promise<Void> next; (next = waiting.poll()) != null; ) {
      if (next.tryComplete()) {
        return; // has the connection now
      }
    }
    underWay--;
  }

  @Override
  public void close() {
    closing.run();
  }
}
