package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.sessions.JqwikSession;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Requests made at random from the document: never an answer that it has not, and never a 5xx. How they were answered is
 * in {@code target/fuzz.txt}. A longer run:
 *
 * <pre>mvn test -Dtest=FuzzTest -Dkeyhook.fuzz.requests=50000 -Dkeyhook.fuzz.seed=1</pre>
 */
@ExtendWith(BlockedThreads.class)
class FuzzTest {
  private static final int REQUESTS = Integer.getInteger("keyhook.fuzz.requests", 1000);
  private static final long SEED = Long.getLong("keyhook.fuzz.seed", System.nanoTime());
  private static final int GENERATED_SIZE = 1000;

  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  private final Fuzz fuzz = new Fuzz();

  @Test
  void whateverIsAskedIsAnsweredAsTheDocumentSays() throws Exception {
    subject.ids().stream().filter(id -> !id.startsWith("key_") && !id.startsWith("acct_")) // what it asks with must stay
        .forEach(fuzz::add);
    Map<Integer, Integer> statuses = new TreeMap<>();
    JqwikSession.run(() -> {
      RandomGenerator<Fuzz.Request> requests = fuzz.requests().generator(GENERATED_SIZE, true);
      Random random = new Random(SEED);
      for (int i = 0; i < REQUESTS; i++) {
        Fuzz.Request request = requests.next(random).value();
        statuses.merge(send(i, request).status(), 1, Integer::sum);
        JqwikSession.finishTry();
      }
    });
    Files.writeString(Path.of("target", "fuzz.txt"),
        REQUESTS + " requests of seed " + SEED + " were answered, by status: " + statuses + System.lineSeparator());
    assertThat(statuses.keySet()).as("the run reached into the service").contains(200, 201, 400, 404);
    subject.api().get("/api/account").expect(200);
  }

  private Exchange send(int i, Fuzz.Request request) {
    Exchange exchange;
    try {
      exchange = subject.wire().send(request.method(), request.target(), request.body(),
          request.headers().toArray(String[]::new));
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("Request " + i + " of seed " + SEED + ": " + request, e);
    }
    assertThat(exchange.status()).as("request %s of seed %s: %s", i, SEED, request).isLessThan(500);
    if (exchange.status() == 201 && exchange.json().containsKey("id")) {
      fuzz.add(exchange.json().getString("id"));
    }
    return exchange;
  }
}
