package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Licenses.Validation.Valid;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More comes than the database takes: calls wait, then some get 503, and nothing that was accepted is lost. */
@ExtendWith(VertxExtension.class)
@OnlyOnPostgresql
class OverloadTest {
  private static final Duration OVERLOAD = Duration.ofMinutes(1);
  /** With a batch of 256 on each event loop, a round trip this slow takes about 1,300 a second. */
  private static final Duration DELAY = Duration.ofMillis(200);
  private static final int FLOOD_A_SECOND = 3000;
  private static final int MODEST_A_SECOND = 20;
  /** Four queues on an event loop, each at its bound. */
  private static final int MOST_WAITING = 4 * 2 * 4096;
  private static final Pattern WAITING =
      Pattern.compile("(?m)^keyhook_validations_waiting\\{[^}]*} ([0-9.E]+)$");

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  static Proxy proxy;
  static Node node;

  @BeforeAll
  static void startBehindProxy() {
    proxy = keyhook.proxy();
    node = keyhook.startBehind(proxy, new JsonObject());
  }

  /** Validates at a constant rate, whatever comes back, and counts what does. */
  private static final class Caller {
    private final KeyhookClient client = node.keyhook().client();
    private final String key;
    private final int perSecond;
    private final Set<String> accepted = ConcurrentHashMap.newKeySet();
    private final Set<Throwable> unexpected = ConcurrentHashMap.newKeySet();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger unanswered = new AtomicInteger();
    private int sent;

    Caller(License license, int perSecond) {
      this.key = license.key();
      this.perSecond = perSecond;
    }

    void sendUntilDue(long elapsedNanos) {
      for (long due = elapsedNanos * perSecond / 1_000_000_000; sent < due; sent++) {
        String name = "call " + sent;
        unanswered.incrementAndGet();
        client.validate(new Validate(key, "device", name, null, null)).onComplete(validation -> {
          assertThat(validation).isInstanceOf(Valid.class);
          accepted.add(name);
          unanswered.decrementAndGet();
        }, e -> {
          if (FailureException.of(e).failure() instanceof Failure.Unavailable) {
            refused.incrementAndGet();
          } else {
            unexpected.add(e);
          }
          unanswered.decrementAndGet();
        });
      }
    }
  }

  private static Set<String> names(Receiver receiver) {
    return receiver.all().stream().map(delivery -> delivery.data().getString("deviceName")).collect(Collectors.toSet());
  }

  @Test
  void pastItsLimitForAMinuteWhoFloodsIsRefusedInPartAndNothingAcceptedIsLost(Vertx vertx) {
    Receiver flooded = keyhook.receiver();
    Receiver quiet = keyhook.receiver();
    Api other = keyhook.account("enterprise");
    keyhook.webhook(flooded, "license.validated");
    keyhook.webhook(other, quiet, "license.validated");
    License one = keyhook.license(1);
    License two = keyhook.license(other, new JsonObject().put("name", "Another's"));
    node.api().validate(one.key(), "device").expect(200);
    node.api().validate(two.key(), "device").expect(200);
    for (int i = 0; i < 8; i++) { // so that each event loop knows whose keys these are
      Stream.of(one, two).forEach(license ->
          Waiting.on(node.keyhook().client().validate(new Validate(license.key(), "device", "call", null, null))));
    }
    Caller flood = new Caller(one, FLOOD_A_SECOND);
    Caller modest = new Caller(two, MODEST_A_SECOND);

    proxy.delay(DELAY);
    AtomicBoolean over = new AtomicBoolean();
    long start = System.nanoTime();
    vertx.runOnContext(v -> vertx.setPeriodic(5, timer -> {
      flood.sendUntilDue(System.nanoTime() - start);
      modest.sendUntilDue(System.nanoTime() - start);
      if (over.get()) {
        vertx.cancelTimer(timer);
      }
    }));
    int refusedOverHttp = 0;
    double mostWaiting = 0;
    for (long elapsed = 0; elapsed < OVERLOAD.toNanos() || refusedOverHttp == 0 && elapsed < 2 * OVERLOAD.toNanos();
        elapsed = System.nanoTime() - start) {
      for (CompletableFuture<Exchange> asking : Stream.generate(() -> node.api().validateAsync(one.key(), "device"))
          .limit(10).toList()) {
        Exchange asked = Api.join(asking);
        if (asked.status() == 503) {
          refusedOverHttp++;
          assertThat(Integer.parseInt(asked.header("Retry-After"))).isPositive();
          assertThat(asked.json().getString("code")).isEqualTo("UNAVAILABLE");
        } else {
          assertThat(asked.status()).isEqualTo(200);
        }
      }
      mostWaiting = Math.max(mostWaiting, WAITING.matcher(node.api().get("/metrics").expect(200).body()).results()
          .mapToDouble(match -> Double.parseDouble(match.group(1))).sum());
    }
    over.set(true);
    proxy.delay(Duration.ZERO);
    await("every call is answered").atMost(Waiting.LONG)
        .until(() -> flood.unanswered.get() + modest.unanswered.get() == 0);

    assertThat(flood.unexpected).isEmpty();
    assertThat(modest.unexpected).isEmpty();
    assertThat(flood.refused.get()).as("refused of %d", flood.sent).isPositive();
    assertThat(refusedOverHttp).isPositive();
    assertThat(mostWaiting).isBetween(1.0, (double) MOST_WAITING);
    assertThat(flood.accepted).isNotEmpty();
    assertThat(modest.refused).as("of who asks for little").hasValue(0);
    await("all that was accepted has arrived").atMost(Waiting.LONG.multipliedBy(2)).until(() ->
        names(flooded).containsAll(flood.accepted) && names(quiet).containsAll(modest.accepted));
    keyhook.awaitEmptyQueue();
    assertThat(flooded.all()).extracting(Delivery::id).doesNotHaveDuplicates();
    node.api().validate(one.key(), "device").expect(200);
  }
}
