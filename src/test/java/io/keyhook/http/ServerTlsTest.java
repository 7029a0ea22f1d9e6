package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.PemCertificates;
import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyThreads;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Node;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A node with a certificate serves HTTPS, and takes a changed certificate without a restart. */
class ServerTlsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  static Path directory;

  private static TlsFiles first;
  private static TlsFiles second;
  private static Path certificate;
  private static Path key;
  private static Node node;

  @BeforeAll
  static void start() throws Exception {
    first = TlsFiles.in(Files.createDirectory(directory.resolve("first")), "localhost");
    second = TlsFiles.in(Files.createDirectory(directory.resolve("second")), "localhost");
    certificate = Files.copy(first.file("localhost.crt"), directory.resolve("server.crt"));
    key = Files.copy(first.file("localhost.key"), directory.resolve("server.key"));
    node = keyhook.start(new JsonObject().put("http", new JsonObject()
        .put("tls", new JsonObject().put("certificate", certificate.toString()).put("key", key.toString()))));
  }

  private static void replace(Path from, Path to) throws IOException {
    Path next = Files.copy(from, to.resolveSibling("next"));
    Files.move(next, to, StandardCopyOption.ATOMIC_MOVE);
  }

  private static SSLContext context() throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (TlsFiles files : List.of(first, second)) {
      trusted.setCertificateEntry("authority-" + trusted.size(), PemCertificates.read(files.file("authority.crt")).get(0));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static SSLSocket connect() throws IOException, GeneralSecurityException {
    SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket("127.0.0.1", node.uri().getPort());
    socket.setSoTimeout((int) Waiting.LONG.toMillis());
    socket.startHandshake();
    return socket;
  }

  private static Certificate served() {
    try (SSLSocket socket = connect()) {
      return socket.getSession().getPeerCertificates()[0];
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Certificate certificateOf(TlsFiles files) throws IOException, GeneralSecurityException {
    return PemCertificates.read(files.file("localhost.crt")).get(0);
  }

  private static String get(Socket socket) throws IOException {
    socket.getOutputStream().write("GET /health/live HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n"
        .getBytes(StandardCharsets.ISO_8859_1));
    try (InputStream in = socket.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void itServesHttpsAndTakesAChangedCertificateForNewConnectionsOnceItsKeyFits() throws Exception {
    assertThat(served()).isEqualTo(certificateOf(first));
    assertAnswered(HttpClient.newBuilder().sslContext(context()).build());
    try (SSLSocket old = connect()) {
      replace(second.file("localhost.crt"), certificate); // without its key
      Waiting.until("the node has looked", () ->
          !LogWatch.linesWith("server.key is not the private key of " + certificate).isEmpty());
      assertThat(served()).isEqualTo(certificateOf(first));
      replace(second.file("localhost.key"), key);
      await("the new certificate").atMost(Waiting.LONG).ignoreExceptions().until(() -> served().equals(certificateOf(second)));
      assertAnswered(HttpClient.newBuilder().sslContext(context()).build());
      assertThat(get(old)).startsWith("HTTP/1.1 200");
    }
    try (Socket plain = new Socket("127.0.0.1", node.uri().getPort())) {
      plain.setSoTimeout((int) Waiting.LONG.toMillis());
      assertThat(plainAnswer(plain)).doesNotContain("200");
    }
  }

  @Test
  void eventLoopsMakeNoKeysOfHandshakes() throws Exception {
    try (KeyThreads threads = KeyThreads.watch()) {
      try (SSLSocket socket = connect()) {
        assertThat(get(socket)).startsWith("HTTP/1.1 200");
      }
      assertThat(threads.names()).anyMatch(name -> name.startsWith("vert.x-"))
          .noneMatch(name -> name.contains("eventloop"));
    }
  }

  @Test
  void aClientCannotHaveOneHandshakeAfterAnotherComputed() throws Exception {
    Map<String, String> environment = Map.of("KEYHOOK_HTTP_PORT", "0",
        "KEYHOOK_HTTP_TLS_CERTIFICATE", first.file("localhost.crt").toString(),
        "KEYHOOK_HTTP_TLS_KEY", first.file("localhost.key").toString(),
        "KEYHOOK_DATABASE_URI", keyhook.database().uri().toString(), "KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET,
        "KEYHOOK_SECRETS_MASTER_KEY", Node.MASTER_KEY);
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment, List.of())) {
      int port = Integer.parseInt(process.awaitOutput(Pattern.compile("Keyhook listens on https://\\S+:(\\d+)")).group(1));
      try (SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket("127.0.0.1", port)) {
        socket.setSoTimeout((int) Waiting.LONG.toMillis());
        socket.setEnabledProtocols(new String[] {"TLSv1.2"});
        socket.startHandshake();
        assertThatThrownBy(() -> {
          socket.startHandshake();
          get(socket);
        }).isInstanceOf(SSLException.class);
      }
    }
  }

  /** Two cookies are two fields here, as browsers send them; what is posted to, with a body or without, is this server's own. */
  private static void assertAnswered(HttpClient client) throws Exception {
    JsonObject login = new JsonObject().put("email", Node.EMAIL).put("password", Node.PASSWORD);
    HttpResponse<String> session = send(client, page("/api/auth/session").header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(login.encode())));
    assertThat(session.statusCode()).as(session.body()).isEqualTo(200);
    String cookie = session.headers().allValues("Set-Cookie").stream().filter(set -> set.startsWith("keyhook_session="))
        .findFirst().orElseThrow().replaceFirst(";.*", "");
    HttpResponse<String> refreshed = send(client, page("/api/auth/refresh").header("Cookie", "other=1").header("Cookie", cookie)
        .POST(HttpRequest.BodyPublishers.noBody()));
    assertThat(refreshed.statusCode()).as(refreshed.body()).isEqualTo(200);
    HttpResponse<String> validation = send(client, HttpRequest.newBuilder(uri("/api/validate"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString("{\"licenseKey\":\"none\",\"fingerprint\":\"device\"}")));
    assertThat(validation.statusCode()).as(validation.body()).isEqualTo(404);
    assertThat(send(client, HttpRequest.newBuilder(uri("/docs/"))).statusCode()).isEqualTo(200);
  }

  private static HttpRequest.Builder page(String path) {
    return HttpRequest.newBuilder(uri(path)).header("X-Keyhook-Session", "1").header("Origin", uri("").toString());
  }

  private static URI uri(String path) {
    return URI.create("https://localhost:" + node.uri().getPort() + path);
  }

  private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) throws Exception {
    HttpResponse<String> response = client.send(request.timeout(Waiting.LONG).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
    return response;
  }

  private static String plainAnswer(Socket socket) {
    try {
      return get(socket);
    } catch (IOException e) {
      return "closed";
    }
  }
}
