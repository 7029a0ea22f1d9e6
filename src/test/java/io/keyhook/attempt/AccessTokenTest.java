package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.ClientCredentials;
import io.keyhook.bus.ClientCredentials.Method;
import io.keyhook.target.Policies;
import io.keyhook.testing.Answer;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.TokenEndpoint;
import io.keyhook.testing.Waiting;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Attempts carry an access token that a token endpoint issues, with as few requests as there can be, and none fails in silence. */
class AccessTokenTest {
  private static final String SECRET = "client secret: 4f/9+c";
  private static final int CONNECTIONS = 8;
  /** Of an attempt: on a busy machine, the first two requests of a JVM may take seconds. */
  private static final Duration PATIENCE = Waiting.LONG.dividedBy(2);
  private static Vertx vertx;

  private final UUID account = UUID.randomUUID();
  private final UUID webhook = UUID.randomUUID();
  private TokenEndpoint tokens;
  private RawReceiver receiver;
  private SenderRig rig;

  @BeforeAll
  static void open() {
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void close() {
    Waiting.on(vertx.close());
  }

  @BeforeEach
  void start() {
    tokens = new TokenEndpoint(vertx);
    receiver = new RawReceiver(Fault.OK);
    rig = rig(PATIENCE);
  }

  private static SenderRig rig(Duration timeout) {
    return new SenderRig(SenderRig.Sockets.NATIVE, new VertxOptions(), SenderRig::resolver, Policies.insecure(), null, timeout, CONNECTIONS);
  }

  @AfterEach
  void stop() {
    rig.close();
    receiver.close();
    tokens.close();
  }

  private ClientCredentials client() {
    return ClientCredentials.of(tokens.url(), "client: 1", SECRET).withMethod(Method.CLIENT_SECRET_BASIC);
  }

  private CompletableFuture<Attempt> send(ClientCredentials client) {
    return rig.send(new Grant(account, webhook, client), receiver.url());
  }

  private Attempt attempt(ClientCredentials client) {
    return rig.ended(send(client));
  }

  private Attempt attempt() {
    return attempt(client());
  }

  /** The numbers of the tokens that the receiver got, in order. */
  private List<Integer> received() {
    return receiver.requests().stream().flatMap(String::lines).filter(line -> line.toLowerCase(Locale.ROOT).startsWith("authorization: "))
        .map(line -> Integer.valueOf(line.substring(("authorization: Bearer " + TokenEndpoint.TOKEN).length()))).toList();
  }

  @Test
  void theRequestForATokenIsAsTheStandardHasIt() {
    assertThat(attempt(client().withScope("read write").withAudience("https://api.example.com").withResource("urn:r")).succeeded())
        .isTrue();
    TokenEndpoint.Request request = tokens.requests().get(0);
    assertThat(request.path()).isEqualTo("/token");
    assertThat(request.contentType()).isEqualTo("application/x-www-form-urlencoded");
    assertThat(request.accept()).isEqualTo("application/json");
    assertThat(request.authorization()).isEqualTo("Basic " + Base64.getEncoder().encodeToString(
        "client%3A+1:client+secret%3A+4f%2F9%2Bc".getBytes(StandardCharsets.US_ASCII)));
    assertThat(request.form()).isEqualTo(Map.of("grant_type", "client_credentials", "scope", "read write",
        "audience", "https://api.example.com", "resource", "urn:r"));

    assertThat(attempt(client().withMethod(Method.CLIENT_SECRET_POST)).succeeded()).isTrue();
    TokenEndpoint.Request post = tokens.requests().get(1);
    assertThat(post.authorization()).isNull();
    assertThat(post.form()).isEqualTo(Map.of("grant_type", "client_credentials", "client_id", "client: 1",
        "client_secret", SECRET));
    assertThat(received()).containsExactly(1, 2);
  }

  @Test
  void attemptsAtOnceWaitForOneRequest() {
    Answer.Held held = tokens.hold();
    List<CompletableFuture<Attempt>> running = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      running.add(send(client()));
    }
    await().atMost(Waiting.LONG).until(() -> tokens.requests().size() == 1);
    assertThat(receiver.accepted()).isZero();
    held.release();
    running.forEach(one -> assertThat(one.join().succeeded()).isTrue());
    assertThat(tokens.requests()).hasSize(1);
    assertThat(received()).hasSize(20).containsOnly(1);
  }

  @Test
  void eachWebhookHasATokenOfItsOwnAndAConnectionOfItsOwnToGetIt() {
    for (int i = 0; i < 2; i++) {
      Grant grant = new Grant(account, UUID.randomUUID(), client());
      for (int j = 0; j < 2; j++) {
        assertThat(rig.ended(rig.send(grant, receiver.url())).succeeded()).isTrue();
      }
    }
    assertThat(received()).containsExactly(1, 1, 2, 2);
  }

  @Test
  void aTokenIsReplacedShortlyBeforeItExpires() {
    tokens.issue(600);
    attempt();
    rig.pass(Duration.ofSeconds(569));
    attempt();
    rig.pass(Duration.ofSeconds(1));
    attempt();
    assertThat(received()).containsExactly(1, 1, 2);

    tokens.issue(10);
    rig.pass(Duration.ofHours(1));
    attempt();
    rig.pass(Duration.ofMillis(8_800));
    attempt();
    rig.pass(Duration.ofMillis(200));
    attempt();
    assertThat(received()).containsExactly(1, 1, 2, 3, 3, 4);
  }

  @Test
  void aLifetimeThatIsNotNamedIsShortAndALongOneIsCut() {
    tokens.issue((Integer) null);
    attempt();
    rig.pass(TokenResponse.DEFAULT_LIFETIME.minusSeconds(31));
    attempt();
    rig.pass(Duration.ofSeconds(1));
    attempt();
    assertThat(received()).containsExactly(1, 1, 2);
    tokens.issue(Integer.MAX_VALUE);
    rig.pass(Duration.ofHours(1));
    attempt();
    rig.pass(TokenResponse.MAX_LIFETIME);
    attempt();
    assertThat(received()).containsExactly(1, 1, 2, 3, 4);
    tokens.issue(0);
    rig.pass(TokenResponse.MAX_LIFETIME);
    attempt();
    attempt();
    rig.pass(TokenResponse.DEFAULT_LIFETIME);
    attempt();
    assertThat(received()).as("an ended one is as one that is not named").containsExactly(1, 1, 2, 3, 4, 5, 5, 6);
  }

  @Test
  void aTokenThatTheEndpointRefusesIsReplacedAndNotAgainAndAgain() {
    receiver.behave(c -> {
      while (true) {
        c.request();
        c.write(Receivers.answer("401 Unauthorized", "no"));
      }
    });
    assertThat(attempt().statusCode()).isEqualTo(401);
    for (int i = 0; i < 5; i++) {
      assertThat(attempt().statusCode()).isEqualTo(401);
    }
    assertThat(tokens.requests()).as("within %s", AccessToken.MIN_AGE).hasSize(1);
    rig.pass(Duration.ofMinutes(1)); // the first retry
    attempt();
    attempt();
    assertThat(tokens.requests()).hasSize(2);
    assertThat(received().subList(6, 8)).containsExactly(2, 2);
  }

  @Test
  void otherCredentialsEndTheToken() {
    attempt();
    attempt(client().withScope("other"));
    attempt(client().withScope("other"));
    attempt();
    assertThat(received()).containsExactly(1, 2, 2, 3);
  }

  static Stream<Arguments> unusable() {
    JsonObject good = new JsonObject().put("access_token", "t").put("token_type", "Bearer");
    return Stream.of(
        Arguments.of(Answer.status(401, "{\"error\":\"invalid_client\",\"error_description\":\"" + SECRET + "\"}"), "returned 401 invalid_client"),
        Arguments.of(Answer.status(400, "{\"error\":\"invalid_scope\"}"), "returned 400 invalid_scope"),
        Arguments.of(Answer.status(400, "{\"error\":\"" + SECRET + "\"}"), "returned 400"),
        Arguments.of(Answer.status(400, "{\"error\":{\"code\":1}}"), "returned 400"),
        Arguments.of(Answer.status(200, "{\"error\":\"invalid_client\"}"), "returned 200 invalid_client without"),
        Arguments.of(Answer.status(500, "<html>"), "returned 500"),
        Arguments.of(Answer.status(503), "returned 503"),
        Arguments.of((Answer) request -> request.response().setStatusCode(302).putHeader("Location", "/elsewhere").end(), "returned 302"),
        Arguments.of((Answer) request -> request.response().setStatusCode(307).putHeader("Location", "/elsewhere").end(), "returned 307"),
        Arguments.of(Answer.status(200), "returned 200 without a JSON object"),
        Arguments.of(Answer.status(200, "null"), "returned 200 without a JSON object"),
        Arguments.of(Answer.status(200, "[]"), "returned 200 without a JSON object"),
        Arguments.of(Answer.status(200, "{\"access_token\":"), "returned 200 without a JSON object"),
        Arguments.of(Answer.status(200, "access_token=t&token_type=Bearer"), "returned 200 without a JSON object"),
        Arguments.of(Answer.status(200, "[".repeat(60_000)), "returned 200 without a JSON object"),
        Arguments.of(Answer.status(200, "{}"), "returned 200 without the token_type Bearer"),
        Arguments.of(Answer.status(200, good.copy().put("token_type", "mac").encode()), "returned 200 without the token_type Bearer"),
        Arguments.of(Answer.status(200, good.copy().put("access_token", "").encode()), "returned 200 without an access_token"),
        Arguments.of(Answer.status(200, good.copy().put("access_token", 5).encode()), "returned 200 without an access_token"),
        Arguments.of(Answer.status(200, good.copy().put("access_token", "a\r\nX-Injected: 1").encode()), "not visible ASCII"),
        Arguments.of(Answer.status(200, good.copy().put("access_token", "a b").encode()), "not visible ASCII"),
        Arguments.of(Answer.status(200, good.copy().put("access_token", "ü").encode()), "not visible ASCII"),
        Arguments.of(Answer.status(200, good.copy().put("access_token", "a".repeat(TokenResponse.MAX_TOKEN + 1)).encode()), "too long"),
        Arguments.of(Answer.status(200, good.copy().put("more", "a".repeat(TokenResponse.MAX_BYTES)).encode()), "more than 64 KB"));
  }

  @ParameterizedTest
  @MethodSource
  void unusable(Answer answer, String detail) {
    tokens.answer(answer);
    Attempt attempt = attempt();
    assertThat(attempt.error()).isEqualTo(AttemptError.TOKEN_ERROR);
    assertThat(attempt.statusCode()).isNull();
    assertThat(attempt.detail()).startsWith("Token endpoint ").contains(detail).doesNotContain(SECRET);
    assertThat(attempt.responseBody()).isNull();
    assertThat(receiver.accepted()).as("nothing is sent without a token").isZero();
    assertThat(tokens.requests()).extracting(TokenEndpoint.Request::path).containsExactly("/token");

    tokens.issue(3600);
    rig.pass(Duration.ofSeconds(1));
    assertThat(attempt().succeeded()).as("the next attempt").isTrue();
  }

  private void assertPaused() {
    int before = tokens.requests().size();
    Attempt attempt = attempt();
    assertThat(attempt.error()).isEqualTo(AttemptError.TOKEN_ERROR);
    assertThat(attempt.detail()).startsWith("Token endpoint returned ").endsWith("; Keyhook waits before its next request for a token");
    assertThat(attempt.retryAfter()).isPositive();
    assertThat(tokens.requests()).hasSize(before);
  }

  private void assertRequested() {
    int before = tokens.requests().size();
    assertThat(attempt().detail()).startsWith("Token endpoint returned ").doesNotContain("waits");
    assertThat(tokens.requests()).hasSize(before + 1);
  }

  @Test
  void aTokenEndpointThatFailsGetsFewerRequestsTheLongerItFails() {
    tokens.answer(Answer.status(500));
    for (int pause : new int[] {1, 2, 4, 8, 10, 10}) {
      assertRequested();
      if (pause > TokenPause.SHORT.toSeconds()) {
        assertPaused();
        rig.pass(Duration.ofSeconds(pause - 3));
        assertPaused();
        rig.pass(Duration.ofSeconds(3));
      } else {
        rig.pass(Duration.ofSeconds(pause));
      }
    }
    tokens.issue(600);
    assertThat(attempt().succeeded()).isTrue();

    tokens.answer(Answer.status(500));
    rig.pass(Duration.ofMinutes(10));
    assertRequested();
    rig.pass(Duration.ofSeconds(1));
    assertRequested();
  }

  @Test
  void anAttemptWaitsForTheEndOfAShortPause() {
    tokens.answer(Answer.status(500));
    assertRequested();
    rig.pass(Duration.ofMillis(700));
    tokens.issue(3600);
    List<CompletableFuture<Attempt>> running = List.of(send(client()), send(client()));
    running.forEach(one -> assertThat(rig.ended(one).succeeded()).isTrue());
    assertThat(tokens.requests()).hasSize(2);
  }

  @Test
  void aTokenEndpointGetsNoRequestForAsLongAsItAsksWithinBounds() {
    tokens.answer(request -> request.response().setStatusCode(429).putHeader("Retry-After", "120").end());
    assertThat(attempt().retryAfter()).isEqualTo(Duration.ofSeconds(120));
    rig.pass(Duration.ofSeconds(115));
    assertPaused();
    rig.pass(Duration.ofSeconds(5));
    tokens.answer(request -> request.response().setStatusCode(503).putHeader("Retry-After", "86400").end());
    assertThat(attempt().retryAfter()).isEqualTo(TokenPause.LONGEST_ASKED);
    rig.pass(TokenPause.LONGEST_ASKED.minusSeconds(5));
    assertPaused();
    rig.pass(Duration.ofSeconds(5));
    assertRequested();
  }

  @Test
  void aTestEventAndOtherCredentialsDoNotWait() {
    tokens.answer(request -> request.response().setStatusCode(503).putHeader("Retry-After", "60").end());
    assertRequested();
    assertPaused();
    assertThat(attempt(client().withScope("other")).detail()).doesNotContain("waits");
    assertThat(tokens.requests()).hasSize(2);
    tokens.issue(3600);
    assertThat(rig.ended(rig.send(new Grant(account, webhook, client().withScope("other")), receiver.url(), "delivery_test_1"))
        .succeeded()).isTrue();
    assertThat(attempt(client().withScope("other")).succeeded()).as("the token is for all").isTrue();
  }

  @Test
  void aTokenAsLongAsItMayBeIsSent() {
    String token = "a".repeat(TokenResponse.MAX_TOKEN);
    tokens.answer(Answer.status(200, new JsonObject().put("access_token", token).put("token_type", "bearer").encode()));
    assertThat(attempt().succeeded()).isTrue();
    assertThat(receiver.requests().get(0)).contains("Bearer " + token);
  }

  @Test
  void aTokenEndpointThatHangsTakesNoMoreThanTheTimeOfTheAttempt() {
    tokens.hold();
    try (SenderRig impatient = rig(SenderRig.TIMEOUT)) {
      Attempt attempt = impatient.ended(impatient.send(new Grant(account, webhook, client()), receiver.url()));
      assertThat(attempt.error()).isEqualTo(AttemptError.TOKEN_ERROR);
      assertThat(attempt.detail()).isEqualTo("Token endpoint failed: timeout");
    }
    assertThat(receiver.accepted()).isZero();
  }

  @Test
  void aTokenEndpointThatHangsHoldsUpNoOtherWebhook() {
    Answer.Held held = tokens.hold();
    CompletableFuture<Attempt> waits = send(client());
    await().atMost(Waiting.LONG).until(() -> tokens.requests().size() == 1);
    assertThat(rig.send(account, receiver.url()).join().succeeded()).isTrue();
    assertThat(waits).isNotDone();
    held.release();
    assertThat(waits.join().succeeded()).isTrue();
  }

  @Test
  void whatTheNetworkSaysOfTheTokenEndpointIsInTheLog() {
    RawReceiver closed = new RawReceiver(Fault.OK);
    closed.close();
    Attempt attempt = attempt(ClientCredentials.of(closed.url(), "id", SECRET).withMethod(Method.CLIENT_SECRET_BASIC));
    assertThat(attempt.error()).isEqualTo(AttemptError.TOKEN_ERROR);
    assertThat(attempt.detail()).isEqualTo("Token endpoint failed: connection_refused");
    assertThat(receiver.accepted()).isZero();
  }

  @Test
  void aTokenEndpointAtAnAddressThatIsNotPublicIsNotAsked() {
    try (SenderRig production = new SenderRig(SenderRig.Sockets.NATIVE, new VertxOptions(),
        (vertx, egress) -> host -> Future.succeededFuture(List.of(InetAddress.getLoopbackAddress())),
        Policies.of(false), null)) {
      for (String url : List.of(tokens.url(), "https://127.0.0.1/token", "https://169.254.169.254/token", "https://[::1]/token",
          "https://auth.example.com/token", "https://test-endpoint.keyhook.invalid/t", "https://listen.keyhook.invalid/")) {
        Attempt attempt = production.ended(production.send(
            new Grant(account, webhook, ClientCredentials.of(url, "id", SECRET).withMethod(Method.CLIENT_SECRET_BASIC)),
            "https://hooks.example.com/"));
        assertThat(attempt.error()).as(url).isEqualTo(AttemptError.TOKEN_ERROR);
        assertThat(attempt.detail()).as(url).isEqualTo("Token endpoint failed: target_refused");
      }
    }
    assertThat(tokens.requests()).isEmpty();
  }

  @Test
  void whatTheEndpointRepeatsIsLoggedWithoutTheTokenAndTheSecret() {
    receiver.behave(c -> {
      c.request();
      c.write(Receivers.answer("400 Bad Request", "got " + TokenEndpoint.TOKEN + "1 of " + SECRET));
    });
    assertThat(attempt().responseBody()).isEqualTo("got ******** of ********");
  }
}
