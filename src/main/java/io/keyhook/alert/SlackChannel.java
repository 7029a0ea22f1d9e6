package io.keyhook.alert;

import io.keyhook.alert.AlertSettingStore.Stored;
import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Message;
import io.keyhook.attempt.Sender;
import io.keyhook.bus.Alerts.Outcome;
import io.keyhook.db.Cipher;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Posts messages to incoming webhooks of Slack, and of chats that take the same JSON. URLs are those of tenants, so they are
 * judged and reached as those of webhooks are. Belongs to one event loop.
 */
final class SlackChannel implements Channel {
  static final String NAME = "slack";

  private static final int LANES = 32;
  /** The time of an attempt is 12 s at most. */
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final Sender sender;
  private final TargetPolicy policy;
  private final Cipher cipher;

  SlackChannel(Sender sender, TargetPolicy policy, Cipher cipher) {
    this.sender = sender;
    this.policy = policy;
    this.cipher = cipher;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public Duration longest() {
    return LONGEST;
  }

  @Override
  public boolean isOn(Stored settings) {
    return settings.slackUrl() != null;
  }

  @Override
  public Future<Outcome> send(UUID accountId, UUID userId, Stored settings, AlertText text) {
    Target target;
    try {
      target = policy.check(cipher.open(settings.slackUrl(), accountId, userId));
    } catch (RefusedTargetException e) {
      return Future.succeededFuture(Outcome.failed("The Slack URL is not allowed any more: it " + e.getMessage()));
    } catch (UnreadableSecretException e) {
      return Future.succeededFuture(Outcome.failed(
          "The Slack URL is encrypted with a master key that this server does not have. Enter it again"));
    }
    Buffer body = new JsonObject().put("text", text.slack()).toBuffer();
    return sender.send(new EndpointSettings(accountId, 0, target, null, List.of()),
        new Message(MultiMap.caseInsensitiveMultiMap(), body)).map(SlackChannel::outcome);
  }

  private static Outcome outcome(Attempt attempt) {
    return attempt.succeeded() ? Outcome.SENT : Outcome.failed(attempt.error() == null
        ? "The Slack URL returned HTTP " + attempt.statusCode() + ". Check that the URL is complete and that the app is still installed"
        : "The Slack URL could not be reached: " + attempt.error().wireName());
  }

  @Override
  public void close() {
    sender.close();
  }
}
