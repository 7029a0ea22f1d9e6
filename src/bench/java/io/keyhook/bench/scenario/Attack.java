package io.keyhook.bench.scenario;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Attackers of several kinds, each on threads of its own, while it is switched on. */
final class Attack implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final String FIELDS = IntStream.range(0, 20_000).mapToObj(i -> "\"f" + i + "\":0")
      .collect(Collectors.joining(",", "{", "}"));
  private static final String FILE = "name\n" + "License\n".repeat(10_000);
  private static final byte[] ANSWER = ("HTTP/1.1 102 Processing\r\n\r\n".repeat(20) + "HTTP/1.1 503 Busy\r\nRetry-After: "
      + "0".repeat(7900) + "x\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);

  private final Installation installation;
  private final Lab lab;
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Long> answers = new TreeMap<>();
  private final AtomicLong sequence = new AtomicLong();
  private final ServerSocket receiver = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
  private volatile boolean on;
  private volatile boolean closed;

  Attack(Installation installation, Lab lab) throws IOException {
    this.installation = installation;
    this.lab = lab;
  }

  void prepare(Installation.Account tenant) throws IOException, InterruptedException {
    threads.execute(this::receive);
    installation.webhook(tenant, "http://127.0.0.1:" + receiver.getLocalPort() + "/", true);
    String hanging = installation.webhook(tenant, lab.receivers().url("hang/it"), false);
    String anonymous = null;
    attackers(2, 50, () -> request("POST", "/api/validate", anonymous, FIELDS));
    attackers(1, 50, () -> request("POST", "/api/auth/login", anonymous, FIELDS));
    attackers(2, 5, () -> request("GET", "/api/account", "kh_" + "x".repeat(20) + sequence.incrementAndGet(), null));
    attackers(2, 50, () -> request("POST", "/api/auth/login", anonymous, new JsonObject()
        .put("email", "bench-0001@example.com").put("password", "wrong password").encode()));
    attackers(40, 20, () -> request("GET", "/api/licenses?search=zz" + sequence.incrementAndGet(), tenant.token(), null));
    attackers(1, 1000, () -> HttpRequest.newBuilder(uri("/api/licenses/import")).timeout(TIMEOUT)
        .header("Authorization", "Bearer " + tenant.token()).header("Content-Type", "text/csv")
        .POST(HttpRequest.BodyPublishers.ofString(FILE)).build());
    attackers(10, 100, () -> request("POST", "/api/users", tenant.token(), new JsonObject()
        .put("email", "user" + sequence.incrementAndGet() + "@example.com").put("password", "a good password").encode()));
    attackers(30, 100, () -> request("POST", "/api/webhooks/test", tenant.token(),
        new JsonObject().put("webhookId", hanging).encode()));
    attackers(1, 20, () -> request("POST", "/api/validate", anonymous, new JsonObject()
        .put("licenseKey", tenant.keyPrefix() + "0000-0000").put("fingerprint", "device-abc-123").encode()));
    for (int i = 0; i < 50; i++) {
      threads.execute(() -> stream(tenant));
    }
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + installation.port() + path);
  }

  private HttpRequest request(String method, String path, String credential, String body) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(TIMEOUT).header("Content-Type", "application/json")
        .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
    return (credential == null ? request : request.header("Authorization", "Bearer " + credential)).build();
  }

  /** So many, each with a pause between an answer and its next request. */
  private void attackers(int count, long pauseMillis, Supplier<HttpRequest> request) {
    for (int i = 0; i < count; i++) {
      threads.execute(() -> {
        while (!closed) {
          if (on) {
            try {
              note(Integer.toString(client.send(request.get(), HttpResponse.BodyHandlers.discarding()).statusCode()));
            } catch (IOException e) {
              note("none");
            } catch (InterruptedException e) {
              return;
            }
          }
          if (!pause(pauseMillis)) {
            return;
          }
        }
      });
    }
  }

  /** Opens a stream and reads it while the attack is on. */
  private void stream(Installation.Account tenant) {
    while (!closed && pause(500)) {
      if (on) {
        try (InputStream stream = client.send(request("GET", "/api/deliveries/stream", tenant.token(), null),
            HttpResponse.BodyHandlers.ofInputStream()).body()) {
          while (on && stream.read() >= 0) {
            continue;
          }
        } catch (IOException e) {
          note("none");
        } catch (InterruptedException e) {
          return;
        }
      }
    }
  }

  private void receive() {
    while (!closed) {
      try {
        Socket socket = receiver.accept();
        threads.execute(() -> answer(socket));
      } catch (IOException e) {
        return; // it was closed
      }
    }
  }

  private static void answer(Socket socket) {
    try (socket) {
      byte[] buffer = new byte[64 * 1024];
      while (socket.getInputStream().read(buffer) >= 0) {
        socket.getOutputStream().write(ANSWER);
      }
    } catch (IOException e) {
      return; // Keyhook has closed it
    }
  }

  private static boolean pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private synchronized void note(String status) {
    answers.merge(status, 1L, Long::sum);
  }

  synchronized Map<String, Long> answers() {
    return new TreeMap<>(answers);
  }

  void set(boolean on) {
    this.on = on;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    on = false;
    receiver.close();
    threads.shutdownNow();
  }
}
