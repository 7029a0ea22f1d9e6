import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;

/** As client.mjs. */
public final class Client {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("webhook")) {
      System.out.println(Keyhook.verifyWebhook(args[1].getBytes(StandardCharsets.UTF_8), args[2], args[3], args[4], args[5],
          System.currentTimeMillis() / 1000));
      return;
    }
    long seconds = Long.parseLong(args[3]);
    Path lease = Path.of(System.getenv().getOrDefault("LEASE", "lease.json"));
    Keyhook keyhook = new Keyhook(args[1], Files.readString(Path.of("keys.json")),
        lease, args.length > 6 ? args[6] : null, Integer.parseInt(args[2]), () -> System.currentTimeMillis() / 1000 + seconds);
    switch (args[0]) {
      case "deactivate" -> System.out.println(keyhook.deactivate(args[4], args[5]));
      case "heartbeat" -> {
        CompletableFuture<Keyhook.Result> first = new CompletableFuture<>();
        AtomicInteger beats = new AtomicInteger();
        ScheduledExecutorService timer = keyhook.heartbeat(args[4], args[5], Duration.ofMillis(50), result -> {
          if (beats.incrementAndGet() == 1) {
            throw new IllegalStateException("of the app");
          }
          first.complete(result);
        });
        show(first.get());
        timer.shutdownNow();
      }
      case "race" -> {
        byte[] kept = Files.readAllBytes(lease);
        for (int i = 0; i < 20; i++) {
          Files.write(lease, kept);
          Keyhook raced = new Keyhook(args[1], Files.readString(Path.of("keys.json")), lease, null);
          AtomicInteger ended = new AtomicInteger();
          Thread thread = new Thread(() -> {
            while (ended.get() == 0) {
              raced.offline(args[4], args[5]);
            }
          });
          thread.start();
          Keyhook.Result result = raced.validate(args[4], args[5]);
          ended.set(1);
          thread.join();
          System.out.println(result.code() + " " + raced.offline(args[4], args[5]).allowed() + " " + Files.exists(lease));
        }
      }
      case "overlap" -> {
        CompletableFuture<Keyhook.Result> validated = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
          try {
            validated.complete(keyhook.validate(args[4], args[5]));
          } catch (InterruptedException e) {
            validated.completeExceptionally(e);
          }
        });
        thread.start();
        keyhook.deactivate(args[4], args[5]);
        keyhook.deactivate(args[4], args[5]);
        show(validated.get());
        show(keyhook.offline(args[4], args[5]));
      }
      case "moved" -> {
        Path moved = Files.move(lease, Path.of("moved"));
        show(keyhook.validate(args[4], args[5]));
        Files.move(moved, lease);
        show(keyhook.offline(args[4], args[5]));
      }
      case "again" -> {
        show(keyhook.validate(args[4], args[5]));
        show(keyhook.offline(args[4], args[5]));
      }
      default -> show(keyhook.validate(args[4], args[5]));
    }
  }

  private static void show(Keyhook.Result result) {
    System.out.println(result.allowed() + " " + (result.code() == null ? "-" : result.code()));
  }
}
