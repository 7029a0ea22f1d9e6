package io.keyhook.alert;

import io.keyhook.alert.AlertSettingStore.Stored;
import io.keyhook.bus.Alerts.Outcome;
import io.keyhook.config.KeyhookOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.mail.LoginOption;
import io.vertx.ext.mail.MailClient;
import io.vertx.ext.mail.MailConfig;
import io.vertx.ext.mail.MailMessage;
import io.vertx.ext.mail.StartTLSOptions;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends mail by SMTP to the e-mail with which a team member logs in. */
final class MailChannel implements Channel {
  private static final Logger log = LoggerFactory.getLogger(MailChannel.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  /** Of a server that is silent. The connection of a mail that has timed out ends by it. */
  private static final Duration IDLE = Duration.ofSeconds(15);
  private static final int MAX_CONNECTIONS = 4;

  private final MailClient client;
  private final String from;

  private MailChannel(MailClient client, String from) {
    this.client = client;
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
    config.setConnectTimeout((int) IDLE.toMillis());
    config.setIdleTimeout((int) IDLE.toSeconds()).setIdleTimeoutUnit(TimeUnit.SECONDS);
    config.setHostnameVerificationAlgorithm("HTTPS"); // RFC 7817: as a web server's certificate is checked
    options.user().ifPresent(config::setUsername);
    options.password().ifPresent(config::setPassword);
    return new MailChannel(MailClient.create(vertx, config), options.from().orElseThrow());
  }

  @Override
  public String name() {
    return "mail";
  }

  @Override
  public boolean isOn(Stored settings) {
    return settings.mail();
  }

  @Override
  public Future<Outcome> send(UUID accountId, UUID userId, Stored settings, AlertText text) {
    MailMessage mail = new MailMessage().setFrom(from).setTo(settings.email()).setSubject(text.subject()).setText(text.mail())
        .addHeader("Auto-Submitted", "auto-generated"); // RFC 3834: no out-of-office answers
    return client.sendMail(mail).timeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).map(Outcome.SENT).otherwise(e -> {
      log.warn("Could not send a mail: {}", e.getMessage());
      return Outcome.failed("The mail server did not accept the message. Contact your administrator, who finds the reason in the log");
    });
  }

  @Override
  public void close() {
    client.close();
  }
}
