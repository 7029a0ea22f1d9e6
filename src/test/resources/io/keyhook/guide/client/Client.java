import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;

/** As client.mjs. */
public final class Client {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("webhook")) {
      System.out.println(Keyhook.verifyWebhook(args[1].getBytes(StandardCharsets.UTF_8), args[2], args[3], args[4], args[5],
          System.currentTimeMillis() / 1000));
      return;
    }
    long seconds = Long.parseLong(args[3]);
    Keyhook keyhook = new Keyhook(args[1], Files.readString(Path.of("keys.json")),
        Path.of(System.getenv().getOrDefault("LEASE", "lease.json")), args.length > 6 ? args[6] : null, Integer.parseInt(args[2]), () -> System.currentTimeMillis() / 1000 + seconds);
    switch (args[0]) {
      case "deactivate" -> System.out.println(keyhook.deactivate(args[4], args[5]));
      case "heartbeat" -> {
        CompletableFuture<Keyhook.Result> first = new CompletableFuture<>();
        ScheduledExecutorService timer = keyhook.heartbeat(args[4], args[5], Duration.ofMillis(50), first::complete);
        show(first.get());
        timer.shutdownNow();
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
