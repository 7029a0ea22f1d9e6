package io.keyhook.bench.attack;

import io.keyhook.bench.Attack;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
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

/**
 * Attackers of several kinds, each on threads of its own, while they are switched on. The first line of the input is what
 * they attack, with {@code port}, {@code token} of the hostile tenant, its {@code keyPrefix}, and a webhook of it that
 * {@code hangs}. Each further line, the name of a {@link Attack.Mode}, says what they do from then on; the answer to it is how
 * often each status was received so far. A line is printed when it starts: the port of the hostile receiver. Ends with its input.
 */
public final class Attacker {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final String FIELDS = IntStream.range(0, 20_000).mapToObj(i -> "\"f" + i + "\":0")
      .collect(Collectors.joining(",", "{", "}"));
  private static final String FILE = "name\n" + "License\n".repeat(10_000);
  private static final byte[] ANSWER = ("HTTP/1.1 102 Processing\r\n\r\n".repeat(20) + "HTTP/1.1 503 Busy\r\nRetry-After: "
      + "0".repeat(7900) + "x\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);

  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Long> answers = new TreeMap<>(); // guarded by this
  private final AtomicLong sequence = new AtomicLong();
  private final ServerSocket receiver = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
  private int port;
  private volatile Attack.Mode mode = Attack.Mode.REST;
  private volatile long computed;

  private Attacker() throws IOException {}

  public static void main(String[] args) throws IOException {
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Attacker attacker = new Attacker();
    attacker.threads.execute(attacker::receive);
    System.out.println(attacker.receiver.getLocalPort());
    attacker.prepare(new JsonObject(orders.readLine()));
    System.out.println();
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      attacker.mode = Attack.Mode.valueOf(order);
      System.out.println(attacker.answers().encode());
    }
    System.exit(0);
  }

  private void prepare(JsonObject order) {
    port = order.getInteger("port");
    String token = order.getString("token");
    String hangs = order.getString("hangs");
    String anonymous = null;
    attackers(2, 50, () -> request("POST", "/api/validate", anonymous, FIELDS));
    attackers(1, 50, () -> request("POST", "/api/auth/login", anonymous, FIELDS));
    attackers(2, 5, () -> request("GET", "/api/account", "kh_" + "x".repeat(20) + sequence.incrementAndGet(), null));
    attackers(2, 50, () -> request("POST", "/api/auth/login", anonymous, new JsonObject()
        .put("email", "bench-0001@example.com").put("password", "wrong password").encode()));
    attackers(40, 20, () -> request("GET", "/api/licenses?search=zz" + sequence.incrementAndGet(), token, null));
    attackers(1, 1000, () -> from("/api/licenses/import", token).header("Content-Type", "text/csv")
        .POST(HttpRequest.BodyPublishers.ofString(FILE)).build());
    attackers(10, 100, () -> request("POST", "/api/users", token, new JsonObject()
        .put("email", "user" + sequence.incrementAndGet() + "@example.com").put("password", "a good password").put("role", "member").encode()));
    attackers(30, 100, () -> request("POST", "/api/webhooks/test", token, new JsonObject().put("webhookId", hangs).encode()));
    attackers(1, 20, () -> request("POST", "/api/validate", anonymous, new JsonObject()
        .put("licenseKey", order.getString("keyPrefix") + "0000-0000").put("fingerprint", "device-abc-123").encode()));
    for (int i = 0; i < 50; i++) {
      threads.execute(() -> stream(token));
    }
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      threads.execute(this::compute);
    }
  }

  private boolean isAttacking() {
    return mode == Attack.Mode.ATTACK;
  }

  private void compute() {
    long number = 1;
    while (pause(10)) {
      while (mode == Attack.Mode.COMPUTE) {
        number = number * 6364136223846793005L + 1;
      }
      computed += number; // so that it cannot be left out
    }
  }

  private HttpRequest request(String method, String path, String credential, String body) {
    return from(path, credential).header("Content-Type", "application/json")
        .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body)).build();
  }

  /** From one of three addresses, none of which is that of an honest client. */
  private HttpRequest.Builder from(String path, String credential) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).timeout(TIMEOUT)
        .header("X-Forwarded-For", "203.0.113." + sequence.incrementAndGet() % 3);
    return credential == null ? request : request.header("Authorization", "Bearer " + credential);
  }

  /** So many, each with a pause between an answer and its next request. */
  private void attackers(int count, long pauseMillis, Supplier<HttpRequest> request) {
    for (int i = 0; i < count; i++) {
      threads.execute(() -> {
        while (true) {
          if (isAttacking()) {
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
  private void stream(String token) {
    while (pause(500)) {
      if (isAttacking()) {
        try (InputStream stream = client.send(request("GET", "/api/deliveries/stream", token, null),
            HttpResponse.BodyHandlers.ofInputStream()).body()) {
          while (isAttacking() && stream.read() >= 0) {
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
    while (true) {
      try {
        Socket socket = receiver.accept();
        threads.execute(() -> answer(socket));
      } catch (IOException e) {
        return; // this ends
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

  private synchronized JsonObject answers() {
    return new JsonObject(new TreeMap<>(answers));
  }
}
