package io.keyhook.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.alert.AlertSettingStore.Stored;
import io.keyhook.bus.Alerts.Outcome;
import io.keyhook.testing.Waiting;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A mail begins when a connection is free for it, so that it has all its time, and is not sent again while it goes out. */
@ExtendWith(VertxExtension.class)
class MailChannelTest {
  private static final Stored SETTINGS = new Stored("jane@example.com", "An account", List.of(), true, null, null);

  private final List<Promise<Void>> begun = new ArrayList<>();

  private MailChannel channel(Vertx vertx) {
    return new MailChannel(vertx, mail -> {
      Promise<Void> sent = Promise.promise();
      begun.add(sent);
      return sent.future();
    }, () -> { }, "keyhook@example.com");
  }

  private static Future<Outcome> send(MailChannel channel) {
    return channel.send(UUID.randomUUID(), UUID.randomUUID(), SETTINGS, AlertText.test());
  }

  @Test
  void aMailWaitsForAConnectionBeforeItBegins(Vertx vertx) {
    MailChannel channel = channel(vertx);
    int connections = channel.lanes();
    List<Future<Outcome>> sent = Stream.generate(() -> send(channel)).limit(connections + 2).toList();
    assertThat(begun).hasSize(connections);
    begun.get(0).complete();
    assertThat(begun).hasSize(connections + 1);
    begun.get(1).fail("refused");
    assertThat(begun).hasSize(connections + 2);
    begun.forEach(Promise::tryComplete);
    assertThat(sent.stream().map(Waiting::on).filter(Outcome::success)).hasSize(connections + 1);
    send(channel);
    assertThat(begun).as("connections are free again").hasSize(connections + 3);
  }

  @Test
  void tooManyMailsAreRefusedAndNeverBegin(Vertx vertx) {
    MailChannel channel = channel(vertx);
    List<Future<Outcome>> all = Stream.generate(() -> send(channel)).limit(100).toList();
    List<Future<Outcome>> refused = all.stream().filter(Future::isComplete).toList();
    assertThat(refused).isNotEmpty().allMatch(one -> !one.result().success());
    for (int i = 0; i < begun.size(); i++) {
      begun.get(i).complete();
    }
    assertThat(begun).hasSize(all.size() - refused.size());
  }

  @Test
  void aMailHasLongEnoughForAServerThatLooksAtItFirst(Vertx vertx) {
    assertThat(channel(vertx).longest()).isGreaterThan(Duration.ofMinutes(3));
  }
}
