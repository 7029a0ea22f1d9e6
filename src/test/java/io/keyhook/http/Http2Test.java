package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.bus.StopBudget;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.fair.FairShare;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.Waiting;
import io.keyhook.trace.Tracing;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 on the server's own TLS: what ends one request there leaves the others of its connection alone. */
@ExtendWith(VertxExtension.class)
class Http2Test {
  private static final AtomicInteger port = new AtomicInteger();
  private static final AtomicInteger asked = new AtomicInteger();
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  @TempDir
  static Path directory;

  private static TlsFiles files;
  private static String deployment;
  private static Promise<Void> released = Promise.promise();
  private HttpClientAgent client;
  private HttpClientConnection connection;
  private Context loop;

  @BeforeAll
  static void start(Vertx vertx, VertxTestContext test) throws Exception {
    files = TlsFiles.in(directory, "localhost");
    deploy(vertx).onComplete(test.succeedingThenComplete());
  }

  private static Future<?> deploy(Vertx vertx) {
    KeyhookOptions.Http options = new KeyhookOptions.Http(true, "127.0.0.1", 0, List.of(), Duration.ZERO,
        Optional.of(new KeyhookOptions.Tls(files.file("localhost.crt"), files.file("localhost.key"))), false);
    return vertx.deployVerticle(new HttpVerticle(new Listener(options, "http", port, Tracing.OFF), Http2Test::router,
        new FairShare<>(16), new StopBudget(), new Connections.Limits(PATIENCE, PATIENCE, PATIENCE, Duration.ofSeconds(60))))
        .onSuccess(id -> deployment = id);
  }

  private static Router router(Vertx vertx) {
    Router router = Router.router(vertx);
    router.route().handler(context -> {
      asked.incrementAndGet();
      context.next();
    });
    router.route().failureHandler(context -> { }); // nobody is there any more
    router.post("/body").handler(BodyHandler.create(false)).handler(context -> context.end(context.body().buffer()));
    router.route("/now").handler(context -> context.end("now"));
    router.get("/host").handler(context -> context.end(String.valueOf(context.request().authority())));
    router.get("/later").handler(context -> released.future().onComplete(now -> context.end("later")));
    return router;
  }

  @BeforeEach
  void connect(Vertx vertx, VertxTestContext test) {
    client = vertx.createHttpClient(new HttpClientOptions().setSsl(true).setUseAlpn(true).setVerifyHost(false)
        .setProtocolVersion(HttpVersion.HTTP_2)
        .setTrustOptions(new PemTrustOptions().addCertPath(files.file("authority.crt").toString())));
    client.connect(new HttpConnectOptions().setHost("127.0.0.1").setPort(port.get()).setSsl(true)).onComplete(test.succeeding(open -> {
      connection = open;
      loop = vertx.getOrCreateContext();
      test.completeNow();
    }));
  }

  @AfterEach
  void close() {
    of(client.close());
    released = Promise.promise();
  }

  /** What a client does belongs to the event loop of its connection. */
  private <T> Future<T> onLoop(Supplier<Future<T>> work) {
    Promise<T> done = Promise.promise();
    loop.runOnContext(v -> work.get().onComplete(done));
    return done.future();
  }

  private Future<HttpClientRequest> request(HttpMethod method, String path) {
    return connection.request(new RequestOptions().setMethod(method).setURI(path));
  }

  private Future<Buffer> get(String path) {
    return onLoop(() -> request(HttpMethod.GET, path).compose(HttpClientRequest::send).compose(HttpClientResponse::body));
  }

  private static <T> T of(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().orTimeout(Waiting.LONG.toSeconds(), TimeUnit.SECONDS).join();
  }

  private record Answered(HttpVersion version, String connection, String body) {}

  private Answered answered(Supplier<Future<HttpClientResponse>> response) {
    return of(onLoop(() -> response.get().compose(head -> head.body().map(body ->
        new Answered(head.version(), head.getHeader("Connection"), body.toString())))));
  }

  private String now() {
    Answered now = answered(() -> request(HttpMethod.GET, "/now").compose(HttpClientRequest::send));
    assertThat(now.version).isEqualTo(HttpVersion.HTTP_2);
    return now.body;
  }

  @Test
  void manyRequestsShareAConnection() {
    List<Future<Buffer>> waiting = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      waiting.add(get("/later"));
    }
    for (int i = 0; i < 40; i++) { // more than are counted at once, and beside those no more than there may be
      Future<?> some = Future.all(Stream.generate(() -> get("/now")).limit(5).toList());
      of(some);
    }
    released.complete();
    waiting.forEach(body -> assertThat(of(body)).hasToString("later"));
    assertThat(of(get("/host"))).hasToString("127.0.0.1:" + port);
  }

  @Test
  void aBodyIsReadAndOneThatNobodyReadsEndsItsStreamAlone() throws Exception {
    String body = "x".repeat(300_000); // several windows
    assertThat(of(onLoop(() -> request(HttpMethod.POST, "/body").compose(request -> request.send(body))
        .compose(HttpClientResponse::body)))).hasToString(body);
    Promise<Long> reset = Promise.promise();
    assertThat(answered(() -> request(HttpMethod.POST, "/now").compose(unread -> {
      unread.exceptionHandler(e -> reset.tryComplete(e instanceof StreamResetException stream ? stream.getCode() : -1L));
      unread.setChunked(true).write("x");
      return unread.response();
    }))).as("without a header that HTTP/2 does not have")
        .isEqualTo(new Answered(HttpVersion.HTTP_2, null, "now"));
    assertThat(of(reset.future())).as("no error").isZero();
    assertThat(now()).isEqualTo("now");
  }

  /** It waits until it has sent the body, and goes on waiting where the stream is reset before. */
  @Test
  void javasClientSeesTheResponseToABodyThatNobodyReads() throws Exception {
    java.net.http.HttpClient sender = java.net.http.HttpClient.newBuilder().sslContext(trusted()).build();
    HttpResponse<String> response = sender.send(HttpRequest.newBuilder(URI.create("https://localhost:" + port.get() + "/now"))
        .timeout(Waiting.LONG).POST(HttpRequest.BodyPublishers.ofByteArray(new byte[2 * 1024 * 1024])).build(),
        HttpResponse.BodyHandlers.ofString());
    assertThat(response.version()).isEqualTo(java.net.http.HttpClient.Version.HTTP_2);
    assertThat(response.body()).isEqualTo("now");
  }

  private static SSLContext trusted() throws Exception {
    KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
    authorities.load(null, null);
    try (InputStream pem = Files.newInputStream(files.file("authority.crt"))) {
      authorities.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Test
  void whoDripsABodyLosesThatStreamAlone(Vertx vertx) {
    Future<Buffer> later = get("/later");
    Promise<Void> reset = Promise.promise();
    of(onLoop(() -> request(HttpMethod.POST, "/body").map(slow -> {
      slow.setChunked(true).write("x");
      long timer = vertx.setPeriodic(20, t -> slow.write("x"));
      return slow.exceptionHandler(e -> {
        vertx.cancelTimer(timer);
        reset.tryComplete();
      });
    })));
    of(reset.future());
    released.complete();
    assertThat(of(later)).as("who waits for us").hasToString("later");
  }

  @Test
  void aConnectionWithoutRequestsIsClosed() {
    Promise<Void> closed = Promise.promise();
    assertThat(now()).isEqualTo("now");
    connection.closeHandler(v -> closed.complete());
    of(closed.future());
  }

  @Test
  void whoResetsWhatTheyAskIsSoonClosed() {
    Promise<Void> closed = Promise.promise();
    connection.closeHandler(v -> closed.tryComplete());
    int before = asked.get();
    for (int i = 0; i < 1000 && !closed.future().isComplete(); i++) {
      of(onLoop(() -> request(HttpMethod.GET, "/later").onSuccess(request -> {
        request.send();
        request.reset();
      }).otherwiseEmpty()));
    }
    of(closed.future());
    assertThat(asked.get() - before).isLessThan(500);
  }

  @Test
  void aRequestThatNamesTwoHostsIsRefused() {
    assertThatThrownBy(() -> of(onLoop(() -> request(HttpMethod.GET, "/now")
        .compose(request -> request.putHeader("Host", "elsewhere.example").send())))).hasCauseInstanceOf(StreamResetException.class);
    assertThat(now()).isEqualTo("now");
  }

  @Test
  void aServerThatStopsAnswersWhatItHasAndTakesNoMore(Vertx vertx) {
    Future<Buffer> later = get("/later");
    assertThat(now()).as("behind it").isEqualTo("now");
    Promise<Void> goingAway = Promise.promise();
    connection.shutdownHandler(v -> goingAway.tryComplete());
    Future<Void> stopped = vertx.undeploy(deployment);
    of(goingAway.future());
    released.complete();
    assertThat(of(later)).hasToString("later");
    of(stopped);
    of(deploy(vertx));
  }

  @Test
  void clientsOfHttp1AreServedBesideIt(Vertx vertx) {
    HttpClient old = vertx.createHttpClient(new HttpClientOptions().setSsl(true).setVerifyHost(false)
        .setTrustOptions(new PemTrustOptions().addCertPath(files.file("authority.crt").toString())));
    assertThat(answered(() -> old.request(HttpMethod.GET, port.get(), "127.0.0.1", "/now").compose(HttpClientRequest::send)))
        .isEqualTo(new Answered(HttpVersion.HTTP_1_1, null, "now"));
    of(old.close());
  }
}
